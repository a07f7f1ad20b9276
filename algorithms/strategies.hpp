#pragma once
// The table of training strategies: every one with its name, its source and one uniform way to run
// it. Strategies themselves are the functions in algorithms/<folder>/; this is the way from a name
// to one of them.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "algorithms/footprint.hpp"
#include "algorithms/settings.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What a strategy asks of its optimiser, and so which ones it can serve.
enum class Stepping : std::uint8_t {
  of_all,     ///< steps of all parameters; the optimiser's estimate is what is reported: any
  of_models,  ///< the same, but models are averaged besides: none that keeps an average of its own
  of_parts,  ///< steps of a part of the parameters at a time: that neither, nor a norm of the whole
  own        ///< the step is the strategy's own and takes a rate: plain sgd alone
};

/// Which parts of a training problem that strategies share one of them looks at. Each where its
/// settings say so, as in Setting::only; empty: always.
struct Uses {
  static constexpr std::string_view always{}, never{"never"};
  std::string_view graph = never;       ///< who talks to whom
  std::string_view collective = never;  ///< the allreduce by name
  std::string_view optimiser = always;  ///< its step, or at least its rate
  std::string_view batch = always;      ///< never: all samples count in each step
};

struct Strategy {
  Kind kind;                ///< its name, one line for a person, and what it can be told
  std::string_view family;  ///< one of the families; the folder of its scenarios
  std::string_view source;  ///< paper and section
  /// Who comes first decides nothing: a rank ends with the same parameters, bit for bit, on every
  /// backend. (The others are so only in cyclic order.)
  bool synchronous;
  /// Trains. All ranks call it with the same problem. Throws BadInput for values nobody knows.
  void (*run)(Communicator&, const TrainingProblem&, TrainingLog&);
  /// Empty if it can serve the problem on so many ranks, else why not. The settings of the problem
  /// are within their limits.
  std::string (*refusal)(const TrainingProblem&, int ranks);
  /// A rate of 0 stands for a safe step, found in the network.
  bool finds_rate = false;
  /// What it sends depends on values: with sizes alone it sends the most it can.
  bool data_dependent = false;
  Stepping stepping = Stepping::of_models;
  Uses uses{};
  /// What a rank keeps in memory, of a problem that is not refused.
  Footprint (*footprint)(const TrainingProblem&, int ranks) = footprint_of_replica;
};

std::span<const Strategy> strategies();
/// Throws BadInput with the nearest name.
const Strategy& find_strategy(std::string_view name);
/// Why the strategy of this choice does not look at a part that it uses where `uses` says, or
/// empty: "data_parallel does not use it", "given only where peers is graph; peers is exponential
/// here".
std::string refusal_of_use(std::string_view uses, const Choice& strategy);
/// What it uses, by the names that a scenario has for it: "graph where peers is graph, optimiser".
std::string uses_in_words(const Uses& uses);
/// Empty if the problem can be trained on so many ranks by its strategy, else why not: settings
/// outside their limits, or what the strategy refuses.
std::string refusal_of_strategy(const TrainingProblem& problem, int ranks);
/// Trains by the problem's strategy. Throws BadInput for what refusal_of_strategy names.
void train(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

}  // namespace troupe::algorithms
