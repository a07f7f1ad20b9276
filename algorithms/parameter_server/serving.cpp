#include "algorithms/parameter_server/serving.hpp"

#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "algorithms/inbox.hpp"
#include "algorithms/parameter_server/keys.hpp"
#include "algorithms/parameter_server/stale_gradients.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

/// The messages of one training. Servers and workers are flows of one rank where they are
/// colocated, so the tags are those of the rank's first flow.
struct Tags {
  explicit Tags(const Communicator& comm)
      : push{Tag{0}.in(comm.context())},
        pull{Tag{1}.in(comm.context())},
        show{Tag{2}.in(comm.context())} {}
  Tag push;  // to a server; nothing: goodbye
  Tag pull;  // parameters, to a worker; nothing from server 0: no more to do
  Tag show;  // parameters, to server 0 for an evaluation
};

std::shared_ptr<const Keys> keys_of(const Learner& learner, const Places& places) {
  return std::make_shared<Keys>(learner.size(), places.servers, places.hashed);
}

/// What a server knows of a worker.
struct Client {
  Buffer push;             // what it pushes
  Buffer answer;           // what it was given, kept until the next answer
  Request sending;         // of the answer
  std::int64_t clock = 0;  // pushes that have come
  std::int64_t read = 0;   // the version it was given last
};

class Server {
 public:
  Server(Communicator& comm, const TrainingProblem& problem, TrainingLog& log, const Places& places,
         const Discipline& discipline, const std::function<Method(Learner&)>& method);

  /// Serves until every worker has gone.
  void run();

 private:
  Client& client(Rank worker) { return clients_[static_cast<std::size_t>(worker)]; }
  bool is_first() const { return comm_.rank() == 0; }
  /// The next push: whose it is, and it waits for an answer from now on. Nothing: a goodbye.
  std::optional<Rank> take_push();
  void count(Rank worker);
  void apply(Rank worker);
  void update(Slice push, double factor, Figures figures);
  /// Answers all workers that wait and are not too far ahead.
  void answer_waiting();
  void answer(Rank worker);
  /// Tells the log, where this is server 0; brings it this server's block where that is due.
  void report(const Figures& figures);
  /// All parameters, on server 0 for an evaluation.
  void gather_parameters();

  Communicator& comm_;
  const Places places_;
  const Discipline discipline_;
  const Tags tags_;
  Learner learner_;  // for starting values and evaluation
  const Method method_;
  const std::shared_ptr<const Keys> keys_;
  const DealtVector all_;  // starting values
  const Slice x_;          // this server's block of them
  const std::unique_ptr<Optimiser> optimiser_;
  StaleGradients stale_;
  Buffer shown_;           // what is on its way to server 0
  DealtVector evaluated_;  // on server 0: what the others showed last
  Request showing_;
  std::vector<Client> clients_;  // by rank
  Inbox inbox_;
  std::vector<Rank> waiting_;           // for an answer
  std::map<std::int64_t, int> clocks_;  // how many workers, of those not gone, have pushed so often
  std::int64_t to_give_;                // pushes not yet asked for
  std::int64_t at_work_ = 0;            // pushes asked for and not yet here
  std::int64_t version_ = 0;            // updates applied
  bool enough_ = false;                 // the stop criteria hold: what still comes is late
  Reporter reporter_;
};

