#pragma once
// One training run, as every rank describes it: what is learnt, from which data, by which strategy,
// until when. Plain values with the defaults of the standard problem (radial basis functions fitted
// to sin(x)/x); who reads them from a file, and who reports what came out, is not known here. What
// one strategy, model, data set or optimiser alone can be told is declared beside it and stated in
// its Choice.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "algorithms/catalogue.hpp"
#include "algorithms/data/dataset.hpp"
#include "algorithms/settings.hpp"
#include "core/slice.hpp"
#include "core/tag.hpp"

namespace troupe::algorithms {

class Judge;

/// The samples, and who holds which of them.
struct DataChoice : Choice {
  DataChoice() : Choice{"sinc"} {}
  std::string partition = "strided";  ///< as in data/shards.hpp
  /// Of a shard's batches, as in data/sampler.hpp; "distributed" deals all samples to all shards
  /// anew each epoch, without a partition.
  std::string sampling = "with_replacement";
  bool drop_last = false;  ///< of sampling by epochs or in order
  double held_out = 0;     ///< share of samples kept back from training
  std::int64_t folds = 0;  ///< or one of so many parts is kept back: part `fold`
  std::int64_t fold = 0;
  std::uint64_t seed = 1;  ///< of generators, splits and shuffles
};

/// Who talks to whom, for strategies over a graph.
struct GraphChoice {
  std::string kind = "ring";  ///< as in graph.hpp
  /// Of kind "edges": undirected, each given once; of kind "arrows": (from, to).
  std::vector<std::pair<Rank, Rank>> edges{};
  std::string weights = "one";  ///< as in graph.hpp
  /// a_ij of the listed edges, in their order, instead of `weights`; empty: as those say.
  std::vector<double> edge_weights{};
  double probability = 0.3;  ///< of an edge, of kind "random"
  std::uint64_t seed = 1;    ///< likewise
};

struct OptimiserChoice : Choice {
  OptimiserChoice() : Choice{"sgd"} {}
  double rate = 0.5;  ///< learning rate; the step γ of zero_gradient_sum, where 0 is a safe choice
  Choice schedule{"constant"};   ///< of the rate, as in optimisers/schedule.hpp
  std::optional<double> clip{};  ///< the longest gradient, by its norm
  std::int64_t accumulate = 1;   ///< batches that make one gradient: their mean
};

/// When to end: after `steps`, or as soon as one of the others holds. A run that can end on values
/// is data-dependent: phantom values never end it early.
struct StopChoice {
  /// Gradients computed by each worker; where a server hands out work, `steps` times the number of
  /// workers in all.
  std::int64_t steps = 100;
  std::optional<double> loss{}, gap{}, error{}, accuracy{};  ///< as in Figures
  std::optional<double> disagreement{};  ///< over edges, relative to the norm of the parameters
  /// Epochs in which no evaluated loss, or loss of a batch where there is no other, has been the
  /// least so far.
  std::optional<std::int64_t> patience{};
  std::int64_t check_every = 50;  ///< steps between two checks, where a check costs messages
  /// False: a loss that is no longer finite ends the run with an error. True: that is what the run
  /// is there to show.
  bool may_diverge = false;
};

struct TrainingProblem {
  Choice strategy{"data_parallel"};
  Choice model{"least_squares"};
  DataChoice data;
  GraphChoice graph;
  OptimiserChoice optimiser;
  StopChoice stop;
  std::size_t batch = 0;             ///< samples of one gradient; 0 = all of the shard
  std::int64_t evaluate_every = 10;  ///< steps between two evaluations; 0 = at the end only
  /// Which ranks evaluate what they have: "all", or "first" where replicas are equal anyway.
  std::string evaluate_on = "all";
  std::string collective = "ring";  ///< allreduce of strategies that use one, by its name
  Layout layout{};                  ///< of the machine, for that allreduce
  AlphaBetaGamma machine{};         ///< likewise
  std::vector<double> speeds{};     ///< of the ranks, for partition by_speed
  std::uint64_t seed = 1;           ///< of starting values and of the draws of batches
  Dtype dtype = Dtype::float64;     ///< float32 or float64
  bool phantom = false;             ///< sizes without values: costs the same, learns nothing
  Memory* memory = &host_memory();  ///< where models and parameters live
  /// What data describes, once somebody has loaded it; ranks of one process share it.
  std::shared_ptr<const Dataset> dataset{};
  /// Who evaluates, likewise; ranks that find none make their own.
  std::shared_ptr<Judge> judge{};
};

}  // namespace troupe::algorithms
