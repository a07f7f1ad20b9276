#include "algorithms/models/phantom_model.hpp"

#include "algorithms/models/presets.hpp"

namespace troupe::algorithms {
namespace {

std::vector<PhantomLayer> stated_layers(const Choice& choice) {
  const auto parameters = choice[PhantomModel::parameters_setting];
  const auto activations = choice[PhantomModel::activations_setting],
             flops = choice[PhantomModel::flops_setting];
  std::vector<PhantomLayer> table;
  table.reserve(parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i)
    table.push_back({.name = "layer" + std::to_string(i),
                     .parameters = static_cast<std::size_t>(parameters[i]),
                     .activations = static_cast<std::size_t>(activations[i]),
                     .forward = Flops{flops[i]}});
  return table;
}

}  // namespace

std::unique_ptr<Model> PhantomModel::make(const TrainingProblem& problem, const DataShape&) {
  const std::string name = problem.model[preset_setting];
  if (name == "custom")
    return std::make_unique<PhantomModel>(stated_layers(problem.model),
                                          static_cast<std::size_t>(problem.model[inputs_setting]));
  const Preset& preset = find_preset(name);
  return std::make_unique<PhantomModel>(preset.layers(), preset.inputs);
}

std::string PhantomModel::refusal(const TrainingProblem& problem, const DataShape&) {
  if (!problem.phantom)
    return "a phantom model has sizes and no values: set payload to \"phantom\"";
  if (problem.model[preset_setting] != "custom") return {};
  const std::size_t layers = problem.model[parameters_setting].size();
  if (layers == 0 || problem.model[activations_setting].size() != layers ||
      problem.model[flops_setting].size() != layers)
    return "a custom phantom model has a number of parameters, activations and flops for each "
           "layer; " +
           std::to_string(layers) + ", " +
           std::to_string(problem.model[activations_setting].size()) + " and " +
           std::to_string(problem.model[flops_setting].size()) + " given";
  return {};
}

PhantomModel::PhantomModel(std::vector<PhantomLayer> table, std::size_t inputs)
    : table_{std::move(table)}, inputs_{inputs} {
  for (const PhantomLayer& layer : table_) {
    if (layer.parameters > 0) layers_.push_back({layer.name, size_, layer.parameters});
    size_ += layer.parameters;
  }
}

std::size_t PhantomModel::activations() const {
  std::size_t sum = 0;
  for (const PhantomLayer& layer : table_) sum += layer.activations;
  return sum;
}
Flops PhantomModel::forward_flops() const {
  Flops sum;
  for (const PhantomLayer& layer : table_) sum += layer.forward;
  return sum;
}

void PhantomModel::initialise(Communicator& comm, Slice parameters, SplitMix64) const {
  EXPECTS(parameters.is_phantom(), "a phantom model has phantom parameters");
  compute(comm, Fill{0, parameters});
}

void PhantomModel::gradient(Communicator& comm, ConstSlice parameters, const Batch& batch, double,
                            Slice into, const LayerReady& ready) {
  EXPECTS(into.is_phantom(), "a phantom model has phantom parameters");
  const auto samples = static_cast<double>(batch.count);
  const Dtype dtype = into.dtype();
  /// Values in and out of layer i: what comes in is what the layer in front hands on.
  const auto passing = [&](std::size_t i) {
    const std::size_t in = i == 0 ? batch.inputs.size() : table_[i - 1].activations * batch.count;
    return std::pair{in, table_[i].activations * batch.count};
  };
  const auto charge = [&](std::size_t i, double flops, std::size_t values, ConstSlice reads,
                          Slice writes) {
    const Slice handed_on = Slice::phantom(table_[i].activations * batch.count, dtype);
    compute(comm, Opaque{.reads = {reads},
                         .writes = {writes, handed_on},
                         .work = {Flops{flops}, Bytes{values * size_of(dtype)}}});
  };
  std::size_t offset = 0;
  for (std::size_t i = 0; i < table_.size(); ++i) {
    const auto [in, out] = passing(i);
    const std::size_t read = table_[i].is_table ? out : table_[i].parameters;
    charge(i, samples * table_[i].forward.value, read + in + out,
           parameters.subslice(offset, table_[i].parameters), {});
    offset += table_[i].parameters;
  }
  std::size_t layer = layers_.size();
  for (std::size_t i = table_.size(); i-- > 0;) {
    const auto [in, out] = passing(i);
    const std::size_t count = table_[i].parameters;
    const std::size_t read = table_[i].is_table ? 0 : count;
    offset -= count;
    charge(i, 2 * samples * table_[i].forward.value, read + count + 2 * (in + out),
           parameters.subslice(offset, count), into.subslice(offset, count));
    if (count == 0) continue;
    --layer;
    if (ready) ready(layer);
  }
}

Score PhantomModel::score(ConstSlice, const Batch&) const {
  EXPECTS(false, "a phantom model has nothing to score");
  return {};
}

}  // namespace troupe::algorithms
