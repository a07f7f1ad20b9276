#include "algorithms/model_averaging/fedavg.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "algorithms/learner.hpp"
#include "algorithms/model_averaging/averaging.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

constexpr Rank server = 0;
constexpr Tag model{0};    // to a client; nothing: go home
constexpr Tag update{1};   // to the server
constexpr Tag samples{2};  // to the server, once

/// max(1, ⌈C · clients⌉) clients of a round, drawn without repetition, in the order of ranks.
std::vector<Rank> clients_of(SplitMix64& draws, int clients, double fraction) {
  std::vector<Rank> all(static_cast<std::size_t>(clients));
  std::iota(all.begin(), all.end(), 1);
  const auto asked = std::max<std::size_t>(
      1, static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(clients) - 1e-9)));
  for (std::size_t i = 0; i < asked; ++i) std::swap(all[i], all[i + draws.below(all.size() - i)]);
  all.resize(asked);
  std::ranges::sort(all);
  return all;
}

/// x ← x + η_s Σ_k n_k Δ_k / Σ_k n_k, Δ_k in the order of ranks.
void serve(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  const int clients = comm.size() - 1;
  const Learner judge{problem, 0, clients};
  const Buffer x = make_buffer(problem, judge.size());
  std::vector<Buffer> updates;
  for (int client = 0; client < clients; ++client)
    updates.push_back(make_buffer(problem, judge.size()));
  std::vector<double> count(static_cast<std::size_t>(clients));
  SplitMix64 draws{SplitMix64::finalised(problem.seed)};
  Reporter reporter{comm, problem, judge, log, problem.stop.steps};
  const auto index = [](Rank client) { return static_cast<std::size_t>(client - 1); };

  judge.initialise(comm, x);
  for (Rank client = 1; client <= clients; ++client)
    receive(comm, client, samples, value(count[index(client)]));
  reporter.report({}, x);
  std::int64_t round = 0;
  bool enough = false;
  while (!enough && round < problem.stop.steps) {
    const auto asked = clients_of(draws, clients, problem.strategy[FedAvg::fraction]);
    WaitSet messages;
    double all = 0;
    for (const Rank client : asked) {
      messages.add(comm.irecv(client, update, updates[index(client)].slice()));
      messages.add(comm.isend(client, model, x.slice()));
      all += count[index(client)];
    }
    wait_all(comm, messages);
    const double rate = problem.strategy[FedAvg::server_rate];
    for (const Rank client : asked)
      compute(comm, Axpy{rate * count[index(client)] / all, updates[index(client)], x});
    enough = reporter.report({.step = ++round}, x);
  }
  for (Rank client = 1; client <= clients; ++client) send(comm, client, model, x.slice().first(0));
  reporter.finish(round, x);
}

/// Δ = x − x_t after E epochs from x_t, its norm at most C.
void train_alone(Communicator& comm, const TrainingProblem& problem) {
  Learner learner{problem, comm.rank() - 1, comm.size() - 1};
  const Buffer x = make_buffer(problem, learner.size()),
               start = make_buffer(problem, x.slice().size()),
               gradient = make_buffer(problem, x.slice().size());
  const double mu = problem.strategy[FedAvg::proximal];
  const auto steps =
      problem.strategy[FedAvg::epochs] * static_cast<std::int64_t>(learner.batches_per_epoch());
  const double mine = static_cast<double>(learner.samples());
  send(comm, server, samples, value(mine));
  while (receive(comm, server, model, start.slice()).bytes > 0) {
    const auto optimiser = make_optimiser(problem, learner.size());
    compute(comm, Copy{x, start});
    for (std::int64_t step = 0; step < steps; ++step) {
      learner.gradient(comm, x, 1, gradient);
      if (mu > 0) {
        compute(comm, Axpy{mu, x, gradient});
        compute(comm, Axpy{-mu, start, gradient});
      }
      optimiser->step(comm, gradient, x);
    }
    compute(comm, Axpy{-1, start, x});
    clip_to_norm(comm, x, problem.strategy[FedAvg::clip]);
    send(comm, server, update, x.slice());
  }
}

}  // namespace

/// Federated averaging (McMahan et al., AISTATS 2017), with clipped updates and a server's rate
/// (Reddi et al., ICLR 2021) and, for mu > 0, a proximal term (Li et al., MLSys 2020):
///   client k: E epochs from x_t give x_k;  Δ_k = x_k − x_t;  Δ_k ← Δ_k · min(1, C/‖Δ_k‖)
///   server:   x_{t+1} = x_t + η_s Σ_k n_k Δ_k / Σ_k n_k
///   a round: one message of M to each client that is asked, and one back
///
///     server     x_t ──┬───────────────────────┬── x_{t+1}
///     client 1         └ g g g g g g ── Δ_1 ───┤
///     client 2           (not asked)           │
///     client 3         └ g g g g g g ── Δ_3 ───┘
void fedavg(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  if (comm.rank() == server) serve(comm, problem, log);
  else train_alone(comm, problem);
}

std::string refusal_of_fedavg(const TrainingProblem& problem, int ranks) {
  if (ranks < 2)
    return "needs two ranks, a server and a client; " + std::to_string(ranks) + " given";
  return refusal_of_learner(problem, ranks - 1);
}

}  // namespace troupe::algorithms
