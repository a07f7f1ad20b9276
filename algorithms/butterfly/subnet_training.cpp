#include "algorithms/butterfly/subnet_training.hpp"

#include <algorithm>
#include <optional>

#include "algorithms/butterfly/subnet_messages.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/models/network_model.hpp"
#include "algorithms/models/perceptron.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

constexpr Rank keeper = 0;
constexpr Tag outward{0};   // a subnet's parameters; none: go home
constexpr Tag homeward{1};  // what became of them
constexpr Tag samples{2};   // how many a worker has

/// Which subnet goes to which worker in which round, and for how many steps: known to all.
class Plan {
 public:
  Plan(const TrainingProblem& problem, int ranks)
      : stated_{problem.strategy},
        seed_{problem.seed},
        steps_{problem.stop.steps},
        local_{stated_[SubnetTraining::local_steps]},
        subnets_{ranks - 1},
        widths_{widths_of(problem.model, Perceptron::layers, shape_of_data(problem))} {}

  int subnets() const { return subnets_; }
  std::int64_t rounds() const { return local_ == 0 ? steps_ : (steps_ + local_ - 1) / local_; }
  std::int64_t steps_of(std::int64_t round) const {
    return local_ == 0 ? 0 : std::min(local_, steps_ - round * local_);
  }
  /// On the clock of stop.steps, after that round.
  std::int64_t clock(std::int64_t round) const {
    return local_ == 0 ? round + 1 : round * local_ + steps_of(round);
  }
  /// Subnet k sees shard (k + t) mod K, which worker (k + t) mod K + 1 holds.
  Rank worker_of(int subnet, std::int64_t round) const {
    return 1 + static_cast<int>((subnet + turn(round)) % subnets_);
  }
  int subnet_of(Rank worker, std::int64_t round) const {
    return static_cast<int>((worker - 1 + subnets_ - turn(round)) % subnets_);
  }
  bool is_lost(Rank worker, std::int64_t round) const {
    return stated_[SubnetTraining::lost] == worker && round >= stated_[SubnetTraining::lost_after];
  }
  bool takes_part(int subnet, std::int64_t round) const {
    return Turns::has(stated_, subnet, round, subnets_, seed_) &&
           !is_lost(worker_of(subnet, round), round);
  }
  /// True if units are dealt anew before that round.
  bool deals(std::int64_t round) const {
    const std::int64_t every = stated_[SubnetTraining::rounds_of_a_cut];
    return round == 0 || (every > 0 && round % every == 0);
  }
  Decomposition deal(SplitMix64& draws) const {
    return {widths_, random_groups(widths_, static_cast<std::size_t>(subnets_), draws)};
  }
  std::span<const std::size_t> widths() const { return widths_; }
  /// Widths of a subnet, whichever units it has been dealt.
  std::vector<std::size_t> widths_of_subnet(int subnet) const {
    std::vector<std::size_t> widths = widths_;
    const auto k = static_cast<std::size_t>(subnet), count = static_cast<std::size_t>(subnets_);
    for (std::size_t layer = 1; layer + 1 < widths.size(); ++layer)
      widths[layer] = widths_[layer] / count + (k < widths_[layer] % count ? 1 : 0);
    return widths;
  }

 private:
  std::int64_t turn(std::int64_t round) const {
    return stated_[SubnetTraining::rotate_input] ? round % subnets_ : 0;
  }

  const Choice& stated_;
  std::uint64_t seed_;
  std::int64_t steps_, local_;
  int subnets_;
  std::vector<std::size_t> widths_;
};

/// The rank that has the whole network.
class Keeper {
 public:
  Keeper(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);
  void run();

 private:
  void train_round(std::int64_t round);
  std::vector<bool> wait_for_all(WaitSet& messages);
  void send_home();
  ConstSlice judged();

  Communicator& comm_;
  const TrainingProblem& problem_;
  Plan plan_;
  Learner learner_;  // for starting values and evaluation
  Buffer network_, ensemble_;
  SplitMix64 draws_;
  Decomposition cut_;
  std::vector<double> samples_;  // of each worker
  Reporter reporter_;
};

Keeper::Keeper(Communicator& comm, const TrainingProblem& problem, TrainingLog& log)
    : comm_{comm},
      problem_{problem},
      plan_{problem, comm.size()},
      learner_{problem, 0, plan_.subnets()},
      network_{make_buffer(problem, learner_.size())},
      ensemble_{make_buffer(problem, learner_.size())},
      draws_{SplitMix64::finalised(problem.seed)},
      cut_{plan_.deal(draws_)},
      samples_(static_cast<std::size_t>(plan_.subnets()), 0),
      reporter_{comm, problem, learner_, log, problem.stop.steps} {
  learner_.initialise(comm, network_);
  WaitSet counts;
  for (std::size_t k = 0; k < samples_.size(); ++k)
    counts.put(2 * k, comm.irecv(static_cast<Rank>(k) + 1, samples, value(samples_[k])));
  wait_for_all(counts);
}