Server::Server(Communicator& comm, const TrainingProblem& problem, TrainingLog& log,
               const Places& places, const Discipline& discipline,
               const std::function<Method(Learner&)>& method)
    : comm_{comm},
      places_{places},
      discipline_{discipline},
      tags_{comm},
      learner_{problem, 0, places.workers()},
      method_{method(learner_)},
      keys_{keys_of(learner_, places)},
      all_{problem, keys_},
      x_{all_.part(comm.rank())},
      optimiser_{method_.make_optimiser(x_.size())},
      stale_{problem, x_.size()},
      clients_(static_cast<std::size_t>(comm.size())),
      inbox_{comm, discipline.order, places.first_worker(), places.workers(), problem.seed},
      clocks_{{0, places.workers()}},
      to_give_{problem.stop.steps * places.workers()},
      reporter_{comm, problem, learner_, log, discipline.by_clock ? problem.stop.steps : to_give_} {
  if (!is_first()) to_give_ = std::numeric_limits<std::int64_t>::max();  // server 0 decides
  if (places.servers > 1 && is_first()) evaluated_ = DealtVector{problem, keys_};
  if (!is_first()) shown_ = make_buffer(problem, x_.size());
  learner_.initialise(comm, all_.whole());
  all_.deal(comm);
  for (Rank worker = places.first_worker(); worker < comm.size(); ++worker) {
    client(worker).push = make_buffer(problem, x_.size() + method_.extra);
    client(worker).answer = make_buffer(problem, x_.size());
    waiting_.push_back(worker);
  }
}

void Server::run() {
  report({});
  answer_waiting();
  while (at_work_ > 0) {
    if (const auto worker = take_push()) apply(*worker);
    answer_waiting();
  }
  for (Client& asking : clients_)
    if (asking.sending) wait(comm_, std::move(asking.sending));
  if (showing_) wait(comm_, std::move(showing_));
  if (!is_first()) return;
  const bool alone = places_.servers == 1;
  reporter_.finish(version_, alone ? optimiser_->estimate(x_) : ConstSlice{evaluated_.whole()});
}

std::optional<Rank> Server::take_push() {
  const auto [index, worker, bytes] = inbox_.next();
  inbox_.pass_turn();
  --at_work_;
  count(worker);
  if (bytes == 0) {
    if (--clocks_[client(worker).clock] == 0) clocks_.erase(client(worker).clock);
    return std::nullopt;
  }
  waiting_.push_back(worker);
  return worker;
}

/// One more clock of the worker.
void Server::count(Rank worker) {
  const auto clock = clocks_.find(client(worker).clock++);
  if (--clock->second == 0) clocks_.erase(clock);
  ++clocks_[client(worker).clock];
}

void Server::apply(Rank worker) {
  if (enough_) return;
  Client& from = client(worker);
  if (!discipline_.by_clock) {
    const std::int64_t staleness = version_ - from.read;
    const double factor =
        stale_.correct(comm_, staleness, x_, from.answer, from.push.slice().first(x_.size()));
    update(from.push, factor, {.staleness = static_cast<double>(staleness), .worker = worker});
  } else if (at_work_ == 0) {
    const Slice sum = client(places_.first_worker()).push;
    for (Rank other = places_.first_worker() + 1; other < comm_.size(); ++other)
      compute(comm_, Reduce{Op::sum, sum, client(other).push});
    update(sum, 1.0 / places_.workers(), {.staleness = 0});
  }
}

/// x ← x − factor · η g, or what the optimiser makes of g
void Server::update(Slice push, double factor, Figures figures) {
  optimiser_->step(comm_, push, x_, factor);
  figures.step = ++version_;
  report(figures);
  if (enough_) to_give_ = 0;
}

void Server::answer_waiting() {
  std::erase_if(waiting_, [&](Rank worker) {
    if (to_give_ > 0 && client(worker).clock - clocks_.begin()->first > discipline_.bound)
      return false;
    answer(worker);
    return true;
  });
}

/// The parameters, and with them the order to push once more; or nothing: no more to do.
void Server::answer(Rank worker) {
  Client& asking = client(worker);
  if (asking.sending) wait(comm_, std::move(asking.sending));
  const bool goes_on = to_give_ > 0;
  if (goes_on) {
    --to_give_;
    ++at_work_;
    asking.read = version_;
    inbox_.listen(worker, tags_.push, asking.push.slice());
    compute(comm_, Copy{asking.answer, x_});
  }
  const Slice answer = asking.answer;
  asking.sending = comm_.isend(worker, tags_.pull, goes_on ? answer : answer.first(0));
}

