#include "algorithms/zero_gradient_sum/step_limit.hpp"

#include <Eigen/Eigenvalues>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstdio>
#include <limits>
#include <numbers>
#include <numeric>

#include "algorithms/graph.hpp"
#include "algorithms/models/least_squares.hpp"
#include "core/random.hpp"

namespace troupe::algorithms {
namespace {

using Values = std::vector<double>;
using Vectors = std::vector<Values>;  // one of each node

double dot(const Values& a, const Values& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}
double dot(const Vectors& a, const Vectors& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += dot(a[i], b[i]);
  return sum;
}

/// π with πᵀ𝕃 = 0 and mean 1: where Wᵀ = (I − ε𝕃)ᵀ leads, whose columns sum to 1.
Values left_eigenvector(const Graph& graph) {
  const auto n = static_cast<std::size_t>(graph.size());
  double degree = 0;
  for (Rank i = 0; i < graph.size(); ++i) degree = std::max(degree, graph.degree(i));
  Values pi(n, 1);
  for (double change = 1; change > 1e-15;) {
    Values next = pi;
    for (Rank i = 0; i < graph.size(); ++i)
      for (const Neighbour& j : graph.neighbours(i)) {
        const double share = j.weight / (2 * degree) * pi[static_cast<std::size_t>(i)];
        next[static_cast<std::size_t>(i)] -= share;
        next[static_cast<std::size_t>(j.rank)] += share;
      }
    change = 0;
    for (std::size_t i = 0; i < n; ++i) change = std::max(change, std::abs(next[i] - pi[i]));
    pi = std::move(next);
  }
  return pi;
}

/// The A_i of all nodes, and what acts on vectors of all of them.
class Network {
 public:
  Network(const TrainingProblem& problem, const Graph& graph, EdgeMatrix edge_matrix, bool balances)
      : graph_{graph},
        edge_matrix_{edge_matrix},
        rows_{balances && !graph.is_balanced()
                  ? left_eigenvector(graph)
                  : Values(static_cast<std::size_t>(graph.size()), 1)} {
    for (int node = 0; node < graph.size(); ++node) {
      const QuadraticShard shard{problem, node, graph.size()};
      size_ = shard.size();
      matrices_.push_back(shard.matrix());
      factors_.push_back(matrices_.back());
      run_on_host(Cholesky{size_, std::span{factors_.back()}});
    }
    mean_.assign(size_ * size_, 0);
    for (const Values& matrix : matrices_)
      for (std::size_t k = 0; k < mean_.size(); ++k)
        mean_[k] += matrix[k] / static_cast<double>(matrices_.size());
  }

  Vectors drawn() const {
    SplitMix64 draws{1};
    Vectors x(matrices_.size(), Values(size_));
    for (Values& values : x)
      for (double& value : values) value = draws.uniform(-1, 1);
    return x;
  }
  /// A x
  Vectors weighted(const Vectors& x) const {
    Vectors product;
    for (std::size_t i = 0; i < x.size(); ++i) product.push_back(times(matrices_[i], x[i]));
    return product;
  }
  /// A⁻¹ x
  void solve(Vectors& x) const {
    for (std::size_t i = 0; i < x.size(); ++i)
      run_on_host(CholeskySolve{
          .n = size_, .factor = ConstSlice{std::span{factors_[i]}}, .b = std::span{x[i]}});
  }
  /// Of each node i, Σ_j a_ij A_ij (x_i − x_j).
  Vectors laplacian(const Vectors& x) const {
    Vectors sum(x.size(), Values(size_, 0));
    for (Rank i = 0; i < graph_.size(); ++i)
      for (const Neighbour& j : graph_.neighbours(i)) {
        Values apart = x[index(i)];
        for (std::size_t k = 0; k < size_; ++k) apart[k] -= x[index(j.rank)][k];
        const Values pull = on_edge(index(i), index(j.rank), apart);
        for (std::size_t k = 0; k < size_; ++k)
          sum[index(i)][k] += rows_[index(i)] * j.weight * pull[k];
      }
    return sum;
  }
  std::size_t values() const { return size_ * matrices_.size(); }
  /// The eigenvalues of A⁻¹𝕃 that are not zero, which on a connected graph it is `size` times.
  std::vector<std::complex<double>> spectrum() const {
    const auto n = static_cast<Eigen::Index>(values());
    Eigen::MatrixXd whole(n, n);
    for (Eigen::Index column = 0; column < n; ++column) {
      Vectors x(matrices_.size(), Values(size_, 0));
      x[static_cast<std::size_t>(column) / size_][static_cast<std::size_t>(column) % size_] = 1;
      Vectors pulled = laplacian(x);
      solve(pulled);
      for (Eigen::Index row = 0; row < n; ++row)
        whole(row, column) =
            pulled[static_cast<std::size_t>(row) / size_][static_cast<std::size_t>(row) % size_];
    }
    const Eigen::VectorXcd found = Eigen::EigenSolver<Eigen::MatrixXd>{whole, false}.eigenvalues();
    std::vector<std::complex<double>> all(found.begin(), found.end());
    std::ranges::sort(all, {}, [](const auto& value) { return std::abs(value); });
    return {all.begin() + static_cast<std::ptrdiff_t>(size_), all.end()};
  }

