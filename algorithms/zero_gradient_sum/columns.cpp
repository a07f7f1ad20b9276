#include "algorithms/zero_gradient_sum/columns.hpp"

#include "algorithms/allgather/allgather.hpp"
#include "algorithms/models/off_the_clock.hpp"
#include "algorithms/neighbourhood.hpp"
#include "algorithms/reporter.hpp"
#include "algorithms/zero_gradient_sum/column_shard.hpp"
#include "algorithms/zero_gradient_sum/dual_steps.hpp"
#include "algorithms/zero_gradient_sum/step_limit.hpp"

namespace troupe::algorithms {
namespace {

/// The step stated or a safe one; rank 0 notes a stated one that may be too long.
double step_of(Communicator& comm, const TrainingProblem& problem, const ColumnShard& shard,
               const Neighbourhood& neighbours, TrainingLog& log) {
  const double laplacian = neighbours.laplacian_bound();
  const double limit = laplacian > 0 ? 2 * shard.convexity() / laplacian : 0;
  const double stated = problem.optimiser.rate;
  if (stated == 0) return 0.9 * limit;
  if (const std::string what = problem.strategy[StatedStep::rate_is]; what != "itself") {
    double unit = 0;  // what rank 0 computes, all learn
    if (comm.rank() == 0) {
      const DualSteps steps = problem.phantom ? DualSteps{1, 1} : dual_steps(problem, comm.size());
      unit = what == "share_of_best" ? steps.best : steps.largest;
      log.note(stated_as_share(stated, what, unit));
    }
    return stated * agreed(comm, Op::sum, unit);
  }
  if (limit > 0 && stated >= limit && comm.rank() == 0 && !problem.phantom)
    log.note(beyond_certainty(stated, limit));
  return stated;
}

/// This rank's ∇f_i(λ), off the clock; none of sizes alone.
std::vector<double> gradient_of(const ColumnShard& shard, ConstSlice lambda) {
  if (lambda.is_phantom()) return {};
  OffTheClock alone;
  const Scratch slope{lambda, lambda.size()};
  shard.gradient(alone, lambda, slope.all());
  return to_doubles(slope.all());
}

}  // namespace

/// Zero-gradient-sum over columns, on the dual: the vector all ranks agree on is λ, one value a
/// sample, λ = y − Hw at the optimum of least squares. With d_i = ∇f_i(λ_i):
///   d_i ← 0, λ_i ← (∇f_i)⁻¹(0)
///   d_i ← d_i + γ Σ_{j ∈ N_i} a_ij (λ_j − λ_i);  λ_i ← (∇f_i)⁻¹(d_i);  w_i = H_iᵀλ_i/σ
///   converges for γ < 2θ/λmax(𝕃), θ = 1/V the curvature of ℓ*/V
///   a step: deg(i) messages of N values each way · an evaluation: one allgather of the w_i
///
///             ┌─ H_1 ─┬─ H_2 ─┬─ H_3 ─┐
///     sample  │ rank  │ rank  │ rank  │  y        nobody sees the others' columns or weights,
///     n       │  1    │  2    │  3    │           only their idea of the residuals
void column_zero_gradient_sum(Communicator& comm, const TrainingProblem& problem,
                              TrainingLog& log) {
  ColumnShard shard{problem, comm.rank(), comm.size()};
  const std::size_t size = shard.samples();
  Neighbourhood neighbours{comm, problem, size, estimates};
  Reporter reporter{comm, problem, shard.whole(), log, problem.stop.steps};
  const double gamma = step_of(comm, problem, shard, neighbours, log);
  const Buffer lambda = make_buffer(problem, size), d = make_buffer(problem, size),
               pull = make_buffer(problem, size);

  const Buffer mine = make_buffer(problem, shard.columns());
  const Buffer w = make_buffer(problem, shard.whole().size());
  const auto report = [&](Figures figures) {
    if (!reporter.is_due(figures.step)) return reporter.report(figures, w);
    shard.parameters(comm, lambda, mine);
    const Slice my_block = Partition{w, comm.size()}[comm.rank()];
    compute(comm, Copy{my_block, mine});
    ring_allgather(comm, my_block, w);
    if (problem.evaluate_on == "all") figures.lyapunov = shard.divergence(lambda);
    return reporter.report(figures, w, gradient_of(shard, lambda));
  };

  compute(comm, Fill{0, d});
  shard.initialise(comm, lambda);
  shard.solve(comm, d, lambda);
  report({});
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    Figures figures{.step = ++step};
    neighbours.exchange(step, lambda);
    if (reporter.is_due(step)) figures.disagreement = neighbours.largest_distance(lambda);
    neighbours.differences(lambda, pull);
    compute(comm, Axpy{gamma, pull, d});
    shard.solve(comm, d, lambda);
    const bool enough = report(figures);
    if (reporter.is_check(step) && agreed(comm, Op::min, enough) > 0) break;
  }
  reporter.finish(step, w);
}

std::string refusal_of_columns(const TrainingProblem& problem, int ranks) {
  if (const std::string why = refusal_of_graph(problem.graph, ranks); !why.empty()) return why;
  if (const std::string why = refusal_of_column_shards(problem, ranks); !why.empty()) return why;
  if (problem.strategy[StatedStep::rate_is] == "itself" || problem.optimiser.rate == 0) return {};
  return refusal_of_dual_steps(problem, ranks);
}

}  // namespace troupe::algorithms
