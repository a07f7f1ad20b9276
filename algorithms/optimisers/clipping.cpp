#include "algorithms/optimisers/clipping.hpp"

#include <cmath>

#include "algorithms/models/model.hpp"

namespace troupe::algorithms {
namespace {

class Bounded final : public Optimiser {
 public:
  Bounded(std::unique_ptr<Optimiser> optimiser, double longest)
      : optimiser_{std::move(optimiser)}, longest_{longest} {}

  void step(Communicator& comm, Slice gradient, Slice parameters, double factor) override {
    clip(comm, longest_, gradient);
    optimiser_->step(comm, gradient, parameters, factor);
  }
  ConstSlice estimate(ConstSlice parameters) const override {
    return optimiser_->estimate(parameters);
  }
  std::vector<Slice> state() const override { return optimiser_->state(); }

 private:
  std::unique_ptr<Optimiser> optimiser_;
  double longest_;
};

}  // namespace

void clip(Communicator& comm, double longest, Slice gradient) {
  const auto n = static_cast<double>(gradient.size());
  compute(comm, Opaque{.reads = {gradient},
                       .writes = {gradient},
                       .work = {Flops{3 * n}, Bytes{3 * gradient.size_bytes()}},
                       .body = [&] {
                         double squares = 0;
                         for (const double g : to_doubles(gradient)) squares += g * g;
                         const double norm = std::sqrt(squares);
                         if (norm > longest) run_on_host(Scale{longest / norm, gradient});
                       }});
}

std::unique_ptr<Optimiser> bounded(std::unique_ptr<Optimiser> optimiser,
                                   std::optional<double> longest) {
  if (!longest) return optimiser;
  return std::make_unique<Bounded>(std::move(optimiser), *longest);
}

}  // namespace troupe::algorithms
