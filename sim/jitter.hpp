#pragma once
// How much longer, or shorter, local work takes than it should: operating-system noise, shared
// machines, samples of unlike size. A random factor on the time of kernels, with mean 1. Shared by
// all simulated worlds; real ones take the time they take.

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/random.hpp"
#include "core/tag.hpp"

namespace troupe::sim {

struct Jitter {
  enum class Kind : std::uint8_t {
    none,
    exponential,  ///< of mean 1, as in queues with Markovian service
    lognormal,    ///< exp(sigma Z - sigma²/2), Z standard normal: of mean 1
    trace         ///< `factors` in turn, each rank from a place of its own
  };
  Kind kind = Kind::none;
  double sigma = 0;                  ///< of lognormal
  std::vector<double> factors = {};  ///< of trace: measured ones, as they are; at least one
  std::uint64_t seed = 1;
};

/// The factors of one rank. One is drawn when the rank starts a kernel for the first time since it
/// received a message, and holds until it has received another: what a rank does between two
/// messages, however many kernels that is, is one service (docs/decisions/0012-jitter.md).
class Slowness {
 public:
  /// EXPECTS factors of a trace. Keeps a reference to `jitter`.
  Slowness(const Jitter& jitter, Rank rank);
  Slowness(Jitter&&, Rank) = delete;  // it would not live as long

  /// The rank has taken a message.
  void received() noexcept { used_up_ = true; }
  /// The factor of the kernel that starts now.
  double factor();

 private:
  double draw();

  const Jitter& jitter_;
  SplitMix64 random_;
  std::size_t place_ = 0;  // in the trace
  double factor_ = 1;
  bool used_up_ = true;
};

}  // namespace troupe::sim
