#pragma once
// Every strategy of the table as the text of a scenario, and what became of one on a backend. The
// text is the same for all backends.

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "scenarios/backend.hpp"

namespace troupe::written_once {

struct Case {
  std::string name;      ///< of the strategy; with " in any order" where who comes first decides
  std::string scenario;  ///< JSON
  bool same_bits;        ///< the same parameters on every backend
};

/// All strategies that can serve so many ranks: the synchronous ones, the asynchronous ones with
/// messages taken in turn, and those again as messages arrive, for ten times as long: until they
/// settle, how fast a run lowers the loss depends on how old the values are that a machine delivers
/// (averaging with what a partner was a steps ago goes 1 + a/2 times slower); where it settles does
/// not.
std::vector<Case> catalogue(int ranks);

using MakeBackend = std::function<std::unique_ptr<scenarios::Backend>(const scenarios::Scenario&)>;

/// Runs it. {"digest": of the final parameters, "first", "last": the loss of the first and last
/// points of the curve}; null where this process is not the one that reports.
nlohmann::json run(const Case& one, const MakeBackend& make);

/// The case of that name. EXPECTS it.
const Case& named(const std::vector<Case>& cases, const std::string& name);

}  // namespace troupe::written_once
