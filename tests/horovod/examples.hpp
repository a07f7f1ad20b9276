#pragma once
// The article's own examples, put right, as programs over the port: the same functions run on
// threads, in the simulated network and under mpirun. Each throws BrokenExample where a value is
// not what it must be.

#include <span>
#include <stdexcept>
#include <string_view>

#include "core/communicator.hpp"

namespace troupe::tests {

class BrokenExample : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Example {
  std::string_view name;  ///< a sentence; also the name of the test
  void (*run)(Communicator&);
};

/// For any number of ranks.
std::span<const Example> horovod_examples();

}  // namespace troupe::tests
