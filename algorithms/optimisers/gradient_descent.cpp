#include "algorithms/optimisers/gradient_descent.hpp"

namespace troupe::algorithms {
namespace {

class GradientDescent final : public Optimiser {
 public:
  explicit GradientDescent(double rate) : rate_{rate} {}

  void step(Communicator& comm, Slice gradient, Slice parameters, double factor) override {
    compute(comm, Axpy{-rate_ * factor, gradient, parameters});
  }

 private:
  double rate_;
};

}  // namespace

std::unique_ptr<Optimiser> make_gradient_descent(const TrainingProblem& problem, std::size_t) {
  return std::make_unique<GradientDescent>(problem.optimiser.rate);
}

}  // namespace troupe::algorithms
