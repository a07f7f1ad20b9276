#pragma once
// The collectives a program can run: those of the catalogue, those of its plugins, and those that
// libraries bring along.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "algorithms/catalogue.hpp"

namespace troupe::scenarios {

/// An algorithm as scenarios use it, wherever it comes from.
struct Algorithm {
  algorithms::Collective collective = algorithms::Collective::allreduce;
  std::string name, family, summary, source, formula;
  bool static_schedule = false;  ///< as Entry::static_schedule; nobody says so of a plugin
  std::function<void(Communicator&, const algorithms::Problem&, algorithms::Buffers)> run;
  /// The closed form; nothing where none is known.
  std::function<std::optional<algorithms::Cost>(const algorithms::Problem&,
                                                const algorithms::AlphaBetaGamma&)>
      cost;
  std::function<std::string(const algorithms::Problem&)> refusal;  ///< empty: it can serve
  /// Of a library's own, which Backend::baseline runs (`run` is empty): the backends that have it.
  std::string_view only_on{};

  bool is_baseline() const noexcept { return !only_on.empty(); }
};

/// Explicit, in the order of the catalogue, plugins last.
class AlgorithmTable {
 public:
  AlgorithmTable();
  /// Adds what a plugin names (core/plugin.hpp). Throws BadInput: not a plugin, another version, or
  /// a name that is taken.
  void add_plugin(const std::string& file);

  const std::vector<Algorithm>& all() const noexcept { return all_; }
  std::vector<const Algorithm*> of(algorithms::Collective collective) const;
  /// Those of libraries (scenarios/baseline.hpp), which are in neither of the lists above.
  const std::vector<Algorithm>& baselines() const noexcept { return baselines_; }
  /// Of any of the lists. Throws BadInput with the nearest name of that collective.
  const Algorithm& find(algorithms::Collective collective, const std::string& name) const;

 private:
  std::vector<Algorithm> all_, baselines_;
};

}  // namespace troupe::scenarios
