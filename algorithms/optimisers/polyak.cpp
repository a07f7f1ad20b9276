#include "algorithms/optimisers/polyak.hpp"

#include <cmath>

#include "algorithms/models/model.hpp"

namespace troupe::algorithms {
namespace {

class Averaged final : public Optimiser {
 public:
  Averaged(const TrainingProblem& problem, std::size_t size)
      : rate_{problem.optimiser.rate},
        decay_{problem.optimiser[Polyak::decay]},
        power_{problem.optimiser[Polyak::power]},
        from_{problem.optimiser[Polyak::average_from]},
        average_{make_buffer(problem, size)} {}

  void step(Communicator& comm, Slice gradient, Slice parameters, double factor) override {
    const auto k = static_cast<double>(steps_);
    const double rate = rate_ * std::pow(1 + decay_ * rate_ * k, -power_);
    compute(comm, Axpy{-rate * factor, gradient, parameters});
    const std::int64_t averaged = ++steps_ - from_;
    if (averaged == 1) compute(comm, Copy{average_, parameters});
    if (averaged > 1)
      compute(comm, Interpolate{1 / static_cast<double>(averaged), parameters, average_});
  }
  ConstSlice estimate(ConstSlice parameters) const override {
    return steps_ > from_ ? average_ : parameters;
  }
  std::vector<Slice> state() const override {
    return steps_ > from_ ? std::vector{average_.slice()} : std::vector<Slice>{};
  }

 private:
  double rate_, decay_, power_;
  std::int64_t from_;
  Buffer average_;
  std::int64_t steps_ = 0;
};

}  // namespace

std::unique_ptr<Optimiser> Polyak::make(const TrainingProblem& problem, std::size_t size) {
  return std::make_unique<Averaged>(problem, size);
}

}  // namespace troupe::algorithms
