#pragma once
// What the MPI backend asks of a device whose memory the host cannot touch: to run kernels there,
// and to bring bytes to messages and back. Nothing here knows CUDA; real_backend/cuda implements
// it. One thread uses it, that of the rank.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/activity.hpp"
#include "core/kernel.hpp"
#include "core/slice.hpp"
#include "core/units.hpp"

namespace troupe::mpi {

/// A point in the work of a device: reached once everything given to it before is done. Empty: the
/// beginning, always reached. Cheap to copy.
using Mark = std::shared_ptr<const void>;

/// The kernels of one flow, in the order of issue. run() does what launch() does, off the clock: in
/// no Accelerator::kernel_time().
class AcceleratorLane : public KernelRunner {
 public:
  /// Launches a checked kernel without phantoms; it runs after all launched here before, and need
  /// not have run when this returns. An Opaque, or whatever this device has no code for, is
  /// computed on the host before it returns. Throws what the kernel fails with, where that shows at
  /// once.
  virtual void launch(const Kernel& kernel) = 0;
  /// After all that has been launched here so far.
  virtual Mark mark() = 0;
  /// Whatever is launched here from now on runs after `mark`.
  virtual void follow(const Mark& mark) = 0;
};

/// What happens to memory of a device without a kernel or a message.
enum class MemoryUse : std::uint8_t {
  allocated,  ///< just now, in the order of the lane that has been entered
  released,   ///< about to be, likewise; so the others
  read,
  written,
  computed_on  ///< any of it, through Memory::runner()
};
/// Hears of them; empty: nobody does.
using HearsOfUse = std::function<void(MemoryUse use, const std::byte* begin, std::size_t bytes)>;

class Accelerator {
 public:
  virtual ~Accelerator() = default;
  /// Where slices are that this device computes on. Its runner is the lane that has been entered.
  virtual Memory& memory() noexcept = 0;
  /// Memory of the host from which copying is fastest. Asking again for as much as was released
  /// costs little: every fragment of a message does.
  virtual Memory& staging_memory() noexcept = 0;
  /// From now on `who` hears of every use of memory().
  virtual void tell_uses(HearsOfUse who) = 0;
  /// Makes copying from memory of the host, which lives as long as this, as fast as from there
  /// where that is possible.
  virtual void pin(std::span<std::byte> memory) { static_cast<void>(memory); }
  /// Of a flow, its kernels go before those of the rank itself that have not begun: a flow moves
  /// what other ranks wait for.
  virtual std::unique_ptr<AcceleratorLane> make_lane(bool of_flow) = 0;
  /// From now on this is the lane in whose order memory is allocated, released, read and written.
  /// It must stay so while it lives, or until another is entered; nullptr: none.
  virtual void enter(AcceleratorLane* lane) = 0;

  /// True once the mark is reached. Throws BackendError for what has failed on the device.
  virtual bool reached(const Mark& mark) = 0;
  /// Blocks until it is.
  virtual void wait(const Mark& mark) = 0;

  /// Starts copying once `after` is reached, beside the kernels. `host` is in staging memory, or in
  /// what has been pinned, and, like `device`, left alone until the mark returned is reached.
  virtual Mark copy_to_host(std::byte* host, const std::byte* device, std::size_t bytes,
                            const Mark& after) = 0;
  virtual Mark copy_to_device(std::byte* device, const std::byte* host, std::size_t bytes,
                              const Mark& after) = 0;
  /// True if MPI itself can send from and receive into this device's memory, once a mark after
  /// which that is allowed has been reached.
  virtual bool reachable_by_mpi() const noexcept { return false; }

  /// Waits for all kernels launched so far: the sum of what each took on the device, by its clock,
  /// since the device is there. Those that the host computed, or that ran off the clock, are not in
  /// it. Empty where the device does not time them.
  virtual std::optional<Seconds> kernel_time() { return {}; }

  /// From now on a device that times its kernels also keeps when each ran, of the first `most`. Its
  /// clock is told by `host_now`, which is called here and in take_kernels() and waits for what has
  /// been launched; it is kept until then.
  virtual void keep_kernels(std::size_t most, std::function<Seconds()> host_now) {
    static_cast<void>(most), static_cast<void>(host_now);
  }
  /// Waits for all kernels launched so far, and ends what keep_kernels() began: what was kept,
  /// those of a lane in their order, on the host's clock. Empty where nothing was.
  virtual std::vector<TimedKernel> take_kernels() { return {}; }
};

}  // namespace troupe::mpi
