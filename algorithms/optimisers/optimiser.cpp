#include "algorithms/optimisers/optimiser.hpp"

#include <algorithm>
#include <array>

namespace troupe::algorithms {
namespace {

/// x ← x − η g (Robbins and Monro 1951)
class GradientDescent final : public Optimiser {
 public:
  explicit GradientDescent(double rate) : rate_{rate} {}
  void step(Communicator& comm, Slice gradient, Slice parameters, double factor) override {
    compute(comm, Axpy{-rate_ * factor, gradient, parameters});
  }

 private:
  double rate_;
};

std::unique_ptr<Optimiser> make_gradient_descent(const TrainingProblem& problem, std::size_t) {
  return std::make_unique<GradientDescent>(problem.optimiser.rate);
}

constexpr std::array table{
    OptimiserKind{.kind = {.name = "sgd", .summary = "x <- x - rate g"},
                  .make = make_gradient_descent},
};

constexpr auto kinds = [] {
  std::array<Kind, table.size()> names{};
  std::ranges::transform(table, names.begin(), &OptimiserKind::kind);
  return names;
}();

}  // namespace

std::span<const OptimiserKind> optimiser_kinds() { return table; }
std::span<const Kind> kinds_of_optimisers() { return kinds; }

std::unique_ptr<Optimiser> make_optimiser(const TrainingProblem& problem, std::size_t size) {
  find_kind("optimiser", problem.optimiser.kind(), kinds);
  return std::ranges::find(table, problem.optimiser.kind(),
                           [](const OptimiserKind& line) { return line.kind.name; })
      ->make(problem, size);
}

}  // namespace troupe::algorithms
