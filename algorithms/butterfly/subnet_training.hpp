#pragma once
// Independent subnet training: a perceptron cut into subnets that train alone for some steps, are
// put together again, and cut anew.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "algorithms/butterfly/partners.hpp"
#include "algorithms/footprint.hpp"
#include "algorithms/models/subnets.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What subnet_training can be told.
struct SubnetTraining {
  static constexpr Whole local_steps{
      .name = "local_steps",
      .fallback = 10,
      .help = "gradients of a subnet between two cuts; 0: none, and `steps` counts rounds"};
  static constexpr Whole rounds_of_a_cut{.name = "rounds_of_a_cut",
                                         .fallback = 1,
                                         .help = "rounds before units are dealt anew; 0: never"};
  static constexpr const Text& active = Turns::setting;
  static constexpr Flag rotate_input{
      .name = "rotate_input",
      .help = "subnet k goes to the holder of shard k + t in round t, and so sees all of them"};
  static constexpr std::array<std::string_view, 2> judged_as{"network", "ensemble"};
  static constexpr Text judged{.name = "judged",
                               .fallback = "network",
                               .choices = judged_as,
                               .help =
                                   "what is evaluated: the network put together, or the mean "
                                   "of its subnets"};
  static constexpr Whole rank{
      .name = "rank",
      .fallback = 0,
      .help = "of the factors as which the change of each weight matrix returns; 0: as it is"};
  static constexpr Number penalty{
      .name = "penalty",
      .fallback = 0,
      .help = "of the nuclear norm of such a change: taken off its singular values"};
  static constexpr Whole lost{
      .name = "lost", .fallback = 0, .help = "a worker that falls silent; 0: none"};
  static constexpr Whole lost_after{.name = "lost_after",
                                    .fallback = 0,
                                    .only = "lost is not 0",
                                    .help = "rounds that the lost worker still takes part"};
  static constexpr std::array<AnySetting, 9> settings{
      &local_steps, &rounds_of_a_cut, &active, &rotate_input, &judged,
      &rank,        &penalty,         &lost,   &lost_after};
};

/// Trains a model "mlp" with hidden layers: rank 0 keeps the network, every other rank trains a
/// subnet on a shard of its own. Rank 0 alone reports, where an evaluation falls on the end of a
/// round, and ends with the network. Where all are equal and none is lost, deterministic on every
/// backend. A worker that is lost leaves its part of the network as it was. Throws BadInput for
/// what refusal_of_subnet_training names.
void subnet_training(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

/// Why subnet_training cannot serve the problem on so many ranks, or empty.
std::string refusal_of_subnet_training(const TrainingProblem& problem, int ranks);

/// The keeper: the network, and what comes back of its subnets.
Footprint footprint_of_subnet_training(const TrainingProblem& problem, int ranks);

/// Parameters of a perceptron of these widths.
std::size_t parameters_of(std::span<const std::size_t> widths);

/// The subnets' mean (1/K) Σ_k f_k(x) as one network of the full widths: no weights between
/// subnets, the last layer's divided by K. `without` (a subnet, or −1) takes no part. On the host,
/// as values of the full network's dtype; phantom where that is.
void write_ensemble(std::span<const std::size_t> widths, const Decomposition& cut, ConstSlice full,
                    int without, Slice ensemble);

}  // namespace troupe::algorithms
