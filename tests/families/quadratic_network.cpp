#include "tests/families/quadratic_network.hpp"

#include <algorithm>

namespace troupe::algorithms {
namespace {

std::size_t index(Rank rank) { return static_cast<std::size_t>(rank); }
Eigen::Map<const Vector> vector_of(const std::vector<double>& values) {
  return {values.data(), static_cast<Eigen::Index>(values.size())};
}

}  // namespace

QuadraticNetwork::QuadraticNetwork(const TrainingProblem& problem, int nodes) {
  run_ranks(1, [&](Communicator& comm) {
    for (int node = 0; node < nodes; ++node) {
      QuadraticShard shard{problem, node, nodes};
      const auto size = static_cast<Eigen::Index>(shard.size());
      Matrix& matrix = matrices.emplace_back(size, size);
      Vector& vector = vectors.emplace_back(size);
      shard.normal_equations(comm, std::span{matrix.data(), shard.size() * shard.size()},
                             std::span{vector.data(), shard.size()});
    }
  });
  Matrix sum = Matrix::Zero(matrices[0].rows(), matrices[0].rows());
  Vector right = Vector::Zero(sum.rows());
  for (std::size_t i = 0; i < matrices.size(); ++i) {
    sum += matrices[i];
    right += vectors[i];
  }
  optimum = sum.ldlt().solve(right);
}

double QuadraticNetwork::lyapunov(const States& states) const {
  double sum = 0;
  for (const auto& [node, values] : states) {
    const Vector away = optimum - vector_of(values);
    sum += 0.5 * away.dot(matrices[index(node)] * away);
  }
  return sum;
}

Vector QuadraticNetwork::gradients(const States& states) const {
  Vector sum = Vector::Zero(optimum.size());
  for (const auto& [node, values] : states)
    sum += matrices[index(node)] * vector_of(values) - vectors[index(node)];
  return sum;
}

double QuadraticNetwork::gradient_sum(const States& states) const {
  double scale = 0;
  for (const Vector& vector : vectors) scale += vector.norm();
  return gradients(states).norm() / scale;
}

Vector QuadraticNetwork::meeting_point(const States& states) const {
  Matrix sum = Matrix::Zero(optimum.size(), optimum.size());
  Vector right = Vector::Zero(optimum.size());
  for (const auto& [node, values] : states) {
    sum += matrices[index(node)];
    right += matrices[index(node)] * vector_of(values);
  }
  return sum.ldlt().solve(right);
}

std::pair<double, double> QuadraticNetwork::convexity() const {
  double theta = 1e300, smoothness = 0;
  for (const Matrix& matrix : matrices) {
    const Vector values = Eigen::SelfAdjointEigenSolver<Matrix>{matrix}.eigenvalues();
    theta = std::min(theta, values(0));
    smoothness = std::max(smoothness, values(values.size() - 1));
  }
  return {theta, smoothness};
}

std::vector<double> QuadraticNetwork::eigenvalues(const Graph& graph, EdgeMatrix kind) const {
  const Eigen::Index size = optimum.size(), n = graph.size();
  std::vector<Matrix> roots;
  Matrix mean = Matrix::Zero(size, size);
  for (const Matrix& matrix : matrices) {
    roots.push_back(Eigen::SelfAdjointEigenSolver<Matrix>{matrix}.operatorInverseSqrt());
    mean += matrix / static_cast<double>(n);
  }
  Matrix whole = Matrix::Zero(size * n, size * n);
  for (Rank i = 0; i < n; ++i)
    for (const Neighbour& j : graph.neighbours(i)) {
      Matrix edge = Matrix::Identity(size, size);
      if (kind == EdgeMatrix::of_ends) edge = (matrices[index(i)] + matrices[index(j.rank)]) / 2;
      if (kind == EdgeMatrix::of_all) edge = mean;
      const Matrix& mine = roots[index(i)];
      whole.block(size * i, size * i, size, size) += j.weight * mine * edge * mine;
      whole.block(size * i, size * j.rank, size, size) =
          -j.weight * mine * edge * roots[index(j.rank)];
    }
  const Vector values =
      Eigen::SelfAdjointEigenSolver<Matrix>{whole, Eigen::EigenvaluesOnly}.eigenvalues();
  return {values.data() + size, values.data() + values.size()};  // zero on consensus, size times
}

double QuadraticNetwork::largest_step(const Graph& graph, EdgeMatrix kind) const {
  return 2 / eigenvalues(graph, kind).back();
}
double QuadraticNetwork::best_step(const Graph& graph, EdgeMatrix kind) const {
  const auto values = eigenvalues(graph, kind);
  return 2 / (values.front() + values.back());
}

double QuadraticNetwork::largest_directed_step(const Graph& graph,
                                               const std::vector<double>& pi) const {
  const Eigen::Index size = optimum.size(), n = graph.size();
  Matrix whole = Matrix::Zero(size * n, size * n);
  for (Rank i = 0; i < n; ++i) {
    const Matrix inverse = matrices[index(i)].inverse();
    for (const Neighbour& j : graph.neighbours(i)) {
      whole.block(size * i, size * i, size, size) += pi[index(i)] * j.weight * inverse;
      whole.block(size * i, size * j.rank, size, size) -= pi[index(i)] * j.weight * inverse;
    }
  }
  const auto values = Eigen::EigenSolver<Matrix>{whole, false}.eigenvalues();
  double least = 1e300;
  for (Eigen::Index k = 0; k < values.size(); ++k)
    if (const double square = std::norm(values(k)); square > 1e-20)
      least = std::min(least, 2 * values(k).real() / square);
  return least;
}

std::vector<double> spectrum_of(const Graph& graph) {
  Matrix laplacian = Matrix::Zero(graph.size(), graph.size());
  for (Rank i = 0; i < graph.size(); ++i)
    for (const Neighbour& j : graph.neighbours(i)) {
      laplacian(i, i) += j.weight;
      laplacian(i, j.rank) -= j.weight;
    }
  const Vector values = Eigen::SelfAdjointEigenSolver<Matrix>{laplacian}.eigenvalues();
  return {values.begin(), values.end()};
}

TrainingProblem on_graph(const std::string& kind, double step, std::int64_t steps) {
  TrainingProblem problem = published_problem(10);
  problem.graph.kind = kind;
  if (kind == "edges") problem.graph.edges = random_edges;
  if (kind == "arrows") problem.graph.edges = unbalanced_arrows;
  problem.optimiser.rate = step;
  problem.stop.steps = steps;
  problem.evaluate_every = 1;
  return problem;
}

double largest_step_on(const std::string& kind) {
  const TrainingProblem problem = on_graph(kind, 1, 1);
  return QuadraticNetwork{problem, 10}.largest_step(Graph{problem.graph, 10});
}

std::vector<double> errors_of(const TrainingHistory& history) {
  std::vector<double> errors;
  for (const auto& line : history.summary()) errors.push_back(*line.error);
  return errors;
}

double steps_to(double goal, const TrainingHistory& history) {
  double step = 0, error = 0;  // of the line before
  for (const auto& line : history.summary()) {
    const auto now = static_cast<double>(line.step);
    if (*line.error <= goal && line.step == 0) return 0;
    if (*line.error <= goal)
      return now - (now - step) * std::log(goal / *line.error) / std::log(error / *line.error);
    step = now;
    error = *line.error;
  }
  return -1;
}

double steps_to(double goal, TrainingProblem problem, int nodes) {
  problem.evaluate_every = std::max<std::int64_t>(1, problem.stop.steps / 100);
  TrainingHistory history;
  train(nodes, problem, history);
  return steps_to(goal, history);
}

double distance_from(const Vector& point, const States& states) {
  double largest = 0;
  for (const auto& [node, values] : states)
    largest = std::max(largest, (vector_of(values) - point).norm() / point.norm());
  return largest;
}

}  // namespace troupe::algorithms
