// Models as a scenario states them: what is made of it, and what is refused with which words.
#include <gtest/gtest.h>

#include "algorithms/models/convolutional.hpp"
#include "algorithms/models/ensemble.hpp"
#include "algorithms/models/logistic_regression.hpp"
#include "algorithms/models/perceptron.hpp"
#include "algorithms/models/phantom_model.hpp"

namespace troupe::algorithms {
namespace {

constexpr DataShape digits{.samples = 1000, .inputs = 784, .outputs = 0, .classes = 10};
constexpr DataShape curve{.samples = 1000, .inputs = 1, .outputs = 1, .classes = 0};
constexpr std::int64_t article[]{784, 100, 100, 10};

TrainingProblem problem_of(Choice model) {
  TrainingProblem problem;
  problem.model = std::move(model);
  return problem;
}
const ModelKind& kind_of(const TrainingProblem& problem) {
  for (const ModelKind& kind : model_kinds())
    if (kind.kind.name == problem.model.kind()) return kind;
  throw BadInput("no such kind");
}
std::unique_ptr<Model> made(const Choice& model, const DataShape& shape) {
  const TrainingProblem problem = problem_of(model);
  EXPECT_EQ(kind_of(problem).refusal(problem, shape), "");
  return kind_of(problem).make(problem, shape);
}
std::string refusal(const Choice& model, const DataShape& shape) {
  const TrainingProblem problem = problem_of(model);
  return kind_of(problem).refusal(problem, shape);
}

TEST(ModelKinds, AreMadeToFitTheirData) {
  EXPECT_EQ(made("mlp", digits)->size(), 784 * 32 + 32 + 32 * 10 + 10u);
  EXPECT_EQ(made("mlp", curve)->size(), 32 + 32 + 32 + 1u);
  EXPECT_EQ(made(Choice{"mlp"}.set(Perceptron::layers, article), digits)->size(), 89610u);
  EXPECT_EQ(made("logistic_regression", digits)->size(), 7850u);
  EXPECT_EQ(made("logistic_regression", {.samples = 9, .inputs = 4, .classes = 2})->size(), 5u);
  EXPECT_EQ(made("cnn", digits)->layers().size(), 4u);
  const auto four = made(
      Choice{"ensemble"}.set(Ensemble::layers_setting, article).set(Ensemble::subnets_setting, 4),
      digits);
  EXPECT_EQ(four->size(), 4 * 20535u);
  // min(2^(2+2), samples) subnets of 100 and 100 hidden units: 4 of 7 and 12 of 6.
  const auto rule = made(Choice{"ensemble"}.set(Ensemble::layers_setting, article), digits);
  EXPECT_EQ(rule->layers().size(), 16 * 3u);
}

TEST(ModelKinds, TakeTheLossThatGoesWithTheData) {
  EXPECT_EQ(dynamic_cast<NetworkModel&>(*made("mlp", digits)).loss(),
            LossKind::softmax_cross_entropy);
  EXPECT_EQ(dynamic_cast<NetworkModel&>(*made("mlp", curve)).loss(), LossKind::squared_error);
  EXPECT_EQ(refusal(Choice{"mlp"}.set(NetworkSettings::loss, "squared_error"), digits),
            "loss \"squared_error\" needs targets, data \"sinc\" has classes");
  EXPECT_EQ(refusal(Choice{"mlp"}.set(NetworkSettings::loss, "softmax_cross_entropy"), curve),
            "loss \"softmax_cross_entropy\" needs classes, data \"sinc\" has targets");
}

TEST(ModelKinds, SayWhatDoesNotFit) {
  constexpr std::int64_t one[]{784}, other[]{20, 5, 10}, narrow[]{784, 100, 3, 10}, none[]{784, 10},
      picture[]{1, 20, 20}, flat[]{28, 28}, many[]{4, 4, 4, 4, 4};
  EXPECT_EQ(refusal(Choice{"mlp"}.set(Perceptron::layers, one), digits),
            "mlp has two layers at least, its inputs and its outputs, 1 given");
  EXPECT_EQ(refusal(Choice{"mlp"}.set(Perceptron::layers, other), digits),
            "mlp goes from 20 to 10 values, data \"sinc\" needs from 784 to 10");
  EXPECT_EQ(refusal("logistic_regression", curve),
            "logistic_regression tells classes apart, data \"sinc\" has none");
  EXPECT_EQ(refusal(Choice{"ensemble"}.set(Ensemble::layers_setting, none), digits),
            "ensemble cuts hidden layers, and there is none");
  EXPECT_EQ(refusal(Choice{"ensemble"}
                        .set(Ensemble::layers_setting, narrow)
                        .set(Ensemble::subnets_setting, 4),
                    digits),
            "4 subnets cannot share a hidden layer of 3 units");
  EXPECT_EQ(refusal(Choice{"cnn"}.set(Convolutional::picture, picture), digits),
            "a picture of 1x20x20 has 400 values, data \"sinc\" has 784");
  EXPECT_EQ(refusal("cnn", {.samples = 1, .inputs = 50, .classes = 2}),
            "picture is [channels, height, width]; 50 inputs of data \"sinc\" are no square of one "
            "channel or three, so it has to be stated");
  EXPECT_EQ(refusal(Choice{"cnn"}.set(Convolutional::picture, flat), digits),
            "picture is [channels, height, width], three numbers; 2 given");
  EXPECT_EQ(refusal(Choice{"cnn"}.set(Convolutional::filters, many), digits),
            "a picture of 1x28x28 cannot be halved 5 times, once for each entry of filters");
  EXPECT_EQ(refusal(Choice{"cnn"}.set(Convolutional::window, 4), digits),
            "the window of a convolution is odd, 4 given");
}

TEST(ModelKinds, MakePhantomsOnlyForRunsWithoutValues) {
  constexpr double parameters[]{100, 0, 50}, activations[]{8, 4, 2}, flops[]{1000, 0, 300};
  TrainingProblem problem = problem_of(Choice{"phantom"}
                                           .set(PhantomModel::preset_setting, "custom")
                                           .set(PhantomModel::parameters_setting, parameters)
                                           .set(PhantomModel::activations_setting, activations)
                                           .set(PhantomModel::flops_setting, flops));
  EXPECT_EQ(PhantomModel::refusal(problem, curve),
            "a phantom model has sizes and no values: set payload to \"phantom\"");
  problem.phantom = true;
  EXPECT_EQ(PhantomModel::refusal(problem, curve), "");
  const auto model = PhantomModel::make(problem, curve);
  EXPECT_EQ(model->size(), 150u);
  EXPECT_EQ(model->layers().size(), 2u);
  problem.model.set(PhantomModel::flops_setting, std::span{flops}.first(2));
  EXPECT_EQ(PhantomModel::refusal(problem, curve),
            "a custom phantom model has a number of parameters, activations and flops for each "
            "layer; 3, 3 and 2 given");
  problem.model = Choice{"phantom"};
  EXPECT_EQ(PhantomModel::make(problem, curve)->size(), 25557032u);
}

}  // namespace
}  // namespace troupe::algorithms
