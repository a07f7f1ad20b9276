#pragma once
// One rank's share of a training problem: the model, and the samples of one shard. What a strategy
// asks for gradients.

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "algorithms/data/sampler.hpp"
#include "algorithms/judge.hpp"
#include "algorithms/models/model.hpp"

namespace troupe::algorithms {

/// The samples of a shard are kept as columns, so that a batch is a gather of columns and the whole
/// shard is no copy.
class Learner {
 public:
  /// Shard `shard` of `shards` of the problem's data. Throws BadInput for what refusal_of_learner
  /// names.
  Learner(const TrainingProblem& problem, int shard, int shards);
  ~Learner();

  Model& model() { return *model_; }
  const Model& model() const { return *model_; }
  /// How many parameters there are.
  std::size_t size() const { return model_->size(); }
  std::span<const Layer> layers() const { return model_->layers(); }
  /// How many samples this shard has, and all shards together.
  std::size_t samples() const { return samples_; }
  /// Batches that make an epoch of this shard, at least 1.
  std::size_t batches_per_epoch() const { return sampler_->batches_per_epoch(); }
  std::size_t samples_of_all() const { return shape_.samples; }
  /// The samples of this shard's next gradient, as a part of those of all shards': the weights with
  /// which the gradients of the shards add up to that of the whole. They sum to 1.
  double share() const;

  /// Starting values, the same on every shard.
  void initialise(Communicator& comm, Slice parameters) const;
  /// The next batch: the whole shard, or samples drawn as data.sampling says. Valid until the next
  /// call of next_batch or batch_of.
  Batch next_batch(Communicator& comm);
  /// Draws the next batch without gathering it; how many samples it has.
  std::size_t skip_batch();
  /// The given samples of this shard (where samples are distributed: of all), by their index in it.
  Batch batch_of(Communicator& comm, std::span<const std::size_t> samples);
  /// The whole shard; where samples are distributed, all samples.
  Batch whole() const;
  /// `into` ← weight · gradient at `parameters` of the mean loss of the next batch, or of the next
  /// problem.optimiser.accumulate batches: the mean of their gradients, and `ready` is told during
  /// the last of them.
  void gradient(Communicator& comm, ConstSlice parameters, double weight, Slice into,
                const LayerReady& ready = {});

  /// Off the clock and without messages; nothing for phantom or empty parameters.
  std::optional<Evaluation> evaluate(ConstSlice parameters) const;
  /// x* over the samples of all shards, likewise; nothing where the model does not know it.
  std::span<const double> optimum() const;

 private:
  /// The same for one more batch, added to what is there.
  void add_gradient(Communicator& comm, ConstSlice parameters, double weight, Slice into,
                    const LayerReady& ready);

  TrainingProblem problem_;
  std::unique_ptr<Model> model_;
  DataShape shape_;      // of all samples, prepared
  std::size_t samples_;  // of the shard
  std::unique_ptr<Samples> mine_, drawn_;
  std::map<std::size_t, double> shards_of_size_;  // how many shards have so many samples
  Buffer one_batch_;                              // its gradient, where several are accumulated
  std::optional<BatchSampler> sampler_;
  std::shared_ptr<Judge> judge_;
};

/// Why no learner can be made of the problem on so many shards, or empty.
std::string refusal_of_learner(const TrainingProblem& problem, int shards);

}  // namespace troupe::algorithms
