#include "analysis/latency_fit.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>

namespace troupe::analysis {
namespace {

using Indices = std::vector<std::size_t>;
using Decomposition = Eigen::CompleteOrthogonalDecomposition<Eigen::MatrixXd>;

Eigen::Index at(std::size_t number) { return static_cast<Eigen::Index>(number); }

class System {
 public:
  System(const std::vector<PairLatency>& pairs, const std::vector<int>& group_of_rank)
      : pairs_{pairs}, group_of_rank_{group_of_rank}, ranks_{group_of_rank.size()} {
    const int last = *std::ranges::max_element(group_of_rank);
    groups_ = last > 0 ? static_cast<std::size_t>(last) + 1 : 0;
  }
  std::size_t ranks() const { return ranks_; }
  std::size_t terms() const { return ranks_ + groups_; }

  /// A row for each pair used: what it pays over its latency.
  Eigen::MatrixXd rows(const Indices& used) const {
    Eigen::MatrixXd rows = Eigen::MatrixXd::Zero(at(used.size()), at(terms()));
    for (std::size_t row = 0; row < used.size(); ++row) {
      const auto& pair = pairs_[used[row]];
      const double weight = 1 / pair.seconds;
      for (const Rank rank : {pair.a, pair.b}) rows(at(row), rank) += weight;
      const int a = group(pair.a), b = group(pair.b);
      if (a == b) continue;
      for (const int of : {a, b}) rows(at(row), at(ranks_) + of) += weight;
    }
    return rows;
  }

  /// Terms that are not negative: those that would be are left out one by one.
  Eigen::VectorXd solve(const Indices& used) const {
    const Eigen::MatrixXd all = rows(used);
    std::vector<Eigen::Index> kept(terms());
    std::iota(kept.begin(), kept.end(), 0);
    Eigen::VectorXd result = Eigen::VectorXd::Zero(at(terms()));
    while (!kept.empty()) {
      const Eigen::MatrixXd part = all(Eigen::all, kept);
      const Eigen::VectorXd terms = Decomposition{part}.solve(Eigen::VectorXd::Ones(part.rows()));
      Eigen::Index least = 0;
      if (terms.minCoeff(&least) >= -1e-15 * terms.cwiseAbs().maxCoeff()) {
        for (std::size_t i = 0; i < kept.size(); ++i) result(kept[i]) = std::max(0.0, terms(at(i)));
        return result;
      }
      kept.erase(kept.begin() + least);
    }
    return result;
  }

  /// Terms that can change without any pair noticing.
  std::vector<bool> vague(const Indices& used) const {
    const Eigen::MatrixXd all = rows(used);
    Eigen::JacobiSVD<Eigen::MatrixXd> svd{all, Eigen::ComputeFullV};
    svd.setThreshold(1e-9);
    std::vector<bool> vague(terms(), false);
    for (Eigen::Index column = svd.rank(); column < all.cols(); ++column)
      for (Eigen::Index term = 0; term < all.cols(); ++term)
        if (std::abs(svd.matrixV()(term, column)) > 1e-6)
          vague[static_cast<std::size_t>(term)] = true;
    return vague;
  }

 private:
  int group(Rank rank) const { return group_of_rank_[static_cast<std::size_t>(rank)]; }

  const std::vector<PairLatency>& pairs_;
  const std::vector<int>& group_of_rank_;
  std::size_t ranks_, groups_ = 0;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace

LatencyFit fit_latencies(const std::vector<PairLatency>& pairs,
                         const std::vector<int>& group_of_rank) {
  const System system{pairs, group_of_rank};
  Indices used(pairs.size());
  std::iota(used.begin(), used.end(), std::size_t{0});
  LatencyFit fit;
  Eigen::VectorXd terms, errors;
  for (;;) {
    terms = system.solve(used);
    errors = (system.rows(used) * terms - Eigen::VectorXd::Ones(at(used.size()))).cwiseAbs();
    fit.residual = std::sqrt(errors.squaredNorm() / static_cast<double>(used.size()));
    Eigen::Index worst = 0;
    const double usual = 1.4826 * median({errors.begin(), errors.end()});
    const bool spare = used.size() > system.terms() + 1 && fit.left_out.size() < pairs.size() / 4;
    if (!spare || errors.maxCoeff(&worst) < std::max(0.05, 5 * usual)) break;
    fit.left_out.push_back(used[static_cast<std::size_t>(worst)]);
    used.erase(used.begin() + worst);
  }
  const auto vague = system.vague(used);
  for (std::size_t term = 0; term < system.terms(); ++term) {
    const bool is_rank = term < system.ranks();
    (is_rank ? fit.of_rank : fit.of_group).push_back(terms(at(term)));
    if (!vague[term]) continue;
    if (is_rank) fit.vague_ranks.push_back(term);
    else fit.vague_groups.push_back(term - system.ranks());
  }
  return fit;
}

}  // namespace troupe::analysis
