#include "algorithms/data/sinc.hpp"

#include <cmath>

#include "core/random.hpp"

namespace troupe::algorithms {

std::vector<Sample> sinc_samples(std::size_t count, double noise, std::uint64_t seed) {
  SplitMix64 random{seed};
  std::vector<Sample> samples(count);
  for (Sample& sample : samples) {
    sample.x = random.uniform(-10, 10);
    const double e = random.uniform(-1, 1);
    sample.y = (sample.x == 0 ? 1 : std::sin(sample.x) / sample.x) + noise * e;
  }
  return samples;
}

}  // namespace troupe::algorithms
