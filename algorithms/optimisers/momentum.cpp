#include "algorithms/optimisers/momentum.hpp"

#include "algorithms/models/model.hpp"

namespace troupe::algorithms {
namespace {

class WithMomentum final : public Optimiser {
 public:
  WithMomentum(const TrainingProblem& problem, std::size_t size)
      : rate_{problem.optimiser.rate},
        momentum_{problem.optimiser[Momentum::momentum]},
        dampening_{problem.optimiser[Momentum::form] == "ema" ? momentum_ : 0},
        nesterov_{problem.optimiser[Momentum::nesterov]},
        velocity_{make_buffer(problem, size)} {}

  void step(Communicator& comm, Slice gradient, Slice parameters, double factor) override {
    if (!begun_) compute(comm, Fill{0, velocity_});
    begun_ = true;
    compute(comm, MomentumStep{.rate = rate_ * factor,
                               .momentum = momentum_,
                               .dampening = dampening_,
                               .nesterov = nesterov_,
                               .gradient = gradient,
                               .velocity = velocity_,
                               .parameters = parameters});
  }
  std::vector<Slice> state() const override {
    return begun_ ? std::vector{velocity_.slice()} : std::vector<Slice>{};
  }

 private:
  double rate_, momentum_, dampening_;
  bool nesterov_;
  Buffer velocity_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<Optimiser> Momentum::make(const TrainingProblem& problem, std::size_t size) {
  return std::make_unique<WithMomentum>(problem, size);
}

}  // namespace troupe::algorithms
