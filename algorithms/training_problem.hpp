#pragma once
// One training run, as every rank describes it: what is learnt, from which data, by which strategy,
// until when. Plain values with the defaults of the standard problem (radial basis functions fitted
// to sin(x)/x); who reads them from a file, and who reports what came out, is not known here.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "algorithms/catalogue.hpp"
#include "core/slice.hpp"
#include "core/tag.hpp"

namespace troupe::algorithms {

/// What is fitted.
struct ModelChoice {
  std::string kind = "least_squares";
  std::size_t features = 20;  ///< of least_squares: Gaussians with centres linspace(-10, 10)
  double width = 0.7;         ///< of a Gaussian, in units of the distance of two centres
  double ridge = 1;           ///< σ of the whole problem ½‖y − Hw‖² + ½σ‖w‖²
  std::vector<std::size_t> layers{};  ///< of networks; unused by least_squares
};

/// What it is fitted to, and who holds which sample.
struct DataChoice {
  std::string kind = "sinc";
  std::size_t samples = 10000;
  double noise = 0.2;                 ///< y = sin(x)/x + noise · uniform(-1, 1)
  std::string partition = "strided";  ///< strided (n mod shards), contiguous, sorted (by x)
  std::uint64_t seed = 1;
};

/// Who talks to whom, for strategies over a graph.
struct GraphChoice {
  std::string kind = "ring";                   ///< ring, path, complete, star, hypercube, edges
  std::vector<std::pair<Rank, Rank>> edges{};  ///< of kind "edges": undirected, each given once
  std::string weights = "one";                 ///< one (a = 1), metropolis (1/(1 + max degree))
};

struct OptimiserChoice {
  std::string kind = "sgd";
  double rate = 0.5;  ///< learning rate; the step γ of zero_gradient_sum, where 0 is a safe choice
  bool staleness_aware = false;  ///< a server divides the rate by the staleness of each update
};

/// When to end: after `steps`, or as soon as one of the others holds. A run that can end on values
/// is data-dependent: phantom values never end it early.
struct StopChoice {
  /// Gradients computed by each worker; where a server hands out work, `steps` times the number of
  /// workers in all.
  std::int64_t steps = 100;
  std::optional<double> loss{}, gap{}, error{};  ///< as in Figures
  std::optional<double> disagreement{};  ///< over edges, relative to the norm of the parameters
  std::int64_t check_every = 50;         ///< steps between two checks, where a check costs messages
};

struct TrainingProblem {
  std::string strategy = "data_parallel";
  ModelChoice model;
  DataChoice data;
  GraphChoice graph;
  OptimiserChoice optimiser;
  StopChoice stop;
  std::size_t batch = 0;             ///< samples of one gradient, drawn with replacement; 0 = all
  std::int64_t evaluate_every = 10;  ///< steps between two evaluations; 0 = at the end only
  std::string collective = "ring";   ///< allreduce of data_parallel, by its name in the catalogue
  Layout layout{};                   ///< of the machine, for that allreduce
  AlphaBetaGamma machine{};          ///< likewise
  std::string mode = "asp";          ///< of parameter_server: bsp, ssp, asp
  std::int64_t staleness = 3;        ///< of ssp: how many clocks a worker may be ahead
  /// Of servers: "arrival", or "cyclic" (workers in turn: the same run on every machine).
  std::string order = "arrival";
  std::int64_t fetch_every = 1, push_every = 1;  ///< of downpour: n_fetch, n_push
  std::string partners = "butterfly";  ///< of butterfly_mixing: butterfly, fixed (a control)
  int mixing_rounds = 1;               ///< of butterfly_mixing: exchanges after each gradient
  std::uint64_t seed = 1;              ///< of the draws of the batches
  Dtype dtype = Dtype::float64;        ///< float32 or float64
  bool phantom = false;                ///< sizes without values: costs the same, learns nothing
  Memory* memory = &host_memory();     ///< where models and parameters live
};

}  // namespace troupe::algorithms
