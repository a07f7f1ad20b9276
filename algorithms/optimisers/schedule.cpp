#include "algorithms/optimisers/schedule.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace troupe::algorithms {
namespace {

constexpr Whole warm_up{.name = "warm_up", .help = "steps in which the rate grows from nothing"};
constexpr Whole every{
    .name = "every", .fallback = 1000, .least = 1, .help = "steps at one and the same rate"};
constexpr Number drop{
    .name = "factor", .fallback = 0.1, .help = "of one rate by the one before it"};
constexpr Number decay{
    .name = "decay", .fallback = 1e-3, .help = "lambda of (1 + lambda k)^-power"};
constexpr Number power{.name = "power", .fallback = 1, .help = "of (1 + decay k)^-power"};
constexpr Whole over{
    .name = "over", .fallback = 1000, .least = 1, .help = "steps until the least rate"};
constexpr Number least{
    .name = "least", .most = 1, .help = "the last rate, as a part of the first one"};

constexpr std::array<AnySetting, 1> of_constant{&warm_up};
constexpr std::array<AnySetting, 3> of_step{&every, &drop, &warm_up};
constexpr std::array<AnySetting, 3> of_inverse_time{&decay, &power, &warm_up};
constexpr std::array<AnySetting, 3> of_cosine{&over, &least, &warm_up};

constexpr std::array<Kind, 4> kinds{{
    {.name = "constant", .summary = "one rate", .settings = of_constant},
    {.name = "step", .summary = "multiplied by a factor now and then", .settings = of_step},
    {.name = "inverse_time", .summary = "(1 + decay k)^-power", .settings = of_inverse_time},
    {.name = "cosine", .summary = "half a wave down to the least rate", .settings = of_cosine},
}};

double factor_without_warm_up(const Choice& schedule, std::int64_t step) {
  const auto k = static_cast<double>(step);
  if (schedule.kind() == "step")
    return std::pow(schedule[drop], static_cast<double>(step / schedule[every]));
  if (schedule.kind() == "inverse_time") return std::pow(1 + schedule[decay] * k, -schedule[power]);
  if (schedule.kind() == "cosine") {
    const double part = std::min(1.0, k / static_cast<double>(schedule[over]));
    const double wave = (1 + std::cos(std::numbers::pi * part)) / 2;
    return schedule[least] + (1 - schedule[least]) * wave;
  }
  EXPECTS(schedule.kind() == "constant", "one of the kinds of schedules");
  return 1;
}

class Scheduled final : public Optimiser {
 public:
  Scheduled(std::unique_ptr<Optimiser> optimiser, const Choice& schedule)
      : optimiser_{std::move(optimiser)}, schedule_{schedule} {}

  void step(Communicator& comm, Slice gradient, Slice parameters, double factor) override {
    optimiser_->step(comm, gradient, parameters, factor * factor_of_schedule(schedule_, steps_++));
  }
  ConstSlice estimate(ConstSlice parameters) const override {
    return optimiser_->estimate(parameters);
  }
  std::vector<Slice> state() const override { return optimiser_->state(); }

 private:
  std::unique_ptr<Optimiser> optimiser_;
  Choice schedule_;
  std::int64_t steps_ = 0;
};

}  // namespace

std::span<const Kind> kinds_of_schedules() { return kinds; }

double factor_of_schedule(const Choice& schedule, std::int64_t k) {
  const auto warm = static_cast<double>(schedule[warm_up]), done = static_cast<double>(k + 1);
  return factor_without_warm_up(schedule, k) * (done < warm ? done / warm : 1);
}

std::unique_ptr<Optimiser> scheduled(std::unique_ptr<Optimiser> optimiser, const Choice& schedule) {
  return std::make_unique<Scheduled>(std::move(optimiser), schedule);
}

}  // namespace troupe::algorithms
