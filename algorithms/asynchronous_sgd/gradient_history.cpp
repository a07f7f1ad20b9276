#include "algorithms/asynchronous_sgd/gradient_history.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "algorithms/parameter_server/serving.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

void train_alone(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, 0, 1};
  SampleHistory history{comm, problem, learner, 0};
  HistoryDescent descent{problem, learner.size(), learner.samples_of_all()};
  const Buffer x = make_buffer(problem, learner.size());
  const Buffer change = make_buffer(problem, learner.size() + SampleHistory::extra);
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};

  learner.initialise(comm, x);
  reporter.report({}, x);
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    history.renew(comm, x, change);
    descent.step(comm, change, x);
    if (reporter.report({.step = ++step}, x)) break;
  }
  reporter.finish(step, x);
}

/// The history of a shard stays with its worker; the server is one of pushes that are changes.
void train_with_server(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  const Places places{.servers = 1, .ranks = comm.size()};
  const Discipline discipline{.bound = std::numeric_limits<std::int64_t>::max(),
                              .order = problem.strategy[GradientHistory::order]};
  const auto changes = [&](Learner& learner) {
    Method method;
    method.extra = SampleHistory::extra;
    if (const int shard = comm.rank() - places.first_worker(); shard >= 0) {
      const auto history = std::make_shared<SampleHistory>(comm, problem, learner, shard);
      method.compute_push = [history](Communicator& flow, ConstSlice x, Slice change) {
        history->renew(flow, x, change);
      };
    }
    method.make_optimiser = [&](std::size_t size) {
      return std::make_unique<HistoryDescent>(problem, size, learner.samples_of_all());
    };
    return method;
  };
  serve_or_work(comm, problem, log, places, discipline, changes);
}

}  // namespace

SampleHistory::SampleHistory(Communicator& comm, const TrainingProblem& problem, Learner& learner,
                             int shard)
    : learner_{learner},
      sampler_{{.order = problem.data.sampling,
                .batch = problem.batch,
                .drop_last = problem.data.drop_last,
                .seed = problem.seed},
               learner.samples(),
               shard},
      entries_{make_buffer(problem, learner.samples() * learner.size())},
      gradient_{make_buffer(problem, learner.size())},
      seen_(learner.samples(), false) {
  compute(comm, Fill{0, entries_});
}

void SampleHistory::renew(Communicator& comm, ConstSlice x, Slice change) {
  const std::size_t size = learner_.size();
  const Slice difference = change.first(size);
  compute(comm, Fill{0, difference});
  const std::span<const std::size_t> batch = sampler_.next();
  double unseen = 0;
  for (const std::size_t sample : batch) {
    const Slice entry = entries_.slice().subslice(sample * size, size);
    learner_.model().gradient(comm, x, learner_.batch_of(comm, {&sample, 1}), 1, gradient_);
    compute(comm, Axpy{1, gradient_, difference});
    compute(comm, Axpy{-1, entry, difference});
    compute(comm, Copy{entry, gradient_});
    if (!seen_[sample]) ++unseen;
    seen_[sample] = true;
  }
  compute(comm, Fill{unseen, change.subslice(size, 1)});
  compute(comm, Fill{static_cast<double>(batch.size()), change.subslice(size + 1, 1)});
}

std::vector<double> SampleHistory::sum() const {
  const std::vector<double> entries = to_doubles(entries_);
  std::vector<double> sum(learner_.size(), 0);
  for (std::size_t i = 0; i < entries.size(); ++i) sum[i % sum.size()] += entries[i];
  return sum;
}

HistoryDescent::HistoryDescent(const TrainingProblem& problem, std::size_t size,
                               std::size_t samples_of_all)
    : rate_{problem.optimiser.rate},
      unbiased_{problem.strategy[GradientHistory::variant] == "saga"},
      samples_of_all_{static_cast<double>(samples_of_all)},
      sum_{make_buffer(problem, size + 1)} {}

void HistoryDescent::step(Communicator& comm, Slice change, Slice parameters, double factor) {
  if (!begun_) compute(comm, Fill{0, sum_});
  begun_ = true;
  const std::size_t size = parameters.size();
  const Slice sum = sum_.slice().first(size), in_history = sum_.slice().drop(size);
  const double rate = rate_ * factor;
  if (unbiased_) {
    descend(comm, rate, change.first(size), change.subslice(size + 1, 1), parameters);
    compute(comm, Axpy{-rate / samples_of_all_, sum, parameters});
  }
  compute(comm, Reduce{Op::sum, sum_, change.first(size + 1)});
  if (!unbiased_) descend(comm, rate, sum, in_history, parameters);
}

/// x ← x − rate · along / samples, where only the message knows how many those are.
void HistoryDescent::descend(Communicator& comm, double rate, ConstSlice along, ConstSlice samples,
                             Slice x) {
  const auto body = [&] { run_on_host(Axpy{-rate / to_doubles(samples)[0], along, x}); };
  compute(comm, Opaque{.reads = {along, samples, x},
                       .writes = {x},
                       .work = work(Axpy{1, along, x}),
                       .body = body});
}

std::vector<Slice> HistoryDescent::state() const {
  if (!begun_) return {};
  return {sum_.slice().first(sum_.slice().size() - 1)};
}

/// Stochastic average gradient (Le Roux, Schmidt and Bach, NIPS 2012) and SAGA (Defazio, Bach and
/// Lacoste-Julien, NIPS 2014), asynchronously with a server as ASAGA (Leblond, Pedregosa and
/// Lacoste-Julien, AISTATS 2017), whose memory is shared where this one is in shards.
///   d = ∇f_j(x) − g_j,  g_j ← ∇f_j(x)      sag: G ← G + d,  x ← x − (η/m) G
///                                          saga: x ← x − η (d + G/n),  G ← G + d
///   a step with a server: M up, M down, 2 messages (and two values more up) · alone: none
///   η = 1/(16 L_max) in theory, 1/L_max in practice; the error falls geometrically, where that of
///   sgd at a constant rate stops at a noise
///
///     worker 1   g_1 … g_k      ──d──►  server   G = Σ_j g_j,  x
///     worker 2   g_k+1 … g_n    ──d──►           x to whoever pushed
void stochastic_average_gradient(Communicator& comm, const TrainingProblem& problem,
                                 TrainingLog& log) {
  if (comm.size() == 1) train_alone(comm, problem, log);
  else train_with_server(comm, problem, log);
}

std::string refusal_of_gradient_history(const TrainingProblem& problem, int ranks) {
  if (ranks == 1) return refusal_of_learner(problem, 1);
  return refusal_of_places(problem, {.servers = 1, .ranks = ranks});
}

Footprint footprint_of_gradient_history(const TrainingProblem& problem, int ranks) {
  const int workers = std::max(1, ranks - 1);
  Footprint worker = footprint_of_replica(problem, workers);
  const double kept = problem.data.folds > 0 ? 1 - 1.0 / static_cast<double>(problem.data.folds)
                                             : 1 - problem.data.held_out;
  const double all = static_cast<double>(shape_of_data(problem).samples);
  const double samples = std::floor(kept * all) / workers;
  worker.gradients = (2 + samples) * worker.parameters;  // one, its change, and the history
  if (ranks == 1) worker.optimiser = worker.parameters;  // G
  Footprint server = footprint_of_server(problem, 1, workers);
  server.optimiser = worker.parameters;
  return ranks > 1 && server.values() > worker.values() ? server : worker;
}

}  // namespace troupe::algorithms
