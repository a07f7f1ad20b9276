#include "algorithms/zero_gradient_sum/continuous.hpp"

#include "algorithms/zero_gradient_sum/convex_node.hpp"
#include "algorithms/zero_gradient_sum/triangle.hpp"

namespace troupe::algorithms {
namespace {

/// The right-hand side of the equation: what moves a node at some place.
class Field {
 public:
  Field(Communicator& comm, const TrainingProblem& problem, ConvexNode& node,
        Neighbourhood& neighbours)
      : comm_{comm},
        node_{node},
        neighbours_{neighbours},
        kind_{interaction_named(problem.strategy[Continuous::interaction])} {
    if (kind_ != Interaction::quadratic) return;
    const Buffer mine = make_buffer(problem, node.size() * node.size());
    node.f().hessian(node.x(), mine);
    matrices_ = mean_with_neighbours(comm, problem, node.size(), mine);
  }

  /// into ← ∇²f_i(x)⁻¹ Σ_j a_ij φ_ij(x, x_j). Takes part in one exchange.
  void operator()(ConstSlice x, Slice into) {
    neighbours_.exchange(++exchanges_, x);
    compute(comm_, Fill{0, into});
    for (std::size_t j = 0; j < neighbours_.count(); ++j) {
      const auto& [other, weight] = neighbours_.neighbours()[j];
      add_interaction(comm_, kind_, weight, comm_.rank() < other, x, neighbours_.theirs(j),
                      matrices_.empty() ? ConstSlice{} : ConstSlice{matrices_[j]}, into);
    }
    node_.f().solve_hessian(x, 0, into);
  }

 private:
  Communicator& comm_;
  ConvexNode& node_;
  Neighbourhood& neighbours_;
  Interaction kind_;
  std::vector<Buffer> matrices_;  // A_ij of quadratic, by neighbour
  std::int64_t exchanges_ = 0;
};

/// x ← x + h (k_1 + 2 k_2 + 2 k_3 + k_4)/6, or of Euler x + h k_1.
class Integrator {
 public:
  Integrator(Communicator& comm, const TrainingProblem& problem, std::size_t size, Field& field)
      : comm_{comm},
        field_{field},
        euler_{problem.strategy[Continuous::integrator] == "euler"},
        slope_{make_buffer(problem, size)},
        place_{make_buffer(problem, size)},
        sum_{make_buffer(problem, size)} {}

  void step(double h, Slice x) {
    field_(x, slope_);
    if (euler_) return compute(comm_, Axpy{h, slope_, x});
    compute(comm_, Copy{sum_, slope_});
    for (const auto& [ahead, weight] : {std::pair{h / 2, 2.0}, {h / 2, 2.0}, {h, 1.0}}) {
      compute(comm_, Copy{place_, x});
      compute(comm_, Axpy{ahead, slope_, place_});
      field_(place_, slope_);
      compute(comm_, Axpy{weight, slope_, sum_});
    }
    compute(comm_, Axpy{h / 6, sum_, x});
  }

 private:
  Communicator& comm_;
  Field& field_;
  bool euler_;
  Buffer slope_, place_, sum_;
};

/// |φ_ij| ≤ |x_i − x_j|, so that what is stable for the linear interaction is.
bool pulls_at_most_linearly(const TrainingProblem& problem) {
  const Interaction kind = interaction_named(problem.strategy[Continuous::interaction]);
  return kind != Interaction::gradient && kind != Interaction::quadratic;
}

}  // namespace

/// Zero-gradient-sum in continuous time (Lu and Tang, IEEE TAC 57(9), 2012, §III), from the local
/// optima:
///   ẋ_i = ∇²f_i(x_i)⁻¹ Σ_{j ∈ N_i} a_ij φ_ij(x_i, x_j)
///   d/dt Σ ∇f_i(x_i) = Σ_i Σ_j a_ij φ_ij = 0, so that Lyapunov's function falls:
///   dV/dt = ½ Σ_i Σ_j a_ij (x_i − x_j)ᵀφ_ij
///   a step: deg(i) messages of M each way with Euler, four times as many with Runge–Kutta
///   linear φ on quadratics: stable iff h < 2/μ_max with Euler, 2.785294/μ_max with Runge–Kutta
///
///     x_1 ●─── φ_12 ──► ◄── φ_21 = −φ_12 ───● x_2       springs between the estimates, each node
///                                                       with its own inertia ∇²f_i
void continuous_zero_gradient_sum(Communicator& comm, const TrainingProblem& problem,
                                  TrainingLog& log) {
  ConvexNode node{comm, problem, log};
  Neighbourhood neighbours{comm, problem, node.size(), estimates};
  const bool euler = problem.strategy[Continuous::integrator] == "euler";
  const double h = node.step(neighbours, euler ? 1 : 2.785294 / 2, pulls_at_most_linearly(problem));
  Field field{comm, problem, node, neighbours};
  Integrator integrator{comm, problem, node.size(), field};

  node.done({});
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    Figures figures{.step = ++step};
    integrator.step(h, node.x());
    if (node.is_due(step)) figures.disagreement = neighbours.largest_distance(node.x());
    if (node.done(figures)) break;
  }
  node.finish(step);
}

std::string refusal_of_continuous(const TrainingProblem& problem, int ranks) {
  if (const std::string why = refusal_of_convex_nodes(problem, ranks); !why.empty()) return why;
  const std::string interaction = problem.strategy[Continuous::interaction];
  const bool adds_up =
      interaction == "linear" || interaction == "gradient";  // over what is balanced
  if (!adds_up && Graph{problem.graph, ranks}.is_directed())
    return "interaction \"" + interaction +
           "\" is for graphs with edges, where one end loses what the other gains; \"" +
           problem.graph.kind + "\" has arrows";
  return {};
}

}  // namespace troupe::algorithms
