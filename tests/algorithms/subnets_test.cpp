// Networks cut into subnets, and ensembles of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <set>

#include "algorithms/models/ensemble.hpp"
#include "algorithms/models/subnets.hpp"
#include "tests/algorithms/trial.hpp"

namespace troupe::algorithms {
namespace {

using Doubles = std::vector<double>;
const std::vector<std::size_t> article{784, 100, 100, 10};

Decomposition cut(const std::vector<std::size_t>& widths, std::size_t subnets,
                  std::uint64_t seed = 1) {
  SplitMix64 draws{seed};
  return {widths, random_groups(widths, subnets, draws)};
}
std::vector<ConstSlice> slices(const std::vector<Doubles>& parts) {
  std::vector<ConstSlice> all;
  for (const Doubles& part : parts) all.emplace_back(std::span{part});
  return all;
}

TEST(Subnets, HaveTheSizesOfTheArticle) {
  const Decomposition four = cut(article, 4);
  EXPECT_EQ(four.size(), 89610u);
  std::size_t hidden_block = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(four.size_of(k), 20535u);
    const auto widths = four.widths_of(k);
    EXPECT_TRUE(std::ranges::equal(widths, std::array<std::size_t, 4>{784, 25, 25, 10}));
    hidden_block += widths[1] * widths[2];
  }
  EXPECT_EQ(hidden_block, 4 * 100 * 100 / 16u);  // each 1/K² of 100×100
  EXPECT_EQ(20535u * sizeof(float), 82140u);     // what a worker sends back a round
}

TEST(Subnets, AreADisjointCoverOfTheHiddenUnits) {
  SplitMix64 draws{5};
  const std::vector<std::size_t> widths{4, 10, 7, 2};
  const UnitGroups groups = random_groups(widths, 3, draws);
  ASSERT_EQ(groups.size(), 2u);
  for (std::size_t layer = 0; layer < 2; ++layer) {
    std::vector<std::size_t> all;
    for (const auto& group : groups[layer]) {
      EXPECT_TRUE(group.size() == widths[layer + 1] / 3 ||
                  group.size() == widths[layer + 1] / 3 + 1);
      all.insert(all.end(), group.begin(), group.end());
    }
    std::ranges::sort(all);
    std::vector<std::size_t> expected(widths[layer + 1]);
    std::iota(expected.begin(), expected.end(), 0u);
    EXPECT_EQ(all, expected);
  }
  const UnitGroups again = random_groups(widths, 3, draws);
  EXPECT_NE(groups, again) << "each round has its own cut";
}

TEST(Subnets, OwnTheirParametersAloneButForTheOutputBias) {
  const Decomposition three = cut({5, 9, 8, 4}, 3);
  std::vector<int> owners(three.size(), 0);
  for (std::size_t k = 0; k < 3; ++k)
    for (const std::size_t index : three.indices_of(k)) ++owners[index];
  const std::size_t bias = three.size() - 4;
  for (std::size_t i = 0; i < three.size(); ++i) {
    if (i >= bias) EXPECT_EQ(owners[i], 3);
    else EXPECT_LE(owners[i], 1);
  }
  // First and last layers and hidden biases belong to somebody; of 9×8 only the blocks on the
  // diagonal, 3 · (3·3 + 3·3 + 3·2) / 3.
  const auto owned = std::ranges::count_if(owners, [](int n) { return n > 0; });
  EXPECT_EQ(static_cast<std::size_t>(owned), 5 * 9 + 9 + (9 + 9 + 6) + 8 + 8 * 4 + 4u);
}

/// A subnet is the full network with all other hidden units switched off.
TEST(Subnets, ComputeWhatTheFullNetworkDoesWithTheirUnitsAlone) {
  const std::vector<std::size_t> widths{5, 9, 8, 4};
  const Decomposition three = cut(widths, 3);
  const Network full = multi_layer_perceptron(widths, ActivationKind::relu);
  NetworkModel model{full, LossKind::squared_error};
  Trial trial{model, 6, 5, 4, 0};
  OffTheClock host;
  CheckedCommunicator comm{host};
  const Slice like = trial.all();
  for (std::size_t k = 0; k < 3; ++k) {
    const Network small = multi_layer_perceptron(three.widths_of(k), ActivationKind::relu);
    ASSERT_EQ(small.size(), three.size_of(k));
    Doubles part(small.size()), masked(full.size(), 0);
    three.gather(comm, trial.all(), k, std::span{part});
    for (const std::size_t index : three.indices_of(k)) masked[index] = trial.parameters[index];
    Pass one{small, like, 6}, other{full, like, 6};
    small.forward(comm, std::span{part}, std::span{trial.inputs}, 6, one);
    full.forward(comm, std::span{masked}, std::span{trial.inputs}, 6, other);
    EXPECT_LE(
        reference::relative_error(one.outputs().host<double>(), other.outputs().host<double>()),
        1e-14);
  }
}

TEST(Subnets, ComeBackAsTheyWentWhenNothingIsTrained) {
  for (const std::size_t subnets : {1u, 4u}) {
    const Decomposition cuts = cut(article, subnets);
    Doubles full = reference::uniform_values(cuts.size(), 3);
    // The mean of four equal numbers is exact.
    const Doubles before = full;
    OffTheClock host;
    CheckedCommunicator comm{host};
    std::vector<Doubles> parts;
    for (std::size_t k = 0; k < subnets; ++k) {
      parts.emplace_back(cuts.size_of(k));
      cuts.gather(comm, std::span{full}, k, std::span{parts.back()});
    }
    const Doubles weights(subnets, 1.0);
    cuts.reconstruct(comm, slices(parts), weights, std::span{full});
    EXPECT_EQ(std::memcmp(full.data(), before.data(), full.size() * sizeof(double)), 0);
  }
}

TEST(Subnets, LeaveAloneWhatBelongsToNoneAndAverageTheOutputBias) {
  const Decomposition two = cut({3, 4, 4, 2}, 2);
  Doubles full(two.size(), -1);
  std::vector<Doubles> parts{Doubles(two.size_of(0), 10), Doubles(two.size_of(1), 30)};
  OffTheClock host;
  two.reconstruct(host, slices(parts), Doubles{3, 1}, std::span{full});
  const auto count = [&](double value) { return std::ranges::count(full, value); };
  EXPECT_EQ(count(-1), 8);  // the two blocks of 2×2 between the groups
  EXPECT_EQ(count(15), 2);  // (3 · 10 + 1 · 30) / 4
  EXPECT_EQ(count(10), static_cast<std::ptrdiff_t>(two.size_of(0)) - 2);
  EXPECT_EQ(count(30), static_cast<std::ptrdiff_t>(two.size_of(1)) - 2);
}

TEST(Subnets, AreAsManyAsTheRuleSays) {
  EXPECT_EQ(default_subnets(2, 1000), 16u);
  EXPECT_EQ(default_subnets(1, 1000), 8u);
  EXPECT_EQ(default_subnets(2, 5), 5u);
}

TEST(Ensemble, OfEqualMembersAnswersAsOneOfThem) {
  const std::vector<std::size_t> widths{5, 4, 3, 2};
  const Network one = multi_layer_perceptron(widths, ActivationKind::tanh);
  NetworkModel single{one, LossKind::softmax_cross_entropy};
  Trial trial{single, 7, 5, 2, 2};
  for (const std::size_t members : {1u, 4u}) {
    Ensemble ensemble{std::vector<Network>(members, one), LossKind::softmax_cross_entropy};
    Trial together{ensemble, 7, 5, 2, 2};
    for (std::size_t k = 0; k < members; ++k)
      std::ranges::copy(trial.parameters, ensemble.part(together.all(), k).host<double>().begin());
    // The weights of the mean sum to 1.
    EXPECT_NEAR(ensemble.score(together.all(), trial.batch()).loss,
                single.score(trial.all(), trial.batch()).loss, 1e-15);
    const Doubles expected = trial.gradient(single);
    Doubles gradient = together.gradient(ensemble, trial.batch());
    const std::span<const double> first = std::span{gradient}.first(single.size());
    Doubles share = expected;
    for (double& x : share) x /= static_cast<double>(members);
    EXPECT_LE(reference::relative_error(first, share), 1e-14);
  }
}

TEST(Ensemble, StartsWithTheScaleThatIsWanted) {
  const std::vector<std::size_t> widths{5, 4, 3};
  const Ensemble ensemble{
      std::vector<Network>(2, multi_layer_perceptron(widths, ActivationKind::tanh)),
      LossKind::squared_error, 0, 0.5};
  Doubles x(ensemble.size());
  OffTheClock host;
  ensemble.initialise(host, std::span{x}, SplitMix64{3});
  double squares = 0;
  for (std::size_t i = 0; i < 20; ++i) squares += x[i] * x[i];
  EXPECT_NEAR(std::sqrt(squares / 20), 0.5, 1e-15);
  for (std::size_t i = 20; i < 24; ++i) EXPECT_EQ(x[i], 0);
  EXPECT_NE(x[0], x[ensemble.members()[0].size()]) << "members start differently";
}

TEST(Ensemble, OfUnlikeMembersHasTheGradientOfCentralDifferences) {
  const Decomposition three = cut({5, 8, 7, 3}, 3);
  std::vector<Network> members;
  for (std::size_t k = 0; k < 3; ++k)
    members.push_back(multi_layer_perceptron(three.widths_of(k), ActivationKind::tanh));
  for (const auto loss : {LossKind::squared_error, LossKind::softmax_cross_entropy}) {
    Ensemble ensemble{members, loss, 0.01};
    Trial trial{ensemble, 6, 5, 3, loss == LossKind::squared_error ? 0u : 3u};
    EXPECT_LE(trial.error(ensemble), 1e-7) << name_of(loss);
  }
}

}  // namespace
}  // namespace troupe::algorithms
