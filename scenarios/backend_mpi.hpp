#pragma once
// Ranks as processes of an MPI job.

#include "scenarios/backend.hpp"

namespace troupe::mpi {
class World;
}

namespace troupe::scenarios {

/// This process's part in an MPI job. MPI begins with the first backend, so that help and versions
/// need no launcher, and ends with this object.
class MpiJob {
 public:
  MpiJob(int& argc, char**& argv);
  ~MpiJob();
  /// All ranks of the job; the job must outlive it. The machine is what the scenario says of it, if
  /// it was resolved with a platform. Throws BadInput if the scenario wants another number of
  /// ranks.
  std::unique_ptr<Backend> make(const Scenario& scenario);
  /// Says why and ends all processes of the job; does nothing before MPI has begun.
  void end(const std::string& message, int exit_status) const;

 private:
  int& argc_;
  char**& argv_;
  std::unique_ptr<mpi::World> world_;
};

}  // namespace troupe::scenarios
