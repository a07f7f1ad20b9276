#pragma once
// The published problem of zero-gradient-sum as a whole, with Eigen: 10,000 samples of sin(x)/x
// without noise, strided over 10 nodes, 20 Gaussians, σ_i = 0.1. What its strategies are tested
// against.

#include <Eigen/Eigenvalues>

#include <map>
#include <string>
#include <vector>

#include "algorithms/graph.hpp"
#include "algorithms/models/least_squares.hpp"
#include "algorithms/zero_gradient_sum/step_limit.hpp"
#include "tests/families/worlds.hpp"

namespace troupe::algorithms {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using States = std::map<Rank, std::vector<double>>;

inline const std::vector<std::pair<Rank, Rank>> random_edges{
    {0, 9}, {1, 8}, {2, 6}, {2, 7}, {2, 9}, {3, 4}, {3, 5}, {3, 8}, {4, 7}, {4, 9}, {7, 8}};
/// A directed ring, i hears i − 1, with three arrows more: not balanced.
inline const std::vector<std::pair<Rank, Rank>> unbalanced_arrows{
    {9, 0}, {0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 6},
    {6, 7}, {7, 8}, {8, 9}, {0, 5}, {2, 7}, {8, 3}};

/// The quadratics of all nodes and the optimum of their sum.
struct QuadraticNetwork {
  std::vector<Matrix> matrices;
  std::vector<Vector> vectors;
  Vector optimum;

  QuadraticNetwork(const TrainingProblem& problem, int nodes);

  /// V = Σ_i ½ (w* − w_i)ᵀ A_i (w* − w_i), Lyapunov's function on quadratics.
  double lyapunov(const States& states) const;
  /// ‖Σ_i (A_i w_i − b_i)‖ / Σ_i ‖b_i‖
  double gradient_sum(const States& states) const;
  /// Σ_i (A_i w_i − b_i)
  Vector gradients(const States& states) const;
  /// (Σ A_i)⁻¹ Σ A_i w_i: where the estimates will meet.
  Vector meeting_point(const States& states) const;
  /// θ and Θ: the least and the largest eigenvalue of all A_i.
  std::pair<double, double> convexity() const;
  /// The non-zero eigenvalues of A⁻¹ times the Laplacian with these matrices on its edges, of a
  /// graph with edges, in rising order.
  std::vector<double> eigenvalues(const Graph& graph, EdgeMatrix kind = EdgeMatrix::none) const;
  /// γ_max = 2 / μ_max.
  double largest_step(const Graph& graph, EdgeMatrix kind = EdgeMatrix::none) const;
  /// γ* = 2 / (μ_2 + μ_max).
  double best_step(const Graph& graph, EdgeMatrix kind = EdgeMatrix::none) const;
  /// min over μ of 2 Re μ / |μ|², the eigenvalues of A⁻¹(Π𝕃 ⊗ I) that are not zero; row i of the
  /// Laplacian of the arrows is multiplied by π_i.
  double largest_directed_step(const Graph& graph, const std::vector<double>& pi) const;
};

/// The eigenvalues of the Laplacian of a graph with edges, in rising order.
std::vector<double> spectrum_of(const Graph& graph);

TrainingProblem on_graph(const std::string& kind, double step, std::int64_t steps);
/// γ_max of the published problem.
double largest_step_on(const std::string& kind);

/// The largest error over nodes, of each evaluated step.
std::vector<double> errors_of(const TrainingHistory& history);
/// The first step at which the largest error is at most `goal`; between two evaluated steps, by the
/// straight line of the logarithm. -1 if none is.
double steps_to(double goal, const TrainingHistory& history);
/// The same of a run of the problem that is evaluated about 100 times.
double steps_to(double goal, TrainingProblem problem, int nodes = 10);
/// The largest ‖w_i − point‖ / ‖point‖.
double distance_from(const Vector& point, const States& states);

}  // namespace troupe::algorithms
