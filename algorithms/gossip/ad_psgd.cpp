#include "algorithms/gossip/ad_psgd.hpp"

#include <map>
#include <memory>

#include "algorithms/learner.hpp"
#include "algorithms/neighbourhood.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

constexpr Tag from_anyone = Tag::open(0);  // to a passive rank: parameters; nothing: no more come
constexpr Tag in_turn{1};                  // the same, where it knows whose turn it is
constexpr Tag mean{2};                     // back

bool is_in_turn(const TrainingProblem& problem) {
  return problem.strategy[Inbox::order_setting] == "cyclic";
}

/// Whom an active rank averages with: one draw a step, which others can repeat.
class Partners {
 public:
  Partners(const TrainingProblem& problem, const Graph& graph, Rank active)
      : neighbours_{graph.neighbours(active).begin(), graph.neighbours(active).end()},
        draws_{SplitMix64::of_rank(~problem.seed, active)} {}
  Rank next() { return neighbours_[draws_.below(neighbours_.size())].rank; }
  const std::vector<Neighbour>& all() const { return neighbours_; }

 private:
  std::vector<Neighbour> neighbours_;
  SplitMix64 draws_;
};

/// What ranks of both colours have.
class Replica {
 public:
  Replica(Communicator& comm, const TrainingProblem& problem, TrainingLog& log)
      : comm_{comm},
        problem_{problem},
        learner_{problem, comm.rank(), comm.size()},
        optimiser_{make_optimiser(problem, learner_.size())},
        x_{make_buffer(problem, learner_.size())},
        gradient_{make_buffer(problem, learner_.size())},
        theirs_{make_buffer(problem, learner_.size())},
        reporter_{comm, problem, learner_, log, problem.stop.steps} {
    initialise_replica(comm, problem, learner_, x_);
    reporter_.report({}, x_);
  }

 protected:
  bool goes_on() const { return step_ < problem_.stop.steps && !enough_; }
  void gradient_at(Communicator& flow, ConstSlice x) {
    learner_.gradient(flow, x, learner_.share() * comm_.size(), gradient_);
  }
  /// x ← x − η g
  void descend(double staleness, std::optional<double> disagreement = {}) {
    optimiser_->step(comm_, gradient_, x_);
    enough_ = reporter_.report(
        {.step = ++step_, .staleness = staleness, .disagreement = disagreement}, x_);
  }

  Communicator& comm_;
  const TrainingProblem& problem_;
  Learner learner_;
  const std::unique_ptr<Optimiser> optimiser_;
  const Buffer x_, gradient_, theirs_;
  Reporter reporter_;
  std::int64_t step_ = 0;
  bool enough_ = false;
};

class Active : Replica {
 public:
  Active(Communicator& comm, const TrainingProblem& problem, const Graph& graph, TrainingLog& log)
      : Replica{comm, problem, log},
        partners_{problem, graph, comm.rank()},
        ask_{is_in_turn(problem) ? in_turn : from_anyone} {}

  void train() {
    while (goes_on()) {
      gradient_at(comm_, x_);
      const auto apart = average_with(partners_.next());
      descend(0, apart);
    }
    WaitSet farewells;
    for (const Neighbour& neighbour : partners_.all())
      farewells.add(comm_.isend(neighbour.rank, ask_, x_.slice().first(0)));
    wait_all(comm_, farewells);
    reporter_.finish(step_, x_);
  }

 private:
  std::optional<double> average_with(Rank passive) {
    send(comm_, passive, ask_, x_.slice());
    receive(comm_, passive, mean, theirs_.slice());
    auto apart = reporter_.is_due(step_ + 1) ? relative_distance(x_, theirs_) : std::nullopt;
    if (apart) *apart *= 2;  // theirs is half way
    compute(comm_, Copy{x_, theirs_});
    return apart;
  }

  Partners partners_;
  Tag ask_;
};

class Passive : Replica {
 public:
  Passive(Communicator& comm, const TrainingProblem& problem, const Graph& graph, TrainingLog& log)
      : Replica{comm, problem, log}, read_{make_buffer(problem, learner_.size())} {
    for (const Neighbour& neighbour : graph.neighbours(comm.rank()))
      asking_.emplace(neighbour.rank, Partners{problem, graph, neighbour.rank});
    if (!is_in_turn(problem)) listen();
  }

  void train() {
    while (goes_on()) {
      compute(comm_, Copy{read_, x_});
      const std::int64_t version = version_;
      posted_.put(gradient, comm_.spawn([this](Communicator& flow) { gradient_at(flow, read_); }));
      if (is_in_turn(problem_)) serve_a_step();
      for (;;) {
        const Completion done = *comm_.wait_any(posted_);
        if (done.index == gradient) break;
        serve(done);
      }
      descend(static_cast<double>(version_ - version));
    }
    serve_the_rest();
    reporter_.finish(step_, x_);
  }

