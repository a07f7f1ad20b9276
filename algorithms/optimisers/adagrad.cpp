#include "algorithms/optimisers/adagrad.hpp"

#include "algorithms/models/model.hpp"

namespace troupe::algorithms {
namespace {

class WithSquares final : public Optimiser {
 public:
  WithSquares(const TrainingProblem& problem, std::size_t size)
      : rate_{problem.optimiser.rate},
        epsilon_{problem.optimiser[AdaGrad::epsilon]},
        squares_{make_buffer(problem, size)} {}

  void step(Communicator& comm, Slice gradient, Slice parameters, double factor) override {
    if (!begun_) compute(comm, Fill{0, squares_});
    begun_ = true;
    compute(comm, AdaGradStep{.rate = rate_ * factor,
                              .epsilon = epsilon_,
                              .gradient = gradient,
                              .squares = squares_,
                              .parameters = parameters});
  }
  std::vector<Slice> state() const override {
    return begun_ ? std::vector{squares_.slice()} : std::vector<Slice>{};
  }

 private:
  double rate_, epsilon_;
  Buffer squares_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<Optimiser> AdaGrad::make(const TrainingProblem& problem, std::size_t size) {
  return std::make_unique<WithSquares>(problem, size);
}

}  // namespace troupe::algorithms
