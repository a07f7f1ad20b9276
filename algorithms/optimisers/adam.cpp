#include "algorithms/optimisers/adam.hpp"

#include "algorithms/models/model.hpp"

namespace troupe::algorithms {
namespace {

class WithMoments final : public Optimiser {
 public:
  WithMoments(const TrainingProblem& problem, std::size_t size, double weight_decay)
      : settings_{.rate = problem.optimiser.rate,
                  .beta1 = problem.optimiser[Adam::beta1],
                  .beta2 = problem.optimiser[Adam::beta2],
                  .epsilon = problem.optimiser[Adam::epsilon],
                  .weight_decay = weight_decay,
                  .step = 0},
        mean_{make_buffer(problem, size)},
        squares_{make_buffer(problem, size)} {}

  void step(Communicator& comm, Slice gradient, Slice parameters, double factor) override {
    if (settings_.step++ == 0) {
      compute(comm, Fill{0, mean_});
      compute(comm, Fill{0, squares_});
    }
    AdamStep step = settings_;
    step.rate *= factor;
    step.gradient = gradient;
    step.mean = mean_;
    step.squares = squares_;
    step.parameters = parameters;
    compute(comm, step);
  }
  std::vector<Slice> state() const override {
    if (settings_.step == 0) return {};
    return {mean_, squares_};
  }

 private:
  AdamStep settings_;  // without operands; step: how many were taken
  Buffer mean_, squares_;
};

}  // namespace

std::unique_ptr<Optimiser> Adam::make(const TrainingProblem& problem, std::size_t size) {
  return std::make_unique<WithMoments>(problem, size, 0);
}
std::unique_ptr<Optimiser> AdamW::make(const TrainingProblem& problem, std::size_t size) {
  return std::make_unique<WithMoments>(problem, size, problem.optimiser[weight_decay]);
}

}  // namespace troupe::algorithms
