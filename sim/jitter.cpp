#include "sim/jitter.hpp"

#include <cmath>
#include <utility>

namespace troupe::sim {

namespace {

/// Apart from the stream of the rank's own program, which starts from the seed itself.
constexpr std::uint64_t purpose = 0x6A6974746572;  // "jitter"

}  // namespace

Slowness::Slowness(const Jitter& jitter, Rank rank)
    : jitter_{jitter}, random_{SplitMix64::of_rank(jitter.seed ^ purpose, rank)} {
  if (jitter_.kind != Jitter::Kind::trace) return;
  EXPECTS(!jitter_.factors.empty(), "a trace of jitter has at least one factor");
  place_ = random_.below(jitter_.factors.size());
}

double Slowness::factor() {
  if (std::exchange(used_up_, false)) factor_ = draw();
  return factor_;
}

double Slowness::draw() {
  switch (jitter_.kind) {
    case Jitter::Kind::exponential: return -std::log(1 - random_.u01());
    case Jitter::Kind::lognormal:
      return std::exp(jitter_.sigma * random_.normal() - jitter_.sigma * jitter_.sigma / 2);
    case Jitter::Kind::trace: return jitter_.factors[place_++ % jitter_.factors.size()];
    case Jitter::Kind::none: break;
  }
  return 1;
}

}  // namespace troupe::sim
