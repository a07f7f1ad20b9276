#include "algorithms/parameter_server/parameter_server.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <vector>

#include "algorithms/inbox.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

constexpr Rank server = 0;
constexpr Tag push{0};  // a gradient, to the server
constexpr Tag pull{1};  // parameters, to the worker; none: go home

/// How many clocks a worker may be ahead of the slowest.
std::int64_t bound_of(const TrainingProblem& problem) {
  const std::string mode = problem.strategy[ParameterServer::mode];
  if (mode == "asp") return std::numeric_limits<std::int64_t>::max();
  return mode == "ssp" ? problem.strategy[ParameterServer::staleness] : 0;
}

/// What the server knows of a worker.
struct Client {
  Buffer gradient;         // what it pushes
  Buffer answer;           // what it was given, kept until it has it
  Request sending;         // of the answer
  std::int64_t clock = 0;  // gradients it has pushed
  std::int64_t read = 0;   // the version it was given last
};

class Server {
 public:
  Server(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

  /// True while gradients are on their way.
  bool is_busy() const { return at_work_ > 0; }

  /// The next push: whose it is. It waits for an answer from now on.
  Rank take_push();
  /// Applies it; in mode bsp, all pushes of a clock together with the last of them.
  void apply(Rank worker);
  /// Answers all workers that wait and are not too far ahead.
  void answer_waiting();
  /// Waits until every worker has its last answer, and ends the log.
  void finish();

 private:
  Client& client(Rank worker) { return clients_[static_cast<std::size_t>(worker)]; }
  void update(Slice gradient, double factor, Figures figures);
  void answer(Rank worker);

  Communicator& comm_;
  const TrainingProblem& problem_;
  const int workers_;
  const bool by_clock_;  // mode bsp
  Learner learner_;      // for starting values and evaluation
  const std::unique_ptr<Optimiser> optimiser_;
  const Buffer parameters_;
  std::vector<Client> clients_;  // by rank; that of the server itself is unused
  Inbox inbox_;
  std::vector<Rank> waiting_;           // for an answer
  std::map<std::int64_t, int> clocks_;  // how many workers have pushed so often
  std::int64_t to_give_;                // gradients not yet asked for
  std::int64_t at_work_ = 0;            // gradients asked for and not yet here
  std::int64_t version_ = 0;            // updates applied
  bool enough_ = false;                 // the stop criteria hold: what still comes is late
  Reporter reporter_;
};

Server::Server(Communicator& comm, const TrainingProblem& problem, TrainingLog& log)
    : comm_{comm},
      problem_{problem},
      workers_{comm.size() - 1},
      by_clock_{problem.strategy[ParameterServer::mode] == "bsp"},
      learner_{problem, 0, workers_},
      optimiser_{make_optimiser(problem, learner_.size())},
      parameters_{make_buffer(problem, learner_.size())},
      clients_(static_cast<std::size_t>(comm.size())),
      inbox_{comm, problem.strategy[ParameterServer::order]},
      clocks_{{0, workers_}},
      to_give_{problem.stop.steps * workers_},
      reporter_{comm, problem, learner_, log, by_clock_ ? problem.stop.steps : to_give_} {
  learner_.initialise(comm, parameters_);
  reporter_.report({}, optimiser_->estimate(parameters_));
  for (Rank worker = 1; worker <= workers_; ++worker) {
    client(worker).gradient = make_buffer(problem, learner_.size());
    client(worker).answer = make_buffer(problem, learner_.size());
    waiting_.push_back(worker);
  }
}

Rank Server::take_push() {
  const Rank worker = inbox_.next().from;
  inbox_.pass_turn();
  --at_work_;
  const auto clock = clocks_.find(client(worker).clock++);
  if (--clock->second == 0) clocks_.erase(clock);
  ++clocks_[client(worker).clock];
  waiting_.push_back(worker);
  return worker;
}

void Server::apply(Rank worker) {
  if (enough_) return;
  if (!by_clock_) {
    const std::int64_t staleness = version_ - client(worker).read;
    const bool careful = problem_.strategy[ParameterServer::staleness_aware] && staleness > 1;
    update(client(worker).gradient, 1 / (careful ? static_cast<double>(staleness) : 1),
           {.staleness = static_cast<double>(staleness), .worker = worker});
  } else if (at_work_ == 0) {
    for (Rank other = 2; other <= workers_; ++other)
      compute(comm_, Reduce{Op::sum, client(1).gradient, client(other).gradient});
    update(client(1).gradient, 1.0 / workers_, {.staleness = 0});
  }
}

/// x ← x − factor · η g, or what the optimiser makes of g
void Server::update(Slice gradient, double factor, Figures figures) {
  optimiser_->step(comm_, gradient, parameters_, factor);
  figures.step = ++version_;
  enough_ = reporter_.report(figures, optimiser_->estimate(parameters_));
  if (enough_) to_give_ = 0;
}

void Server::answer_waiting() {
  const std::int64_t bound = bound_of(problem_), slowest = clocks_.begin()->first;
  std::erase_if(waiting_, [&](Rank worker) {
    if (to_give_ > 0 && client(worker).clock - slowest > bound) return false;
    answer(worker);
    return true;
  });
}

/// The parameters, and with them the order to push another gradient; or nothing: go home.
void Server::answer(Rank worker) {
  Client& asking = client(worker);
  if (asking.sending) wait(comm_, std::move(asking.sending));
  const bool goes_on = to_give_ > 0;
  if (goes_on) {
    --to_give_;
    ++at_work_;
    asking.read = version_;
    inbox_.listen(worker, push, asking.gradient.slice());
    compute(comm_, Copy{asking.answer, parameters_});
  }
  const Slice answer = asking.answer;
  asking.sending = comm_.isend(worker, pull, goes_on ? answer : answer.first(0));
}

void Server::finish() {
  for (Client& asking : clients_)
    if (asking.sending) wait(comm_, std::move(asking.sending));
  reporter_.finish(version_, optimiser_->estimate(parameters_));
}

void serve(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Server at_server{comm, problem, log};
  at_server.answer_waiting();
  while (at_server.is_busy()) {
    at_server.apply(at_server.take_push());
    at_server.answer_waiting();
  }
  at_server.finish();
}

void work(Communicator& comm, const TrainingProblem& problem) {
  const int workers = comm.size() - 1;
  Learner learner{problem, comm.rank() - 1, workers};
  const double weight = learner.share() * workers;
  const Buffer parameters = make_buffer(problem, learner.size());
  const Buffer gradient = make_buffer(problem, learner.size());
  while (receive(comm, server, pull, parameters.slice()).bytes > 0) {
    learner.gradient(comm, parameters, weight, gradient);
    send(comm, server, push, gradient.slice());
  }
}

}  // namespace

/// Parameter server (Li et al., OSDI 2014) with bounded staleness (Ho et al., NIPS 2013).
///   worker: x̂ ← pull;  push g(x̂)        server: x ← x − η g at each push
///   a gradient: M up and M down, 2 messages; all of it through the server's one port
///   staleness of an update: versions between its pull and its application; P equal workers served
///   in turn have P−1, once each has had its first
///
///     worker 1   x0 ──g──┐           x1 ──g──┐
///     worker 2   x0 ──g──│──┐           x2 ──│──g──┐
///     server     x0      x1 x2               x3    x4      staleness 0, 1, 1, 1, …
void parameter_server(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  if (comm.rank() == server) serve(comm, problem, log);
  else work(comm, problem);
}

std::string refusal_of_parameter_server(const TrainingProblem& problem, int ranks) {
  if (ranks < 2)
    return "needs two ranks, a server and a worker; " + std::to_string(ranks) + " given";
  return refusal_of_learner(problem, ranks - 1);
}

}  // namespace troupe::algorithms
