#include "algorithms/learner.hpp"

#include <algorithm>
#include <numeric>

#include "algorithms/choice.hpp"
#include "algorithms/data/folds.hpp"
#include "algorithms/data/shards.hpp"

namespace troupe::algorithms {
namespace {

/// Which samples are trained on.
std::vector<std::size_t> trained_on(const TrainingProblem& problem, std::size_t samples) {
  return split_of(problem.data, samples).training;
}

std::size_t samples_to_train_on(const TrainingProblem& problem) {
  const std::size_t samples = shape_of_data(problem).samples;
  return holds_out(problem.data) ? trained_on(problem, samples).size() : samples;
}

/// Every shard draws from all samples.
bool deals_anew(const TrainingProblem& problem) { return problem.data.sampling == "distributed"; }

template <class T>
std::vector<T> those_of(const std::vector<T>& all, const std::vector<std::size_t>& samples) {
  std::vector<T> some;
  if (!all.empty())
    for (const std::size_t sample : samples) some.push_back(all[sample]);
  return some;
}

using Parts = std::vector<std::vector<std::size_t>>;

/// The samples of every shard, by their index in the data.
Parts parts_of(const TrainingProblem& problem, const Dataset& data, int shards) {
  const std::vector<std::size_t> training = trained_on(problem, data.samples);
  const std::string& partition = problem.data.partition;
  const auto keys = partition == "sorted" ? sorting_keys(data) : std::vector<double>{};
  const auto own_keys = those_of(keys, training);
  const auto labels = those_of(data.labels, training);
  Parts parts = shards_of(partition,
                          PartitionInput{.count = training.size(),
                                         .keys = own_keys,
                                         .labels = labels,
                                         .speeds = problem.speeds,
                                         .seed = problem.data.seed},
                          shards);
  for (auto& part : parts)
    for (std::size_t& sample : part) sample = training[sample];
  return parts;
}

std::vector<std::size_t> sizes_of(const Parts& parts) {
  std::vector<std::size_t> sizes;
  for (const auto& part : parts) sizes.push_back(part.size());
  return sizes;
}

/// How many samples each shard has, where there are no values to deal out.
std::vector<std::size_t> phantom_sizes(const TrainingProblem& problem, std::size_t samples,
                                       int shards) {
  if (problem.data.partition.starts_with("dirichlet"))
    return sizes_of(parts_of(problem, *load_dataset(problem), shards));
  if (problem.data.partition == "by_speed")
    return sizes_of(shards_of(problem.data.partition,
                              PartitionInput{.count = samples, .speeds = problem.speeds}, shards));
  std::vector<std::size_t> sizes;
  for (int shard = 0; shard < shards; ++shard) sizes.push_back(shard_size(samples, shard, shards));
  return sizes;
}

/// All samples that are trained on, as the model wants them.
Dataset all_prepared(const TrainingProblem& problem, const Model& model) {
  const auto data = load_dataset(problem);
  return model.prepared(subset(*data, trained_on(problem, data->samples)));
}

}  // namespace

Learner::Learner(const TrainingProblem& problem, int shard, int shards) : problem_{problem} {
  if (const std::string why = refusal_of_learner(problem, shards); !why.empty())
    throw BadInput(why);
  model_ = make_model(problem);
  judge_ = problem.judge ? problem.judge : std::make_shared<Judge>(problem);
  shape_ = shape_of_data(problem);
  shape_.samples = samples_to_train_on(problem);
  shape_.inputs = model_->features_of(shape_.inputs);
  const auto me = static_cast<std::size_t>(shard);
  std::vector<std::size_t> sizes;
  if (deals_anew(problem)) {
    const auto dealt = static_cast<std::size_t>(shards);
    sizes.assign(dealt, (shape_.samples + dealt - 1) / dealt);
    mine_ = problem.phantom ? std::make_unique<Samples>(problem, shape_, shape_.samples)
                            : std::make_unique<Samples>(problem, all_prepared(problem, *model_));
  } else if (problem.phantom) {
    sizes = phantom_sizes(problem, shape_.samples, shards);
    mine_ = std::make_unique<Samples>(problem, shape_, sizes[me]);
  } else {
    const auto data = load_dataset(problem);
    const Parts parts = parts_of(problem, *data, shards);
    sizes = sizes_of(parts);
    mine_ = std::make_unique<Samples>(problem, model_->prepared(subset(*data, parts[me])));
  }
  samples_ = sizes[me];
  for (const std::size_t size : sizes) shards_of_size_[size] += 1;
  sampler_.emplace(BatchSampler::Options{.order = problem.data.sampling,
                                         .batch = problem.batch,
                                         .drop_last = problem.data.drop_last,
                                         .seed = problem.seed,
                                         .shards = shards},
                   deals_anew(problem) ? shape_.samples : samples_, shard);
}
Learner::~Learner() = default;

double Learner::share() const {
  double all = 0;
  for (const auto& [size, count] : shards_of_size_)
    all += count * static_cast<double>(sampler_->size_of(sampler_->batches(), size));
  return static_cast<double>(sampler_->next_size()) / all;
}

void Learner::initialise(Communicator& comm, Slice parameters) const {
  model_->initialise(comm, parameters, SplitMix64{problem_.seed});
}

Batch Learner::whole() const { return mine_->all(); }

Batch Learner::next_batch(Communicator& comm) {
  if (problem_.batch == 0) return whole();
  return batch_of(comm, sampler_->next());
}

std::size_t Learner::skip_batch() { return sampler_->next().size(); }

Batch Learner::batch_of(Communicator& comm, std::span<const std::size_t> samples) {
  EXPECTS(!samples.empty(), "a batch has a sample at least");
  if (!drawn_ || drawn_->all().count < samples.size())
    drawn_ = std::make_unique<Samples>(problem_, shape_, samples.size());
  const auto part = [&](Slice room) {
    return room.first(room.size() / drawn_->all().count * samples.size());
  };
  const Slice inputs = part(drawn_->inputs()), targets = part(drawn_->targets());
  const auto gather = [&](Slice into, ConstSlice from) {
    compute(comm, Gather{into.size() / samples.size(), samples, into, from});
  };
  gather(inputs, whole().inputs);
  gather(targets, whole().targets);
  return {inputs, targets, samples.size()};
}

void Learner::gradient(Communicator& comm, ConstSlice parameters, double weight, Slice into,
                       const LayerReady& ready) {
  const std::int64_t batches = problem_.optimiser.accumulate;
  weight /= static_cast<double>(batches);
  model_->gradient(comm, parameters, next_batch(comm), weight, into,
                   batches == 1 ? ready : LayerReady{});
  for (std::int64_t batch = 2; batch <= batches; ++batch)
    add_gradient(comm, parameters, weight, into, batch == batches ? ready : LayerReady{});
}

void Learner::add_gradient(Communicator& comm, ConstSlice parameters, double weight, Slice into,
                           const LayerReady& ready) {
  if (one_batch_.slice().empty()) one_batch_ = make_buffer(problem_, size());
  const auto add = [&](std::size_t layer) {
    const Layer& part = layers()[layer];
    compute(comm, Axpy{1, one_batch_.slice().subslice(part.offset, part.count),
                       into.subslice(part.offset, part.count)});
    if (ready) ready(layer);
  };
  model_->gradient(comm, parameters, next_batch(comm), weight, one_batch_, add);
}

std::optional<Evaluation> Learner::evaluate(ConstSlice parameters) const {
  if (problem_.phantom || parameters.empty()) return std::nullopt;
  return judge_->evaluate(parameters);
}

std::span<const double> Learner::optimum() const {
  if (problem_.phantom) return {};
  return judge_->optimum();
}

std::string refusal_of_learner(const TrainingProblem& problem, int shards) {
  if (const std::string why = refusal_of_model(problem); !why.empty()) return why;
  if (const std::string why = refusal_of_partition(problem.data.partition); !why.empty())
    return why;
  if (const std::string why =
          refusal_of_choice("sampling order", problem.data.sampling, sampling_orders);
      !why.empty())
    return why;
  if (deals_anew(problem) && problem.data.partition != "strided")
    return "samples that are distributed anew each epoch have no partition: \"" +
           problem.data.partition + "\" given";
  if (deals_anew(problem) && problem.batch == 0)
    return "samples that are distributed anew each epoch come in batches: give a batch";
  if (problem.optimiser.accumulate > 1 && problem.batch == 0)
    return "gradients of batches are accumulated, but the batch is the whole shard";
  try {
    const std::size_t samples = samples_to_train_on(problem);
    if (samples < static_cast<std::size_t>(shards))
      return std::to_string(samples) + " samples cannot be cut into " + std::to_string(shards) +
             " shards";
    if (const std::string& partition = problem.data.partition;
        partition == "by_speed" || partition.starts_with("dirichlet"))
      phantom_sizes(problem, samples, shards);  // whether no shard is empty shows when it is cut
  } catch (const BadInput& unusable) {
    return unusable.what();
  }
  return {};
}

}  // namespace troupe::algorithms
