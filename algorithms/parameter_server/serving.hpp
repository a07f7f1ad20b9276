#pragma once
// Servers that keep parameters and workers that push to them, whatever it is that is pushed:
// gradients (parameter_server.hpp), or what changed in a history of them
// (asynchronous_sgd/gradient_history.hpp).

#include <functional>
#include <memory>
#include <string>

#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/training_log.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Who serves and who works. Ranks 0 … servers−1 serve; the others work, or all do where servers
/// and workers are colocated.
struct Places {
  int servers = 1, ranks = 1;
  bool colocated = false;
  bool hashed = false;  ///< which parameters a server has: a range of them, or those of a hash

  Rank first_worker() const { return colocated ? 0 : servers; }
  int workers() const { return ranks - first_worker(); }
  bool serves(Rank rank) const { return rank < servers; }
  bool works(Rank rank) const { return rank >= first_worker(); }
};

/// What is pushed, and what becomes of it at a server.
struct Method {
  std::size_t extra = 0;  ///< values of a push besides one for each parameter; one server then
  /// Fills a push with what the worker finds at the parameters.
  std::function<void(Communicator&, ConstSlice parameters, Slice push)> compute_push;
  /// What a server does with a push: the optimiser of its `size` parameters, where a gradient is a
  /// push.
  std::function<std::unique_ptr<Optimiser>(std::size_t size)> make_optimiser;
};

/// How the servers answer.
struct Discipline {
  bool by_clock = false;   ///< the mean of all pushes of a clock at once (bsp), or each by itself
  std::int64_t bound = 0;  ///< how many clocks a worker may be ahead of the slowest
  std::string order;       ///< of Inbox: who is served next
};

/// Trains. A server has one block of the parameters, a worker pulls all blocks, computes, and
/// pushes the block of each to its server. Server 0 hands out steps · workers pushes in all, to
/// whoever asks, and alone reports: without messages where it is the only server; else the others
/// send it their blocks, M/S each, for every evaluation. Stops early only where there is one
/// server.
void serve_or_work(Communicator& comm, const TrainingProblem& problem, TrainingLog& log,
                   const Places& places, const Discipline& discipline,
                   const std::function<Method(Learner&)>& method);

/// Why that cannot serve the problem, or empty.
std::string refusal_of_places(const TrainingProblem& problem, const Places& places);

}  // namespace troupe::algorithms
