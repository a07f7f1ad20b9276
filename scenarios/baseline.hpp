#pragma once
// Collectives that a library brings along (MPI's own), beside those written here. They are what
// those are compared with, and never stand in for one: `all` and `auto` leave them out, they are
// asked for by the library's name. They know no communicator, so only backends that hold the
// library can run them.

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "algorithms/catalogue.hpp"

namespace troupe::scenarios {

/// A library with collectives of its own.
struct Library {
  struct Call {
    algorithms::Collective collective;
    std::string_view name;  ///< "MPI_Allreduce"
  };
  std::string_view name;      ///< as one asks for it: "mpi"
  std::string_view owner;     ///< "MPI's"
  std::string_view backends;  ///< which have it: "mpi or cuda"
  std::string_view source;
  std::span<const Call> calls;  ///< one for each collective it has
  /// Empty if it can serve the problem, else why not.
  std::string (*refusal)(algorithms::Collective, const algorithms::Problem&);
};
std::span<const Library> libraries();

/// The collectives of one library, as one backend runs them.
class Baseline {
 public:
  virtual ~Baseline() = default;
  /// A call on these buffers, with whatever it needs made ready beforehand, so that only the
  /// library's own work is timed, and copies where it cannot reach the buffers. All ranks ask for
  /// the same call, and run it together as often as they like; the buffers must live as long, and
  /// do not overlap but where input and output are one (allreduce, reduce). Where they are
  /// phantoms, memory of its own travels. The communicator averages, where the problem asks for
  /// that.
  virtual std::function<void(Communicator&)> prepare(algorithms::Collective collective,
                                                     const algorithms::Problem& problem,
                                                     algorithms::Buffers buffers) = 0;
};

}  // namespace troupe::scenarios
