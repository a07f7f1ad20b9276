// Networks, their gradients and their parts.
#include <gtest/gtest.h>

#include "algorithms/models/convolutional.hpp"
#include "algorithms/models/ensemble.hpp"
#include "algorithms/models/logistic_regression.hpp"
#include "algorithms/models/perceptron.hpp"
#include "core/recorder.hpp"
#include "tests/algorithms/trial.hpp"

namespace troupe::algorithms {
namespace {

using Doubles = std::vector<double>;
constexpr double tolerance = 1e-7;

NetworkModel perceptron(std::vector<std::size_t> widths, ActivationKind activation, LossKind loss,
                        double decay = 0) {
  return {multi_layer_perceptron(widths, activation), loss, decay};
}
Network small_convolutional() {
  return convolutional_network({.picture = {2, 6, 5},
                                .filters = {3, 2},
                                .window = 3,
                                .hidden = 4,
                                .outputs = 3,
                                .activation = ActivationKind::tanh});
}

TEST(Perceptron, HasTheGradientOfCentralDifferences) {
  for (const auto activation :
       {ActivationKind::identity, ActivationKind::tanh, ActivationKind::sigmoid,
        ActivationKind::relu, ActivationKind::gelu})
    for (const auto loss : {LossKind::squared_error, LossKind::softmax_cross_entropy}) {
      NetworkModel model = perceptron({5, 7, 6, 3}, activation, loss, 0.01);
      Trial trial{model, 9, 5, 3, loss == LossKind::squared_error ? 0u : 3u};
      EXPECT_LE(trial.error(model), tolerance) << name_of(activation) << ' ' << name_of(loss);
    }
}

TEST(Convolutional, HasTheGradientOfCentralDifferences) {
  NetworkModel model{small_convolutional(), LossKind::softmax_cross_entropy, 0.01};
  Trial trial{model, 4, 60, 3, 3};
  EXPECT_LE(trial.error(model), tolerance);
}

TEST(Convolutional, ServesDigitsAndCifar) {
  const Network digits = convolutional_network(
      {.picture = {1, 28, 28}, .filters = {8, 16}, .hidden = 64, .outputs = 10});
  EXPECT_EQ(digits.inputs(), 784u);
  EXPECT_EQ(digits.size(), 25 * 8 + 8 + 25 * 8 * 16 + 16 + 49 * 16 * 64 + 64 + 64 * 10 + 10u);
  const Network cifar = convolutional_network(
      {.picture = {3, 32, 32}, .filters = {8, 16}, .hidden = 64, .outputs = 10});
  EXPECT_EQ(cifar.inputs(), 3072u);
  EXPECT_EQ(cifar.outputs(), 10u);
}

/// y = θx with x = 1, y = 2, θ = 0: J = (y − θx)², one step of rate 0.1 gives 0.4.
TEST(NetworkModel, TakesTheStepOfTheLinearExample) {
  NetworkModel model{Network{{DenseBlock{.inputs = 1, .outputs = 1, .has_bias = false}}},
                     LossKind::squared_error};
  const Doubles x{1}, y{2};
  Doubles theta{0}, gradient(1);
  OffTheClock host;
  model.gradient(host, std::span{theta}, {std::span{x}, std::span{y}, 1}, 1, std::span{gradient});
  EXPECT_DOUBLE_EQ(theta[0] - 0.1 * gradient[0], 0.4);
}

/// The mean of the gradients of equal parts is that of the whole, and their sum P times as much:
/// α_sum = α_mean / P gives the same iterates.
TEST(NetworkModel, AddsItsPartsUpToTheWhole) {
  NetworkModel model = perceptron({5, 8, 3}, ActivationKind::tanh, LossKind::softmax_cross_entropy);
  Trial trial{model, 12, 5, 3, 3};
  Doubles by_mean = trial.parameters, by_sum = by_mean;
  for (int step = 0; step < 20; ++step) {
    Doubles sum(model.size(), 0);
    trial.parameters = by_sum;
    for (std::size_t part = 0; part < 4; ++part) {
      const Doubles one = trial.gradient(model, trial.part(3 * part, 3 * part + 3));
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += one[i];
    }
    trial.parameters = by_mean;
    const Doubles whole = trial.gradient(model);
    for (std::size_t i = 0; i < sum.size(); ++i) {
      by_sum[i] -= 0.5 / 4 * sum[i];
      by_mean[i] -= 0.5 * whole[i];
    }
  }
  EXPECT_LE(reference::relative_error(by_sum, by_mean), 1e-12);
}

TEST(NetworkModel, TellsLayersFromTheLastAsTheyBecomeFinal) {
  for (const bool ensemble : {false, true}) {
    const std::vector<std::size_t> widths{5, 4, 4, 3};
    std::unique_ptr<Model> model;
    if (ensemble)
      model = std::make_unique<Ensemble>(
          std::vector<Network>(2, multi_layer_perceptron(widths, ActivationKind::relu)),
          LossKind::softmax_cross_entropy, 0.1);
    else
      model = std::make_unique<NetworkModel>(small_convolutional(), LossKind::softmax_cross_entropy,
                                             0.1);
    Trial trial{*model, 6, ensemble ? 5u : 60u, 3, 3};
    const Doubles expected = trial.gradient(*model, 0.5);
    Doubles into(model->size(), 1e9), seen = into;
    std::size_t next = model->layers().size(), covered = model->size();
    OffTheClock host;
    model->gradient(host, trial.all(), trial.batch(), 0.5, std::span{into}, [&](std::size_t l) {
      EXPECT_EQ(l, --next);
      const Layer& layer = model->layers()[l];
      EXPECT_EQ(layer.offset + layer.count, covered);
      covered = layer.offset;
      for (std::size_t i = 0; i < layer.count; ++i) seen[covered + i] = into[covered + i];
    });
    EXPECT_EQ(next, 0u);
    EXPECT_EQ(covered, 0u);
    EXPECT_EQ(seen, expected);
  }
}

/// Two stages of a pipeline, with two micro-batches under way at a time, give the bits of the
/// whole.
TEST(Network, IsTheSameInParts) {
  const std::vector<std::size_t> widths{6, 8, 7, 5, 4};
  const Network whole = multi_layer_perceptron(widths, ActivationKind::gelu);
  const Network front = whole.part(0, 2), back = whole.part(2, 4);
  NetworkModel model{whole, LossKind::squared_error};
  Trial trial{model, 10, 6, 4, 0};
  OffTheClock host;
  CheckedCommunicator comm{host};
  const ConstSlice of_front = trial.all().first(front.size());
  const ConstSlice of_back = trial.all().drop(front.size());
  Doubles into(whole.size(), 0), expected(whole.size(), 0);
  const Slice all{std::span{into}};

  std::vector<Pass> before, after;
  for (int i = 0; i < 2; ++i) {
    before.emplace_back(front, all, 5);
    after.emplace_back(back, all, 5);
  }
  const auto loss = [&](Pass& pass, const Batch& batch) {
    compute(comm, Loss{.rows = 4,
                       .batch = batch.count,
                       .weight = 0.1,
                       .outputs = pass.outputs(),
                       .targets = batch.targets,
                       .gradient = pass.output_gradient()});
  };
  for (std::size_t i = 0; i < 2; ++i) {
    const Batch batch = trial.part(5 * i, 5 * i + 5);
    const ConstSlice between = front.forward(comm, of_front, batch.inputs, 5, before[i]);
    back.forward(comm, of_back, between, 5, after[i]);
    loss(after[i], batch);
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const double beta = i == 0 ? 0 : 1;
    back.backward(comm, of_back, after[i], all.drop(front.size()), beta,
                  before[i].output_gradient());
    front.backward(comm, of_front, before[i], all.first(front.size()), beta);
  }

  Pass pass{whole, all, 5};
  for (std::size_t i = 0; i < 2; ++i) {
    const Batch batch = trial.part(5 * i, 5 * i + 5);
    whole.forward(comm, trial.all(), batch.inputs, 5, pass);
    loss(pass, batch);
    whole.backward(comm, trial.all(), pass, std::span{expected}, i == 0 ? 0 : 1);
  }
  EXPECT_EQ(into, expected);
  EXPECT_LE(reference::relative_error(into, trial.gradient(model)), 1e-14);
}

TEST(Network, GivesTheGradientOfItsInputs) {
  const Network network = small_convolutional();
  NetworkModel model{network, LossKind::squared_error};
  Trial trial{model, 2, 60, 3, 0};
  OffTheClock host;
  Pass pass{network, trial.all(), 2};
  const Doubles weights = reference::uniform_values(6, 9);
  const auto forward = [&] {
    network.forward(host, trial.all(), std::span{trial.inputs}, 2, pass);
    return reference::dot(weights, pass.outputs().host<double>());
  };
  const Doubles expected = reference::central_differences(trial.inputs, forward);
  forward();
  std::ranges::copy(weights, pass.output_gradient().host<double>().begin());
  Doubles into(network.size()), gradient(120);
  network.backward(host, trial.all(), pass, std::span{into}, 0, std::span{gradient});
  EXPECT_LE(reference::relative_error(gradient, expected), tolerance);
}

/// He's and Glorot's variances, and zero biases, of 784 × 300 weights.
TEST(Network, StartsWithTheVarianceOfItsActivation) {
  for (const auto activation : {ActivationKind::relu, ActivationKind::tanh}) {
    const std::vector<std::size_t> widths{784, 300, 10};
    const Network network = multi_layer_perceptron(widths, activation);
    Doubles x(network.size(), 1.0);
    OffTheClock host;
    network.initialise(host, std::span{x}, SplitMix64{7});
    double squares = 0;
    for (std::size_t i = 0; i < 784 * 300; ++i) squares += x[i] * x[i];
    const double expected = activation == ActivationKind::relu ? 2.0 / 784 : 2.0 / (784 + 300);
    EXPECT_NEAR(squares / (784 * 300) / expected, 1, 0.01);
    for (std::size_t i = 784 * 300; i < 785 * 300; ++i) EXPECT_EQ(x[i], 0);
  }
}

/// A phantom run issues the same kernels, with the same work, in the same order.
TEST(NetworkModel, CostsTheSameWithoutValues) {
  const auto events_of = [](Model& model, Slice like, const Batch& batch) {
    OffTheClock host;
    RecordedRank log;
    Recorder recorder{host, log};
    const Scratch parameters{like, model.size()}, into{like, model.size()};
    model.initialise(recorder, parameters.all(), SplitMix64{1});
    model.gradient(recorder, parameters.all(), batch, 1, into.all());
    std::vector<std::tuple<std::string_view, double, std::uint64_t>> events;
    for (const RecordedEvent& event : log.events())
      events.emplace_back(event.kernel, event.work.flops.value, event.work.bytes.value);
    return events;
  };
  std::vector<std::unique_ptr<Model>> models;
  models.push_back(
      std::make_unique<NetworkModel>(small_convolutional(), LossKind::softmax_cross_entropy, 0.1));
  models.push_back(std::make_unique<LogisticRegression>(60, 3, 0.1));
  models.push_back(std::make_unique<Ensemble>(
      std::vector<Network>(
          2, multi_layer_perceptron(std::vector<std::size_t>{60, 4, 3}, ActivationKind::gelu)),
      LossKind::softmax_cross_entropy));
  for (const auto& model : models) {
    Trial trial{*model, 4, 60, 3, 3};
    const auto real = events_of(*model, trial.all(), trial.batch());
    const Batch sizes{Slice::phantom(240, Dtype::float64), Slice::phantom(4, Dtype::int32), 4};
    const auto phantom = events_of(*model, Slice::phantom(1, Dtype::float64), sizes);
    EXPECT_GT(real.size(), 5u);
    EXPECT_EQ(real, phantom);
  }
}

TEST(NetworkModel, CountsRightAnswers) {
  NetworkModel model{Network{{DenseBlock{.inputs = 2, .outputs = 2, .has_bias = false}}},
                     LossKind::softmax_cross_entropy};
  const Doubles identity{1, 0, 0, 1}, inputs{3, 1, 0, 2, 5, 4};
  const std::vector<std::int32_t> labels{0, 1, 1};
  const Score score = model.score(std::span{identity}, {std::span{inputs}, std::span{labels}, 3});
  EXPECT_DOUBLE_EQ(*score.accuracy, 2.0 / 3);
  const double loss =
      std::log1p(std::exp(-2.0)) + std::log1p(std::exp(-2.0)) + std::log1p(std::exp(1.0));
  EXPECT_NEAR(score.loss, loss / 3, 1e-15);
}

TEST(LogisticRegression, HasTheGradientAndHessianOfCentralDifferences) {
  for (const std::size_t classes : {2u, 4u}) {
    LogisticRegression model{5, classes, 0.03};
    EXPECT_EQ(model.size(), (classes == 2 ? 1 : classes) * 6);
    Trial trial{model, 11, 5, 0, classes};
    EXPECT_LE(trial.error(model), tolerance) << classes;

    const std::size_t n = model.size();
    Doubles hessian(n * n, 1e9);
    OffTheClock host;
    CheckedCommunicator checked{host};
    model.hessian(checked, trial.all(), trial.batch(), 1, std::span{hessian});
    for (std::size_t i = 0; i < n; ++i) {
      const double kept = trial.parameters[i], h = 1e-5;
      trial.parameters[i] = kept + h;
      const Doubles above = model.gradient_of(trial.all(), trial.batch());
      trial.parameters[i] = kept - h;
      const Doubles below = model.gradient_of(trial.all(), trial.batch());
      trial.parameters[i] = kept;
      Doubles column(n), expected(n);
      for (std::size_t j = 0; j < n; ++j) {
        expected[j] = (above[j] - below[j]) / (2 * h);
        column[j] = hessian[i * n + j];
        EXPECT_NEAR(hessian[j * n + i], hessian[i * n + j], 1e-15);
      }
      EXPECT_LE(reference::relative_error(column, expected), tolerance) << i;
    }
  }
}

/// λ is the modulus of strong convexity: the multinomial Hessian has directions (all outputs of one
/// feature alike) in which the loss is flat.
TEST(LogisticRegression, IsConvexAtLeastByItsDecay) {
  LogisticRegression model{3, 3, 0.25};
  Trial trial{model, 8, 3, 0, 3};
  const std::size_t n = model.size();
  Doubles hessian(n * n), direction(n, 0);
  OffTheClock host;
  model.hessian(host, trial.all(), trial.batch(), 1, std::span{hessian});
  for (std::size_t c = 0; c < 3; ++c) direction[c] = 1;
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j) sum += hessian[j * n + i] * direction[j];
    EXPECT_NEAR(sum, 0.25 * direction[i], 1e-15);
    hessian[i * n + i] -= 0.25 - 1e-12;
  }
  EXPECT_NO_THROW(run_on_host(Cholesky{n, std::span{hessian}}));
}

}  // namespace
}  // namespace troupe::algorithms
