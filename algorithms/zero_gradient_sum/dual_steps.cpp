#include "algorithms/zero_gradient_sum/dual_steps.hpp"

#include <Eigen/Dense>

#include <algorithm>

#include "algorithms/graph.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/models/least_squares.hpp"
#include "algorithms/zero_gradient_sum/step_limit.hpp"
#include "core/slice.hpp"

namespace troupe::algorithms {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// The eigenvalues of the Laplacian between whose blocks i and j stands R_i R_j, in rising order.
VectorXd eigenvalues(const Graph& graph, const std::vector<MatrixXd>& roots) {
  const Index size = roots[0].rows();
  MatrixXd whole = MatrixXd::Zero(size * graph.size(), size * graph.size());
  for (Rank i = 0; i < graph.size(); ++i)
    for (const Neighbour& j : graph.neighbours(i)) {
      const MatrixXd& mine = roots[static_cast<std::size_t>(i)];
      whole.block(size * i, size * i, size, size) += j.weight * mine * mine;
      whole.block(size * i, size * j.rank, size, size) -=
          j.weight * mine * roots[static_cast<std::size_t>(j.rank)];
    }
  return Eigen::SelfAdjointEigenSolver<MatrixXd>{whole, Eigen::EigenvaluesOnly}.eigenvalues();
}

}  // namespace

DualSteps dual_steps(const TrainingProblem& problem, int ranks) {
  const Graph graph{problem.graph, ranks};
  const Learner learner{problem, 0, 1};
  const auto features = static_cast<Index>(learner.size()),
             samples = static_cast<Index>(learner.samples());
  const std::vector<double> columns = to_doubles(learner.whole().inputs);
  const MatrixXd h = Eigen::Map<const MatrixXd>{columns.data(), features, samples}.transpose();
  const Index reached = std::min(features, samples);
  const MatrixXd span = h.householderQr().householderQ() * MatrixXd::Identity(samples, reached);
  const MatrixXd seen = span.transpose() * h;
  const Partition part{Slice::phantom(learner.size()), ranks};
  std::vector<MatrixXd> roots;
  for (int i = 0; i < ranks; ++i) {
    const MatrixXd mine = seen.middleCols(static_cast<Index>(part.offset(i)),
                                          static_cast<Index>(part.size_of_block(i)));
    const MatrixXd b = mine * mine.transpose() / problem.model[LeastSquares::ridge] +
                       MatrixXd::Identity(reached, reached) / ranks;
    roots.push_back(Eigen::SelfAdjointEigenSolver<MatrixXd>{b}.operatorInverseSqrt());
  }
  const VectorXd within = eigenvalues(graph, roots);
  double slowest = within(reached), fastest = within(within.size() - 1);
  if (samples > reached) {
    const VectorXd beyond = eigenvalues(
        graph, std::vector<MatrixXd>(static_cast<std::size_t>(ranks), MatrixXd::Identity(1, 1)));
    slowest = std::min(slowest, ranks * beyond(1));
    fastest = std::max(fastest, ranks * beyond(ranks - 1));
  }
  return {.largest = 2 / fastest, .best = 2 / (slowest + fastest)};
}

std::string refusal_of_dual_steps(const TrainingProblem& problem, int ranks) {
  if (ranks < 2) return "shares of a step need two nodes";
  if (problem.model.kind() != "least_squares")
    return "shares of a step are known of least_squares; \"" + problem.model.kind() + "\" given";
  if (Graph{problem.graph, ranks}.is_directed())
    return "shares of a step are known on graphs with edges; \"" + problem.graph.kind +
           "\" has arrows";
  const std::size_t values = static_cast<std::size_t>(ranks) * make_model(problem)->size();
  if (values > most_of_a_spectrum)
    return "shares of a step need the spectrum of " + std::to_string(values) +
           " values, more than " + std::to_string(most_of_a_spectrum) + "; state the step itself";
  return {};
}

}  // namespace troupe::algorithms
