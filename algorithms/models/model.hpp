#pragma once
// A model as mathematics: parameters, and gradients of the mean loss of a batch. It knows no ranks
// and no files; learner.hpp gives it the samples of one rank. Strategies that need no more than
// gradients train any model; those that need more (zero_gradient_sum: the Hessian) name the model
// they need.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "algorithms/data/data_kinds.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"
#include "core/random.hpp"

namespace troupe::algorithms {

/// Samples as columns. `inputs` are features × count in the dtype of the model; `targets` are
/// outputs × count in that dtype, or count labels in int32.
struct Batch {
  ConstSlice inputs, targets;
  std::size_t count = 0;
};

/// The part [offset, offset + count) of all parameters.
struct Layer {
  std::string name;
  std::size_t offset = 0, count = 0;
};

/// Told which layer's part of a gradient is final.
using LayerReady = std::function<void(std::size_t layer)>;

/// What parameters are worth on some samples.
struct Score {
  double loss = 0;                   ///< the mean over the samples, regulariser included
  std::optional<double> accuracy{};  ///< share of right answers, of classifiers
};

/// What parameters are worth, over the samples of all shards.
struct Evaluation {
  double loss = 0;                   ///< F(x)
  std::optional<double> gap{};       ///< F(x) − F(x*), where the optimum is known
  std::optional<double> error{};     ///< ‖x − x*‖ / ‖x*‖, likewise
  std::optional<double> accuracy{};  ///< share of right answers, of classifiers
  std::optional<double> held_out_loss{}, held_out_accuracy{};  ///< on samples nobody trains on
};

/// Judges parameters off the clock, without messages.
class Evaluator {
 public:
  virtual ~Evaluator() = default;
  /// Of parameters in the memory of the problem it was made for. EXPECTS values.
  virtual Evaluation evaluate(ConstSlice parameters) const = 0;
  /// x*, where it is known.
  virtual std::span<const double> optimum() const { return {}; }
};

class Model {
 public:
  virtual ~Model() = default;
  /// How many parameters there are.
  virtual std::size_t size() const = 0;
  /// From the input to the output: a disjoint cover of the parameters.
  virtual std::span<const Layer> layers() const = 0;
  /// Starting values, drawn from `draws`.
  virtual void initialise(Communicator& comm, Slice parameters, SplitMix64 draws) const = 0;
  /// `into` ← weight · gradient at `parameters` of the mean loss of the batch, regulariser
  /// included. Calls `ready`, where given, as soon as a layer's part is final, the last layer
  /// first.
  virtual void gradient(Communicator& comm, ConstSlice parameters, const Batch& batch,
                        double weight, Slice into, const LayerReady& ready = {}) = 0;
  /// Off the clock, where the values are: parameters and batch in one memory. EXPECTS values.
  virtual Score score(ConstSlice parameters, const Batch& batch) const = 0;
  /// By all samples, already prepared: their score, unless the model knows more (its optimum).
  virtual std::unique_ptr<Evaluator> evaluator(const TrainingProblem& problem,
                                               Dataset samples) const;

  /// The samples as this model wants them: computed features instead of raw inputs, say. Done once,
  /// off the clock.
  virtual Dataset prepared(const Dataset& samples) const { return samples; }
  /// How many features a prepared sample has.
  virtual std::size_t features_of(std::size_t inputs) const { return inputs; }
  /// How many values one sample leaves on its way forwards, for the way back; none where a model
  /// has no layers to keep them for.
  virtual std::size_t activations() const { return 0; }
};

struct ModelKind {
  Kind kind;
  std::unique_ptr<Model> (*make)(const TrainingProblem&, const DataShape&);
  /// Empty if it can be made and fitted to samples of that shape, else why not.
  std::string (*refusal)(const TrainingProblem&, const DataShape&);
};

std::span<const ModelKind> model_kinds();
/// The kinds alone, for those who read scenarios.
std::span<const Kind> kinds_of_models();

/// The model of the problem. Throws BadInput for kinds nobody knows (with the nearest name) and for
/// what refusal_of_model names.
std::unique_ptr<Model> make_model(const TrainingProblem& problem);
/// Why no model can be made of the problem and fitted to its data, or empty.
std::string refusal_of_model(const TrainingProblem& problem);

/// Samples in memory of their own, in the problem's dtype and memory, phantom where it is.
class Samples {
 public:
  /// Not initialised: `count` samples of that shape.
  Samples(const TrainingProblem& problem, const DataShape& shape, std::size_t count);
  /// The values of a prepared data set.
  Samples(const TrainingProblem& problem, const Dataset& values);
  Batch all() const { return {inputs_, targets_, count_}; }
  Slice inputs() const { return inputs_; }
  Slice targets() const { return targets_; }

 private:
  std::size_t count_;
  Buffer inputs_, targets_;
};

/// Values of the problem's dtype in its memory, phantom where it is. Not initialised.
Buffer make_buffer(const TrainingProblem& problem, std::size_t count);

/// The values of a slice of float32 or float64 as double; none of a phantom one.
std::vector<double> to_doubles(ConstSlice values);

/// ‖a − b‖ / ‖a‖ off the clock; nothing for phantom values. ‖a − b‖ where a is zero.
std::optional<double> relative_distance(ConstSlice a, ConstSlice b);

}  // namespace troupe::algorithms
