#pragma once
// Ranks as processes of an MPI job.

#include "scenarios/backend.hpp"

namespace troupe::mpi {
class Accelerator;
class World;
}  // namespace troupe::mpi

namespace troupe::scenarios {

class GroupCarrier;

/// Which MPI this program was built with: "mpi", "Open MPI v4.1.4".
std::vector<std::pair<std::string, std::string>> mpi_versions();

/// A device that one rank computes on.
struct DeviceOfRank {
  DeviceOfRank();
  DeviceOfRank(DeviceOfRank&&) noexcept;
  DeviceOfRank& operator=(DeviceOfRank&&) noexcept;
  ~DeviceOfRank();
  std::string_view backend = "mpi";  ///< what a backend with such devices is called
  std::unique_ptr<mpi::Accelerator> accelerator;
  std::string place;      ///< which of its node's: "GPU 0"
  std::string processor;  ///< the same for ranks of a node that share it
  /// For the report's environment.
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<std::string> notes;  ///< for a person
  /// Its libraries with collectives of their own (scenarios/baseline.hpp), by name; made by all
  /// ranks together.
  std::map<std::string, std::function<std::unique_ptr<Baseline>()>, std::less<>> baselines;
  /// What carries values between devices; null: MPI.
  std::unique_ptr<GroupCarrier> carrier;
};
/// Finds the device of this rank. Throws BadInput or BackendError where there is none.
using FindDevice = std::function<DeviceOfRank(const mpi::World& world)>;

/// This process's part in an MPI job. MPI begins with the first backend, so that help and versions
/// need no launcher, and ends with this object.
class MpiJob {
 public:
  MpiJob(int& argc, char**& argv);
  ~MpiJob();
  /// All ranks of the job; the job must outlive it. The machine is what the scenario says of it, if
  /// it was resolved with a platform. Where `find_device` is given, values are in the memory of the
  /// device it finds. Throws BadInput if the scenario wants another number of ranks.
  std::unique_ptr<Backend> make(const Scenario& scenario, const FindDevice& find_device = {});
  /// Says why and ends all processes of the job; does nothing before MPI has begun.
  void end(const std::string& message, int exit_status) const;

 private:
  int& argc_;
  char**& argv_;
  std::unique_ptr<mpi::World> world_;
};

}  // namespace troupe::scenarios
