#pragma once
// Tables of the best algorithm for each size, found by simulating all of them (`troupe tune`). They
// hold for one platform, number of ranks, collective and dtype, and say which.

#include <string>
#include <vector>

#include "scenarios/backend.hpp"

namespace troupe::scenarios {

struct TunedSize {
  Bytes bytes{};
  std::string algorithm;
  Seconds time{};
};

struct Tuning {
  std::string file;             ///< for messages
  std::string platform_digest;  ///< content of the platform and the network model in force
  std::string platform;
  int ranks = 0;
  std::string op, dtype;
  std::vector<TunedSize> sizes;  ///< rising
};

/// The fastest algorithm of each size of a report of a collective.
Tuning tuning_from(const analysis::Report& report, const Machine& machine);

std::string to_json(const Tuning& tuning);
/// Throws BadInput with file and pointer.
Tuning read_tuning(const std::string& file);

/// The algorithm of the largest tuned size of at most `bytes` (of the smallest, below all). Throws
/// BadScenario if the table was made for another platform, number of ranks, collective or dtype.
std::string choose(const Tuning& tuning, const CollectiveStudy& study, const Machine& machine,
                   Bytes bytes);

}  // namespace troupe::scenarios