void Keeper::run() {
  reporter_.report({}, judged());
  std::int64_t step = 0;
  bool enough = false;
  for (std::int64_t round = 0; round < plan_.rounds() && !enough; ++round) {
    if (round > 0 && plan_.deals(round)) cut_ = plan_.deal(draws_);
    train_round(round);
    enough = reporter_.report({.step = step = plan_.clock(round)}, judged());
  }
  send_home();
  reporter_.finish(step, judged());
}

/// Cuts the network, sends the subnets, takes back what came of them and puts them in their places.
void Keeper::train_round(std::int64_t round) {
  const auto count = static_cast<std::size_t>(plan_.subnets());
  std::vector<Buffer> subnets(count), answers(count);
  std::vector<SubnetMessages> codecs;
  WaitSet messages;  // of subnet k: 2k its answer, 2k + 1 its parameters
  for (std::size_t k = 0; k < count; ++k) {
    codecs.emplace_back(problem_, cut_.widths_of(k));
    subnets[k] = make_buffer(problem_, cut_.size_of(k));
    answers[k] = make_buffer(problem_, codecs[k].words());
    cut_.gather(comm_, network_, k, subnets[k]);
    if (!plan_.takes_part(static_cast<int>(k), round)) continue;
    const Rank worker = plan_.worker_of(static_cast<int>(k), round);
    messages.put(2 * k, comm_.irecv(worker, homeward, answers[k].slice()));
    messages.put(2 * k + 1, comm_.isend(worker, outward, subnets[k].slice()));
  }
  const std::vector<bool> came = wait_for_all(messages);
  std::vector<ConstSlice> parts;
  std::vector<double> weights(count, 0);
  for (std::size_t k = 0; k < count; ++k) {
    parts.push_back(subnets[k]);
    if (!came[k]) continue;
    codecs[k].unpack(comm_, answers[k], subnets[k]);
    const Rank worker = plan_.worker_of(static_cast<int>(k), round);
    weights[k] = samples_[static_cast<std::size_t>(worker) - 1];
  }
  if (std::ranges::max(weights) > 0) cut_.reconstruct(comm_, parts, weights, network_);
}

/// Which answers came. Those of lost workers do not.
std::vector<bool> Keeper::wait_for_all(WaitSet& messages) {
  std::vector<bool> came(static_cast<std::size_t>(plan_.subnets()), false);
  while (!messages.empty()) {
    try {
      const auto done = comm_.wait_any(messages);
      if (done->index % 2 == 0) came[done->index / 2] = true;
    } catch (const PeerLost&) {
      continue;
    }
  }
  return came;
}

void Keeper::send_home() {
  WaitSet farewells;
  for (Rank worker = 1; worker < comm_.size(); ++worker)
    farewells.put(2 * static_cast<std::size_t>(worker) - 1,
                  comm_.isend(worker, outward, network_.slice().first(0)));
  wait_for_all(farewells);
}

ConstSlice Keeper::judged() {
  if (problem_.strategy[SubnetTraining::judged] == "network") return network_;
  write_ensemble(plan_.widths(), cut_, network_, -1, ensemble_);
  return ensemble_;
}

/// Trains a subnet for some steps as a network of its own.
void train_subnet(Communicator& comm, const TrainingProblem& problem, Learner& learner,
                  std::span<const std::size_t> widths, std::int64_t steps, Slice parameters) {
  NetworkModel model{multi_layer_perceptron(widths, NetworkSettings::activation_of(problem.model)),
                     NetworkSettings::loss_of(problem.model, shape_of_data(problem)),
                     problem.model[NetworkSettings::decay]};
  const auto optimiser = make_optimiser(problem, model.size());
  const Buffer gradient = make_buffer(problem, model.size());
  for (std::int64_t step = 0; step < steps; ++step) {
    model.gradient(comm, parameters, learner.next_batch(comm), 1, gradient);
    optimiser->step(comm, gradient, parameters);
  }
}

