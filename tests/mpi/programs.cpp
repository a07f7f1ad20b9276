// The first argument names a program of programs.hpp.

#include "mpi/programs.hpp"

#include <cstdio>

int main(int argc, char** argv) {
  using namespace troupe;
  mpi::World world{argc, argv};
  tests::MpiPrograms programs = tests::message_programs();
  programs.merge(tests::flow_programs());
  programs.merge(tests::programs_in_trouble());
  world.guard([&] {
    const auto found = programs.find(argc > 1 ? argv[1] : "");
    if (found == programs.end())
      throw BadInput{"the first argument names a program of this executable"};
    found->second(world);
  });
  if (world.rank() == 0) std::printf("passed: %s on %d ranks\n", argv[1], world.size());
}
