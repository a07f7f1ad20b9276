#pragma once
// What joins the accelerators of one node, from a GPU-cluster document.

#include <optional>

#include "platforms/fabric.hpp"
#include "platforms/json_reader.hpp"

namespace troupe::platforms {

/// {"bandwidth": …, "latency": …}
Cable read_cable(const JsonReader& value);

/// What a port or a cable carries both ways together; nothing: each way as if it were alone.
using BothWays = std::optional<BytesPerSecond>;
/// "both_ways" beside "bandwidth". Throws BadPlatform if it is less than one way carries.
BothWays read_both_ways(const JsonReader& value);
/// Messages cross such a link after their first and before their last, of the ports at both ends.
void share_both_ways(Fabric& fabric, const BothWays& together, const PortName& name);

/// The links and routes inside a node of so many GPUs; links are numbered from 0 in every node.
Fabric read_interconnect(const JsonReader& value, int gpus);

}  // namespace troupe::platforms
