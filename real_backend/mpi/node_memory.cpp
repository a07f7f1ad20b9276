#include "real_backend/mpi/node_memory.hpp"

#include <sys/statvfs.h>

#include <cstdint>
#include <numeric>

#include "real_backend/mpi/mpi_call.hpp"

namespace troupe::mpi {

namespace {

constexpr std::size_t page = 4096;

/// The ranks of a node, as they are called in the world.
std::vector<Rank> ranks_of(MPI_Comm node, MPI_Comm world) {
  int size = 0;
  check_call(MPI_Comm_size(node, &size), "MPI_Comm_size");
  std::vector<Rank> here(static_cast<std::size_t>(size)), there(here.size());
  std::iota(here.begin(), here.end(), 0);
  MPI_Group of_node = MPI_GROUP_NULL, of_world = MPI_GROUP_NULL;
  check_call(MPI_Comm_group(node, &of_node), "MPI_Comm_group");
  check_call(MPI_Comm_group(world, &of_world), "MPI_Comm_group");
  check_call(MPI_Group_translate_ranks(of_node, size, here.data(), of_world, there.data()),
             "MPI_Group_translate_ranks");
  MPI_Group_free(&of_node);
  MPI_Group_free(&of_world);
  return there;
}

}  // namespace

bool NodeMemory::fits(int ranks, std::size_t bytes) {
  constexpr std::size_t of_mpi = 1024 * 1024;  // what it keeps of a window
  struct statvfs memory {};
  if (::statvfs("/dev/shm", &memory) != 0) return true;  // it is kept elsewhere
  return memory.f_bavail * memory.f_frsize >=
         static_cast<std::size_t>(ranks) * (bytes + page) + of_mpi;
}

NodeMemory::NodeMemory(MPI_Comm world, MPI_Comm node, std::size_t bytes) : own_{bytes} {
  int ranks = 0;
  check_call(MPI_Comm_size(world, &ranks), "MPI_Comm_size");
  parts_.resize(static_cast<std::size_t>(ranks));
  // A page more, since parts need not begin with one; what they lack is the same for all that see
  // them.
  void* own = nullptr;
  const int status = MPI_Win_allocate_shared(static_cast<MPI_Aint>(bytes + page), 1, MPI_INFO_NULL,
                                             node, static_cast<void*>(&own), &window_);
  int is_there = status == MPI_SUCCESS, is_everywhere = 0;
  check_call(MPI_Allreduce(&is_there, &is_everywhere, 1, MPI_INT, MPI_MIN, node), "MPI_Allreduce");
  if (!is_everywhere) return;
  const std::vector<Rank> names = ranks_of(node, world);
  for (std::size_t i = 0; i < names.size(); ++i) {
    MPI_Aint size = 0;
    int unit = 0;
    void* begin = nullptr;
    check_call(MPI_Win_shared_query(window_, static_cast<int>(i), &size, &unit,
                                    static_cast<void*>(&begin)),
               "MPI_Win_shared_query");
    const std::size_t lacks = -reinterpret_cast<std::uintptr_t>(begin) % page;
    std::byte* const part = static_cast<std::byte*>(begin) + lacks;
    parts_[static_cast<std::size_t>(names[i])] = part;
    of_node_.emplace_back(part, bytes);
  }
  int rank = 0;
  check_call(MPI_Comm_rank(world, &rank), "MPI_Comm_rank");
  own_part_ = part_of(rank);
}

NodeMemory::~NodeMemory() {
  if (window_ != MPI_WIN_NULL) MPI_Win_free(&window_);
}

}  // namespace troupe::mpi
