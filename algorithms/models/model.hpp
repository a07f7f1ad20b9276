#pragma once
// A model as a strategy sees it: one shard of the data and a way to differentiate on it. Strategies
// that need no more than gradients train any model; those that need more (zero_gradient_sum: the
// Hessian) name the model they need.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What parameters are worth, over the samples of all shards.
struct Evaluation {
  double loss = 0;                ///< F(x)
  std::optional<double> gap{};    ///< F(x) − F(x*), where the optimum is known
  std::optional<double> error{};  ///< ‖x − x*‖ / ‖x*‖, likewise
};

class Model {
 public:
  virtual ~Model() = default;
  /// How many parameters there are.
  virtual std::size_t size() const = 0;
  /// The samples of this shard's next gradient, as a part of those of all shards': the weights with
  /// which the gradients of the shards add up to that of the whole. They sum to 1.
  virtual double share() const = 0;
  /// Starting values, the same on every shard.
  virtual void initialise(Communicator& comm, Slice parameters) = 0;
  /// `into` = weight · gradient at `parameters` of the mean loss of this shard's next batch.
  virtual void gradient(Communicator& comm, ConstSlice parameters, double weight, Slice into) = 0;
  /// Off the clock and without messages; nothing for phantom parameters.
  virtual std::optional<Evaluation> evaluate(ConstSlice parameters) const = 0;
};

/// The model of the problem with shard `shard` of `shards` of its data. Throws BadInput for kinds
/// nobody knows (with the nearest name) and for sizes that cannot be.
std::unique_ptr<Model> make_model(const TrainingProblem& problem, int shard, int shards);

/// Why no model can be made of the problem on so many shards, or empty.
std::string refusal_of_model(const TrainingProblem& problem, int shards);

/// Values of the problem's dtype in its memory, phantom where it is. Not initialised.
Buffer make_buffer(const TrainingProblem& problem, std::size_t count);

/// The values of a slice of float32 or float64 as double; none of a phantom one.
std::vector<double> to_doubles(ConstSlice values);

/// ‖a − b‖ / ‖a‖ off the clock; nothing for phantom values. ‖a − b‖ where a is zero.
std::optional<double> relative_distance(ConstSlice a, ConstSlice b);

}  // namespace troupe::algorithms