void work(Communicator& comm, const TrainingProblem& problem) {
  const Plan plan{problem, comm.size()};
  Learner learner{problem, comm.rank() - 1, plan.subnets()};
  auto mine = static_cast<double>(learner.samples());
  send(comm, keeper, samples, value(mine));
  for (std::int64_t round = 0; round < plan.rounds(); ++round) {
    if (plan.is_lost(comm.rank(), round)) break;
    const int subnet = plan.subnet_of(comm.rank(), round);
    if (!plan.takes_part(subnet, round)) continue;
    const std::vector<std::size_t> widths = plan.widths_of_subnet(subnet);
    SubnetMessages codec{problem, widths};
    const Buffer before = make_buffer(problem, parameters_of(widths)),
                 after = make_buffer(problem, parameters_of(widths));
    if (receive(comm, keeper, outward, before.slice()).bytes == 0) return;
    compute(comm, Copy{after, before});
    train_subnet(comm, problem, learner, widths, plan.steps_of(round), after);
    send(comm, keeper, homeward, codec.pack(comm, before, after));
  }
  receive(comm, keeper, outward, make_buffer(problem, 0).slice());
}

}  // namespace

std::size_t parameters_of(std::span<const std::size_t> widths) {
  std::size_t size = 0;
  for (std::size_t layer = 0; layer + 1 < widths.size(); ++layer)
    size += (widths[layer] + 1) * widths[layer + 1];
  return size;
}

void write_ensemble(std::span<const std::size_t> widths, const Decomposition& cut, ConstSlice full,
                    int without, Slice ensemble) {
  if (full.is_phantom()) return;
  const std::size_t outputs = widths.back(), last = outputs * widths[widths.size() - 2] + outputs;
  const std::size_t members = cut.subnets() - (without >= 0 ? 1 : 0);
  const auto write = [&](auto from, auto to) {
    using Value = std::remove_cvref_t<decltype(to[0])>;
    std::ranges::fill(to, Value{0});
    for (std::size_t k = 0; k < cut.subnets(); ++k) {
      if (static_cast<int>(k) == without) continue;
      for (const std::size_t i : cut.indices_of(k)) to[i] = from[i];
    }
    for (std::size_t i = to.size() - last; i < to.size() - outputs; ++i)
      to[i] /= static_cast<Value>(members);
  };
  const HostView here{full};
  const Buffer scaled{ensemble.size(), ensemble.dtype()};
  if (full.dtype() == Dtype::float32)
    write(here.slice().host<float>(), scaled.slice().host<float>());
  else write(here.slice().host<double>(), scaled.slice().host<double>());
  copy_from_host(ensemble, scaled);
}

/// Independent subnet training (Yuan et al., VLDB 2022): the hidden units are dealt to K subnets,
/// each of which trains by itself; what is between two subnets rests for that round.
///   subnet k: W1[S1k, :], W2[S2k, S1k], W3[:, S2k] and the biases of its units; the output bias is
///   everybody's, and becomes the mean
///   a round: 2 messages for each subnet of as many words as it has parameters, that is for K times
///   fewer units I·M/K + (M/K)² + M·O/K + …; no messages between workers
///
///     network          cut by lot          J steps each        put together, and cut anew
///     ■ ■ ■ ■          ■ · ■ ·             ■' · ■' ·           ■' · ■' ·     · keeps its bits
///     ■ ■ ■ ■   ────▶  · ▲ · ▲   ────▶     · ▲' · ▲'  ────▶    · ▲' · ▲'
void subnet_training(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  if (comm.rank() == keeper) Keeper{comm, problem, log}.run();
  else work(comm, problem);
}

std::string refusal_of_subnet_training(const TrainingProblem& problem, int ranks) {
  if (ranks < 2)
    return "needs two ranks, a keeper and a worker; " + std::to_string(ranks) + " given";
  if (problem.model.kind() != "mlp")
    return "cuts a model \"mlp\", \"" + problem.model.kind() + "\" given";
  if (const std::string why = refusal_of_learner(problem, ranks - 1); !why.empty()) return why;
  const auto widths = widths_of(problem.model, Perceptron::layers, shape_of_data(problem));
  if (widths.size() < 3) return "cuts hidden layers, and the model has none";
  const std::size_t narrowest = *std::min_element(widths.begin() + 1, widths.end() - 1);
  if (narrowest < static_cast<std::size_t>(ranks - 1))
    return std::to_string(ranks - 1) + " subnets cannot share a hidden layer of " +
           std::to_string(narrowest) + " units";
  if (problem.strategy[SubnetTraining::lost] >= ranks)
    return "lost is a worker, 1 to " + std::to_string(ranks - 1) + ", " +
           std::to_string(problem.strategy[SubnetTraining::lost]) + " given";
  return {};
}

Footprint footprint_of_subnet_training(const TrainingProblem& problem, int) {
  return {.parameters = 2 * static_cast<double>(make_model(problem)->size())};
}

}  // namespace troupe::algorithms
