#include "algorithms/models/ensemble.hpp"

#include <algorithm>
#include <numeric>

#include "algorithms/models/off_the_clock.hpp"
#include "algorithms/models/subnets.hpp"

namespace troupe::algorithms {
namespace {

std::size_t subnets_of(const TrainingProblem& problem, const DataShape& shape,
                       std::size_t hidden_layers) {
  const std::int64_t stated = problem.model[Ensemble::subnets_setting];
  return stated > 0 ? static_cast<std::size_t>(stated)
                    : default_subnets(hidden_layers, shape.samples);
}

}  // namespace

std::unique_ptr<Model> Ensemble::make(const TrainingProblem& problem, const DataShape& shape) {
  const auto widths = widths_of(problem.model, layers_setting, shape);
  SplitMix64 draws{problem.seed};
  const Decomposition cut{
      widths, random_groups(widths, subnets_of(problem, shape, widths.size() - 2), draws)};
  std::vector<Network> members;
  members.reserve(cut.subnets());
  for (std::size_t k = 0; k < cut.subnets(); ++k)
    members.push_back(
        multi_layer_perceptron(cut.widths_of(k), NetworkSettings::activation_of(problem.model)));
  return std::make_unique<Ensemble>(
      std::move(members), NetworkSettings::loss_of(problem.model, shape),
      problem.model[NetworkSettings::decay], problem.model[scale_setting]);
}

std::string Ensemble::refusal(const TrainingProblem& problem, const DataShape& shape) {
  const auto widths = widths_of(problem.model, layers_setting, shape);
  if (const std::string why = refusal_of_widths("ensemble", widths, problem, shape); !why.empty())
    return why;
  if (widths.size() < 3) return "ensemble cuts hidden layers, and there is none";
  const std::size_t narrowest = *std::min_element(widths.begin() + 1, widths.end() - 1);
  const std::size_t subnets = subnets_of(problem, shape, widths.size() - 2);
  if (subnets > narrowest)
    return std::to_string(subnets) + " subnets cannot share a hidden layer of " +
           std::to_string(narrowest) + " units";
  return {};
}

Ensemble::Ensemble(std::vector<Network> members, LossKind loss, double decay, double weight_scale)
    : members_{std::move(members)}, loss_{loss}, decay_{decay}, weight_scale_{weight_scale} {
  EXPECTS(!members_.empty(), "an ensemble has members");
  for (std::size_t k = 0; k < members_.size(); ++k) {
    EXPECTS(members_[k].inputs() == members_[0].inputs() &&
                members_[k].outputs() == members_[0].outputs(),
            "all members answer the same question");
    first_layer_.push_back(layers_.size());
    for (const Layer& layer : members_[k].layers())
      layers_.push_back({"subnet" + std::to_string(k) + "." + layer.name,
                         offsets_.back() + layer.offset, layer.count});
    offsets_.push_back(offsets_.back() + members_[k].size());
  }
}

void Ensemble::initialise(Communicator& comm, Slice parameters, SplitMix64 draws) const {
  for (std::size_t k = 0; k < members_.size(); ++k) {
    members_[k].initialise(comm, part(parameters, k), SplitMix64{draws.next()});
    if (weight_scale_ > 0) members_[k].scale_weights(comm, part(parameters, k), weight_scale_);
  }
}

std::vector<Pass> Ensemble::passes_for(ConstSlice like, std::size_t capacity) const {
  std::vector<Pass> passes;
  passes.reserve(members_.size());
  for (const Network& member : members_) passes.emplace_back(member, like, capacity);
  return passes;
}

void Ensemble::forward(Communicator& comm, ConstSlice parameters, const Batch& batch,
                       std::vector<Pass>& passes, Slice mean) const {
  const double share = 1.0 / static_cast<double>(members_.size());
  compute(comm, Fill{0, mean});
  for (std::size_t k = 0; k < members_.size(); ++k) {
    const ConstSlice outputs =
        members_[k].forward(comm, part(parameters, k), batch.inputs, batch.count, passes[k]);
    compute(comm, Axpy{share, outputs, mean});
  }
}

void Ensemble::gradient(Communicator& comm, ConstSlice parameters, const Batch& batch,
                        double weight, Slice into, const LayerReady& ready) {
  const std::size_t outputs = members_[0].outputs();
  if (passes_.empty() || passes_[0].capacity() < batch.count) {
    passes_ = passes_for(into, batch.count);
    mean_.emplace(into, outputs * batch.count);
  }
  const Slice mean = mean_->first(outputs * batch.count);
  forward(comm, parameters, batch, passes_, mean);
  compute(comm, Loss{.kind = loss_,
                     .rows = outputs,
                     .batch = batch.count,
                     .weight = weight / static_cast<double>(batch.count * members_.size()),
                     .outputs = mean,
                     .targets = batch.targets,
                     .gradient = mean});
  for (std::size_t k = members_.size(); k-- > 0;) {
    compute(comm, Copy{passes_[k].output_gradient(), mean});
    members_[k].backward(comm, part(parameters, k), passes_[k], part(into, k), 0, {},
                         [&](std::size_t l) {
                           const std::size_t layer = first_layer_[k] + l;
                           const auto& [name, offset, count] = layers_[layer];
                           if (decay_ != 0)
                             compute(comm, Axpy{weight * decay_, parameters.subslice(offset, count),
                                                into.subslice(offset, count)});
                           if (ready) ready(layer);
                         });
  }
}

Score Ensemble::score(ConstSlice parameters, const Batch& batch) const {
  OffTheClock alone;
  const std::size_t outputs = members_[0].outputs(), largest = largest_part(batch.count);
  std::vector<Pass> passes = passes_for(parameters, largest);
  const Scratch room{parameters, outputs * largest};
  const auto count = [&](const Batch& some) {
    const Slice mean = room.first(outputs * some.count);
    forward(alone, parameters, some, passes, mean);
    return tally(alone, loss_, outputs, mean, some);
  };
  return score_in_parts(batch, count, decay_, parameters);
}

}  // namespace troupe::algorithms
