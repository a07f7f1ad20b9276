#include "algorithms/asynchronous_sgd/downpour.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "algorithms/inbox.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

constexpr Rank server = 0;
constexpr Tag request{0};     // to the server: accrued gradients, or nothing: a fetch
constexpr Tag parameters{1};  // to the replica; none: go home

/// What the server knows of a replica.
struct Client {
  Buffer accrued;         // what it pushes
  Buffer answer;          // what it was given, kept until it has it
  Request sending;        // of the answer
  std::int64_t read = 0;  // the version it fetched last
};

class Server {
 public:
  Server(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

  /// Serves one push or fetch.
  void serve_one();
  bool is_busy() const { return training_ > 0; }
  /// Waits until every replica has its last answer, and ends the log.
  void finish();

 private:
  Client& client(Rank replica) { return clients_[static_cast<std::size_t>(replica)]; }
  void apply(Rank replica);
  void answer(Rank replica);

  Communicator& comm_;
  const TrainingProblem& problem_;
  int training_;     // replicas not yet sent home
  Learner learner_;  // for starting values and evaluation
  const std::unique_ptr<Optimiser> optimiser_;
  const Buffer x_;
  std::vector<Client> clients_;  // by rank; that of the server itself is unused
  StaleGradients stale_;
  Inbox inbox_;
  std::int64_t to_give_;      // gradients not yet asked for
  std::int64_t version_ = 0;  // updates applied
  bool enough_ = false;       // the stop criteria hold: what still comes is late
  Reporter reporter_;
};

Server::Server(Communicator& comm, const TrainingProblem& problem, TrainingLog& log)
    : comm_{comm},
      problem_{problem},
      training_{comm.size() - 1},
      learner_{problem, 0, training_},
      optimiser_{make_optimiser(problem, learner_.size())},
      x_{make_buffer(problem, learner_.size())},
      clients_(static_cast<std::size_t>(comm.size())),
      stale_{problem, learner_.size()},
      inbox_{comm, problem.strategy[Downpour::order], 1, training_, problem.seed},
      to_give_{problem.stop.steps * training_},
      reporter_{comm, problem, learner_, log, 0} {
  learner_.initialise(comm, x_);
  reporter_.report({}, optimiser_->estimate(x_));
  for (Rank replica = 1; replica < comm.size(); ++replica) {
    client(replica).accrued = make_buffer(problem, learner_.size());
    client(replica).answer = make_buffer(problem, learner_.size());
    inbox_.listen(replica, request, client(replica).accrued.slice());
  }
}

void Server::serve_one() {
  const Completion message = inbox_.next();
  if (message.bytes > 0) {
    apply(message.from);
    inbox_.listen(message.from, request, client(message.from).accrued.slice());
  } else {
    answer(message.from);
    inbox_.pass_turn();
  }
}

/// x ← x − η a, or what the optimiser makes of a
void Server::apply(Rank replica) {
  if (enough_) return;
  Client& from = client(replica);
  const std::int64_t staleness = version_ - from.read;
  const double factor = stale_.correct(comm_, staleness, x_, from.answer, from.accrued);
  optimiser_->step(comm_, from.accrued, x_, factor);
  enough_ = reporter_.report(
      {.step = ++version_, .staleness = static_cast<double>(staleness), .worker = replica},
      optimiser_->estimate(x_));
  if (enough_) to_give_ = 0;
}

/// The parameters, good for fetch_every gradients; or nothing: go home.
void Server::answer(Rank replica) {
  Client& asking = client(replica);
  if (asking.sending) wait(comm_, std::move(asking.sending));
  const bool goes_on = to_give_ > 0;
  if (goes_on) {
    to_give_ -= std::min(to_give_, problem_.strategy[Downpour::fetch_every]);
    asking.read = version_;
    compute(comm_, Copy{asking.answer, x_});
    inbox_.listen(replica, request, asking.accrued.slice());
  } else {
    --training_;
  }
  const Slice answer = asking.answer;
  asking.sending = comm_.isend(replica, parameters, goes_on ? answer : answer.first(0));
}

void Server::finish() {
  for (Client& asking : clients_)
    if (asking.sending) wait(comm_, std::move(asking.sending));
  reporter_.finish(version_, optimiser_->estimate(x_));
}

void serve(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Server at_server{comm, problem, log};
  while (at_server.is_busy()) at_server.serve_one();
  at_server.finish();
}

/// Asks for the parameters; false if there is no more to do.
bool fetch(Communicator& comm, Slice into) {
  Request answer = comm.irecv(server, parameters, into);
  send(comm, server, request, into.first(0));
  return wait(comm, std::move(answer)).bytes > 0;
}

void train(Communicator& comm, const TrainingProblem& problem) {
  const int replicas = comm.size() - 1;
  Learner learner{problem, comm.rank() - 1, replicas};
  const double weight = learner.share() * replicas;
  const std::int64_t fetch_every = problem.strategy[Downpour::fetch_every],
                     push_every = problem.strategy[Downpour::push_every];
  const auto optimiser = make_optimiser(problem, learner.size());
  const Buffer x = make_buffer(problem, learner.size()),
               gradient = make_buffer(problem, x.slice().size());
  Buffer accrued = make_buffer(problem, learner.size()),
         pushed = make_buffer(problem, learner.size());
  Request push;
  std::int64_t step = 0;
  compute(comm, Fill{0, accrued});
  while (fetch(comm, x)) {
    for (std::int64_t i = 0; i < fetch_every; ++i) {
      learner.gradient(comm, x, weight, gradient);
      compute(comm, Axpy{1, gradient, accrued});
      optimiser->step(comm, gradient, x);
      if (++step % push_every) continue;
      if (push) wait(comm, std::move(push));
      std::swap(accrued, pushed);
      push = comm.isend(server, request, pushed.slice());
      compute(comm, Fill{0, accrued});
    }
  }
  if (push) wait(comm, std::move(push));
}

}  // namespace

/// Downpour SGD (Dean et al., NIPS 2012, appendix): a replica goes on alone
/// between fetches, and its pushes travel while it computes.
///   replica: every n_fetch steps x̂ ← fetch;  g ← g(x̂);  a ← a + g;  x̂ ← x̂ − η g;
///            every n_push steps push a, a ← 0              server: x ← x − η a at each push
///   a gradient: M/n_push up, M/n_fetch down, 1/n_push + 2/n_fetch messages
///   on a quadratic with constant staleness τ: stable iff ηλ < 2 sin(π / (2(2τ+1)))
///
///     replica 1   x0 ──g──g──┐x̂   ──g──g──┐        n_fetch = n_push = 2
///     replica 2   x0 ──g──g──│──┐x̂  ──g──g──┐
///     server      x0         x1 x2        x3 x4    staleness 0, 1, 1, 1, …
void downpour(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  if (comm.rank() == server) serve(comm, problem, log);
  else train(comm, problem);
}

std::string refusal_of_downpour(const TrainingProblem& problem, int ranks) {
  if (ranks < 2)
    return "needs two ranks, a server and a replica; " + std::to_string(ranks) + " given";
  return refusal_of_learner(problem, ranks - 1);
}

Footprint footprint_of_downpour(const TrainingProblem& problem, int ranks) {
  const Footprint server = footprint_of_server(problem, 1, ranks - 1);
  Footprint replica = footprint_of_replica(problem, ranks - 1);
  replica.gradients += 2 * replica.parameters;  // accrued, and on their way
  return server.values() > replica.values() ? server : replica;
}

}  // namespace troupe::algorithms