 private:
  static constexpr std::size_t gradient = 0, request = 1;

  void listen() { posted_.put(request, comm_.irecv(any_rank, from_anyone, theirs_.slice())); }

  /// Both sides take the mean, one after the other: nothing else changes x meanwhile.
  void serve(const Completion& asked) {
    if (asked.bytes == 0) {
      asking_.erase(asked.from);
    } else {
      compute(comm_, Reduce{Op::sum, x_, theirs_});
      compute(comm_, Scale{0.5, x_});
      send(comm_, asked.from, mean, x_.slice());
      ++version_;
    }
    if (!is_in_turn(problem_) && !asking_.empty()) listen();
  }
  void serve_a_step() {
    std::vector<Rank> chose_me;
    for (auto& [active, partners] : asking_)
      if (partners.next() == comm_.rank()) chose_me.push_back(active);
    for (const Rank active : chose_me) serve(receive(comm_, active, in_turn, theirs_.slice()));
    ++steps_served_;
  }
  /// Those who still train, and the farewells.
  void serve_the_rest() {
    if (is_in_turn(problem_)) {
      while (steps_served_ < problem_.stop.steps) serve_a_step();
      while (!asking_.empty())
        serve(receive(comm_, asking_.begin()->first, in_turn, theirs_.slice()));
    } else {
      while (!asking_.empty()) serve(*comm_.wait_any(posted_));
    }
  }

  const Buffer read_;                // where the gradient is taken
  std::map<Rank, Partners> asking_;  // who may still ask
  WaitSet posted_;
  std::int64_t version_ = 0;       // averages taken
  std::int64_t steps_served_ = 0;  // in turn
};

}  // namespace

std::vector<bool> active_ranks(const Graph& graph) {
  enum class Colour : std::uint8_t { none, active, passive };
  std::vector<Colour> colours(static_cast<std::size_t>(graph.size()), Colour::none);
  std::vector<Rank> reached{0};
  colours[0] = Colour::active;
  for (std::size_t next = 0; next < reached.size(); ++next) {
    const Colour mine = colours[static_cast<std::size_t>(reached[next])];
    for (const Neighbour& neighbour : graph.neighbours(reached[next])) {
      Colour& theirs = colours[static_cast<std::size_t>(neighbour.rank)];
      if (theirs == mine) return {};
      if (theirs != Colour::none) continue;
      theirs = mine == Colour::active ? Colour::passive : Colour::active;
      reached.push_back(neighbour.rank);
    }
  }
  std::vector<bool> active;
  for (const Colour colour : colours) active.push_back(colour == Colour::active);
  return active;
}

/// Asynchronous decentralised parallel SGD (Lian, Zhang, Zhang and Liu, ICML 2018, algorithm 1),
/// on a graph of two colours so that nobody waits in a circle (appendix A there):
///   every rank, on its own:  g ← g_i(x̂);   an active one takes a random neighbour j and both
///   x_i, x_j ← (x_i + x_j)/2 at once;   x_i ← x_i − η g
///   a passive rank's gradient is a flow of its own, which it serves averages beside: x̂ is what x
///   was when it began
///   a step of an active rank: a message of M there and one back; Σ x changes by gradients alone
///
///     active  0   g │x_0 ──▶      x̄ ◀──│ g   │x_0 ──▶ …       a slow rank slows its partners for
///     passive 1   g g g │mean│ g g g g g g g                  a message, not for a gradient
///     active  2      g        │x_2 ──▶ …
void ad_psgd(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  const Graph graph{problem.graph, comm.size()};
  if (active_ranks(graph)[static_cast<std::size_t>(comm.rank())])
    Active{comm, problem, graph, log}.train();
  else Passive{comm, problem, graph, log}.train();
}

std::string refusal_of_ad_psgd(const TrainingProblem& problem, int ranks) {
  if (ranks < 2) return "needs two ranks, who average; " + std::to_string(ranks) + " given";
  if (const std::string why = refusal_of_graph(problem.graph, ranks); !why.empty()) return why;
  const Graph graph{problem.graph, ranks};
  if (graph.is_directed())
    return "needs a graph with edges; \"" + problem.graph.kind + "\" has arrows";
  if (active_ranks(graph).empty())
    return "needs a graph of active and passive ranks, every edge between the two; \"" +
           problem.graph.kind + "\" of " + std::to_string(ranks) + " ranks has an odd cycle";
  return refusal_of_learner(problem, ranks);
}

}  // namespace troupe::algorithms
