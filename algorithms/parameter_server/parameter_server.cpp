#include "algorithms/parameter_server/parameter_server.hpp"

#include <limits>

#include "algorithms/parameter_server/serving.hpp"

namespace troupe::algorithms {
namespace {

Places places_of(const TrainingProblem& problem, int ranks) {
  return {.servers = static_cast<int>(problem.strategy[ParameterServer::servers]),
          .ranks = ranks,
          .colocated = problem.strategy[ParameterServer::colocated],
          .hashed = problem.strategy[ParameterServer::keys] == "hash"};
}

/// How many clocks a worker may be ahead of the slowest.
std::int64_t bound_of(const TrainingProblem& problem, const std::string& mode) {
  if (mode == "asp") return std::numeric_limits<std::int64_t>::max();
  return mode == "ssp" ? problem.strategy[ParameterServer::staleness] : 0;
}

}  // namespace

/// Parameter server (Li et al., OSDI 2014) with bounded staleness (Ho et al., NIPS 2013).
///   worker: x̂ ← pull;  push g(x̂)        server: x ← x − η g at each push
///   a clock of W workers and S servers: M up and M down for a worker, in 2S messages; WM/S each
///   way for a server · server s > 0 answers each worker once more, at the end, in vain
///   staleness of an update: versions between its pull and its application; W equal workers served
///   in turn have W−1, once each has had its first
///
///     worker 1   x0 ──g──┐           x1 ──g──┐
///     worker 2   x0 ──g──│──┐           x2 ──│──g──┐
///     server     x0      x1 x2               x3    x4      staleness 0, 1, 1, 1, …
///
///     S = 2:   worker  [ block 0 | block 1 ]     each block to a server of its own
void parameter_server(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  const Places places = places_of(problem, comm.size());
  const std::string mode = problem.strategy[ParameterServer::mode];
  const Discipline discipline{.by_clock = mode == "bsp",
                              .bound = bound_of(problem, mode),
                              .order = problem.strategy[ParameterServer::order]};
  const auto gradients = [&](Learner& learner) {
    const double weight = learner.share() * places.workers();
    return Method{
        .compute_push = [&learner, weight](Communicator& flow, ConstSlice x,
                                           Slice push) { learner.gradient(flow, x, weight, push); },
        .make_optimiser = [&problem](std::size_t size) { return make_optimiser(problem, size); }};
  };
  serve_or_work(comm, problem, log, places, discipline, gradients);
}

std::string refusal_of_parameter_server(const TrainingProblem& problem, int ranks) {
  return refusal_of_places(problem, places_of(problem, ranks));
}

Footprint footprint_of_parameter_server(const TrainingProblem& problem, int ranks) {
  const Places places = places_of(problem, ranks);
  const Footprint server = footprint_of_server(problem, places.servers, places.workers());
  Footprint worker = footprint_of_replica(problem, places.workers());
  worker.optimiser = 0;
  if (places.colocated)
    return {.parameters = server.parameters + worker.parameters,
            .gradients = server.gradients + worker.gradients,
            .optimiser = server.optimiser,
            .activations = worker.activations};
  return server.values() > worker.values() ? server : worker;
}

}  // namespace troupe::algorithms