void Server::report(const Figures& figures) {
  if (places_.servers == 1) {
    enough_ = reporter_.report(figures, optimiser_->estimate(x_));
  } else if (is_first()) {
    if (reporter_.is_due(figures.step)) gather_parameters();
    reporter_.report(figures, evaluated_.whole());
  } else if (reporter_.is_due(figures.step)) {
    if (showing_) wait(comm_, std::move(showing_));
    compute(comm_, Copy{shown_, optimiser_->estimate(x_)});
    showing_ = comm_.isend(0, tags_.show, shown_.slice());
  }
}

void Server::gather_parameters() {
  WaitSet blocks;
  for (Rank other = 1; other < places_.servers; ++other)
    blocks.add(comm_.irecv(other, tags_.show, evaluated_.part(other)));
  compute(comm_, Copy{evaluated_.part(0), optimiser_->estimate(x_)});
  wait_all(comm_, blocks);
  evaluated_.collect(comm_);
}

/// Pulls all blocks; false where there is no more to do.
bool pull(Communicator& comm, const Tags& tags, int servers, const DealtVector& parameters) {
  WaitSet answers;
  for (Rank server = 0; server < servers; ++server)
    answers.add(comm.irecv(server, tags.pull, parameters.part(server)));
  bool goes_on = true;
  while (!answers.empty()) {
    const Completion answer = *comm.wait_any(answers);
    if (answer.bytes == 0) goes_on = false;
  }
  parameters.collect(comm);
  return goes_on;
}

void work(Communicator& comm, const Tags& tags, const TrainingProblem& problem,
          const Places& places, const std::function<Method(Learner&)>& method_for) {
  Learner learner{problem, comm.rank() - places.first_worker(), places.workers()};
  const Method method = method_for(learner);
  const auto keys = keys_of(learner, places);
  const DealtVector parameters{problem, keys}, to_push{problem, keys, method.extra};
  while (pull(comm, tags, places.servers, parameters)) {
    method.compute_push(comm, parameters.whole(), to_push.whole());
    to_push.deal(comm);
    WaitSet pushes;
    for (Rank server = 0; server < places.servers; ++server)
      pushes.add(comm.isend(server, tags.push, to_push.part(server)));
    wait_all(comm, pushes);
  }
  for (Rank server = 1; server < places.servers; ++server)
    send(comm, server, tags.push, to_push.whole().first(0));
}

}  // namespace

void serve_or_work(Communicator& comm, const TrainingProblem& problem, TrainingLog& log,
                   const Places& places, const Discipline& discipline,
                   const std::function<Method(Learner&)>& method) {
  const Tags tags{comm};
  const auto at_work = [&](Communicator& flow) { work(flow, tags, problem, places, method); };
  if (!places.serves(comm.rank())) return at_work(comm);
  Request worker;
  if (places.works(comm.rank())) worker = comm.spawn(at_work);
  Server{comm, problem, log, places, discipline, method}.run();
  if (worker) wait(comm, std::move(worker));
}

std::string refusal_of_places(const TrainingProblem& problem, const Places& places) {
  const auto text = [](auto number) { return std::to_string(number); };
  if (places.colocated && places.servers > places.ranks)
    return text(places.servers) + " servers do not fit on " + text(places.ranks) + " ranks";
  if (!places.colocated && places.servers >= places.ranks) {
    if (places.servers == 1)
      return "needs two ranks, a server and a worker; " + text(places.ranks) + " given";
    return text(places.servers) + " servers leave no worker among " + text(places.ranks) + " ranks";
  }
  if (const std::string why = refusal_of_learner(problem, places.workers()); !why.empty())
    return why;
  if (places.servers == 1) return {};
  const Keys keys{make_model(problem)->size(), places.servers, places.hashed};
  for (Rank server = 0; server < places.servers; ++server)
    if (keys.size_of(server) == 0)
      return "server " + text(server) + " of " + text(places.servers) + " would have none of the " +
             text(keys.size()) + " parameters";
  if (problem.optimiser.clip)
    return "a server has a block of each gradient and cannot clip it by the norm of the whole; "
           "one server can";
  if (stops_on_values(problem.stop))
    return "a server has a block of the parameters and cannot know that a value is reached; stop "
           "after steps, or have one server";
  return {};
}

}  // namespace troupe::algorithms
