#pragma once
// The part of the published schema that follows from what strategies, models, data sets and
// optimisers declare.

#include <nlohmann/json_fwd.hpp>

namespace troupe::scenarios {

/// The definition "training" of scenario.schema.json (draft 7): every key of every kind, with its
/// type, default and the kinds that know it.
nlohmann::ordered_json training_schema();

}  // namespace troupe::scenarios
