#pragma once
// What a platform says of the ends of messages beside its links: the time of processors, the rest
// of ports, and which messages wait for their receivers. Only the LogGP world reads it.

#include <array>
#include <optional>
#include <vector>

#include "core/units.hpp"
#include "platforms/facts.hpp"
#include "platforms/json_reader.hpp"
#include "platforms/xml_scan.hpp"

namespace troupe::platforms {

/// Of each message between two ranks of a class (sim/loggp/simulation.hpp).
struct MessageCosts {
  Seconds overhead{};                  ///< o
  Seconds overhead_per_byte{};         ///< O
  Seconds gap{};                       ///< g
  std::optional<Bytes> eager_limit{};  ///< S; unset: as of all messages of the run
};
using CostsByClass = std::array<MessageCosts, pair_classes.size()>;

/// Of a GPU cluster or a generator: {"across": {"overhead": "1us", "gap": "100ns"}, …}. What is not
/// there is 0 (S: unset). Throws BadPlatform.
CostsByClass read_message_costs(const JsonReader& value);
/// Of a SimGrid platform: properties such as <prop id="loggp_across_overhead" value="1us"/>, in
/// whatever zone. Throws BadPlatform, without the file's name, for one that is unknown, no time (S:
/// no size), or given twice.
CostsByClass read_message_costs(const std::vector<XmlTag>& tags);

}  // namespace troupe::platforms
