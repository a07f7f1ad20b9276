#pragma once
// Everything against everything: one algorithm of the catalogue, on any communicator, over lengths,
// element types, operations, roots and options, in place and not, real and phantom, against a naive
// result. Inputs are small integers, so that results are compared bit for bit. Knows core and
// algorithms only; failures are exceptions, so that it runs under any backend.

#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "algorithms/catalogue.hpp"

namespace troupe::algorithms {
/// What GoogleTest calls an entry.
inline void PrintTo(const Entry& entry, std::ostream* out) {
  *out << name_of(entry.collective) << ' ' << entry.name;
}
}  // namespace troupe::algorithms

namespace troupe::tests {

/// A rank found something wrong; the message names the case.
class WrongResult : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class Extent {
  sample,  ///< a fraction of a second for a dozen ranks in one process
  full     ///< all combinations
};

/// One call of a collective.
struct Case {
  algorithms::Problem problem;
  bool in_place = false;
};
std::string text_of(const algorithms::Entry& entry, const Case& one);

/// The cases that `entry` is checked on; those it refuses are left out.
std::vector<Case> cases_of(const algorithms::Entry& entry, int ranks, Extent extent);

/// Runs one case with real and with phantom values. Throws WrongResult if a value differs from the
/// naive result, an input changed, the phantom run sent or computed something else than the real
/// one, or this rank sent more than the closed form says. All ranks call it together. The values
/// are in `memory`.
void check(Communicator& comm, const algorithms::Entry& entry, const Case& one,
           Memory& memory = host_memory());

/// All cases. Returns how many.
std::size_t check_all(Communicator& comm, const algorithms::Entry& entry, Extent extent,
                      Memory& memory = host_memory());

}  // namespace troupe::tests
