#pragma once
// Kernels to be timed: from a shape to a kernel with operands of its own. What the operands hold is
// chosen so that the same kernel can run thousands of times without meeting zeros, infinities or
// denormals, which some processors treat at another speed.

#include <map>
#include <memory>
#include <vector>

#include "core/communicator.hpp"
#include "core/kernel_shape.hpp"

namespace troupe::algorithms {

/// Arithmetic and memory traffic of a kernel of that shape.
Work work_of(const KernelShape& shape);

/// Where the operands of kernels are taken from: random values, ±[0.5, 1), drawn once.
class Workbench {
 public:
  /// Operands in `memory`, or phantom ones. Both must outlive the workbench.
  Workbench(Communicator& comm, Memory& memory, bool phantom);

  /// A kernel and what it works on.
  struct Job {
    /// The same on different operands, to be run in turn: other columns of Gather, other values to
    /// find the largest of, so that neither caches nor branch predictors know what a training would
    /// not let them know. All others have one.
    std::vector<Kernel> kernels;
    std::vector<Buffer> operands;
    std::vector<std::size_t> columns;  ///< of Gather: a draw of columns after the other

    const Kernel& next() { return kernels[turn_++ % kernels.size()]; }

   private:
    std::size_t turn_ = 0;
  };
  /// The operands are filled by kernels of the communicator, which have been waited for. Throws
  /// std::bad_alloc, or BackendError, where memory does not suffice.
  std::unique_ptr<Job> job(const KernelShape& shape);

 private:
  friend class OperandsOfJob;
  ConstSlice pattern(Dtype dtype);

  Communicator& comm_;
  Memory& memory_;
  bool phantom_;
  std::map<Dtype, Buffer> patterns_;
};

}  // namespace troupe::algorithms
