// All cases of the catalogue on the ranks of one MPI job: what became of them, as JSON on the file
// given. One job, because starting one takes longer than most cases.

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "catalogue.hpp"
#include "core/errors.hpp"
#include "scenarios/backend_mpi.hpp"

int main(int argc, char** argv) {
  using namespace troupe;
  if (argc != 3) {
    std::cerr << "usage: catalogue_mpi RANKS FILE\n";
    return 2;
  }
  scenarios::MpiJob job{argc, argv};
  try {
    nlohmann::json ends;
    for (const auto& one : written_once::catalogue(std::stoi(argv[1]))) {
      auto end = written_once::run(
          one, [&](const scenarios::Scenario& scenario) { return job.make(scenario); });
      if (!end.is_null()) ends[one.name] = std::move(end);
    }
    if (!ends.is_null()) std::ofstream{argv[2]} << ends;
    return 0;
  } catch (const Error& error) {
    job.end(error.what(), error.exit_status());
    return error.exit_status();
  }
}