 private:
  static std::size_t index(Rank rank) { return static_cast<std::size_t>(rank); }
  Values times(const Values& matrix, const Values& x) const {
    Values product(size_);
    run_on_host(Gemm{.m = size_,
                     .n = 1,
                     .k = size_,
                     .a = ConstSlice{std::span{matrix}},
                     .b = ConstSlice{std::span{x}},
                     .c = std::span{product}});
    return product;
  }
  Values on_edge(std::size_t i, std::size_t j, const Values& apart) const {
    if (edge_matrix_ == EdgeMatrix::none) return apart;
    if (edge_matrix_ == EdgeMatrix::of_all) return times(mean_, apart);
    Values mine = times(matrices_[i], apart);
    const Values theirs = times(matrices_[j], apart);
    for (std::size_t k = 0; k < size_; ++k) mine[k] = (mine[k] + theirs[k]) / 2;
    return mine;
  }

  const Graph& graph_;
  EdgeMatrix edge_matrix_;
  Values rows_;  // what each row of the Laplacian is weighed by
  std::size_t size_ = 0;
  Vectors matrices_, factors_;
  Values mean_;
};

/// x ← A⁻¹𝕃x, which is symmetric in the product xᵀAy: Rayleigh's quotient xᵀ𝕃x / xᵀAx rises to
/// μ_max, with twice the digits of x.
double largest_of(const Network& network) {
  Vectors x = network.drawn();
  double largest = 0;
  for (int round = 0; round < 2000; ++round) {
    const double norm = std::sqrt(dot(x, network.weighted(x)));
    for (Values& values : x)
      for (double& value : values) value /= norm;
    Vectors pulled = network.laplacian(x);
    const double quotient = dot(x, pulled);
    const bool settled = quotient - largest < 1e-9 * quotient;
    largest = quotient;
    if (settled) break;
    network.solve(pulled);
    x = std::move(pulled);
  }
  return largest;
}

}  // namespace

std::optional<double> step_limit(const TrainingProblem& problem, int ranks, EdgeMatrix edge_matrix,
                                 std::int64_t delay, bool balances) {
  if (ranks < 2) return std::nullopt;
  const Graph graph{problem.graph, ranks};
  const Network network{problem, graph, edge_matrix, balances};
  const double old = 2 * (2 * static_cast<double>(delay) + 1);
  if (!graph.is_directed()) return 2 * std::sin(std::numbers::pi / old) / largest_of(network);
  if (network.values() > most_of_a_spectrum) return std::nullopt;
  double least = std::numeric_limits<double>::infinity();
  for (const auto& mu : network.spectrum())
    least = std::min(
        least, 2 * std::sin((std::numbers::pi - 2 * std::abs(std::arg(mu))) / old) / std::abs(mu));
  return least;
}

std::optional<double> best_step(const TrainingProblem& problem, int ranks, EdgeMatrix edge_matrix) {
  if (ranks < 2) return std::nullopt;
  const Graph graph{problem.graph, ranks};
  const Network network{problem, graph, edge_matrix, false};
  if (graph.is_directed() || network.values() > most_of_a_spectrum) return std::nullopt;
  const auto spectrum = network.spectrum();
  return 2 / (spectrum.front().real() + spectrum.back().real());
}

namespace {

std::string six_digits(double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

}  // namespace

std::string stated_as_share(double share, std::string_view what, double unit) {
  return "the step is " + std::to_string(share * unit) + ": " + std::to_string(share) +
         (what == "share_of_best" ? " of the best, " : " of the largest that converges, ") +
         std::to_string(unit);
}

std::string beyond_the_limit(double step, double limit) {
  return "the step " + six_digits(step) + " is outside its range, 0 to " + six_digits(limit) +
         ": the estimates will move apart";
}

std::string beyond_certainty(double step, double bound) {
  return "the step " + six_digits(step) + " is not below " + six_digits(bound) +
         ", up to which convergence is certain";
}

}  // namespace troupe::algorithms
