#pragma once
// Synchronous data parallel training: replicas that stay equal by summing their gradients.

#include <array>
#include <string>
#include <string_view>

#include "algorithms/catalogue.hpp"
#include "algorithms/training_log.hpp"
#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// What data_parallel can be told. The defaults of buckets are PyTorch's.
struct DataParallel {
  static constexpr Flag overlap{.name = "overlap",
                                .fallback = true,
                                .help = "sum buckets of the gradient while backward goes on"};
  static constexpr Whole bucket_bytes{.name = "bucket_bytes",
                                      .fallback = 25 << 20,
                                      .least = 1,
                                      .help = "a bucket of layers is closed at this size"};
  static constexpr Whole first_bucket_bytes{.name = "first_bucket_bytes",
                                            .fallback = 1 << 20,
                                            .least = 1,
                                            .help = "likewise the first, which is early"};
  static constexpr std::array<std::string_view, 2> starts{"broadcast", "own"};
  static constexpr Text start{.name = "start",
                              .fallback = "broadcast",
                              .choices = starts,
                              .help = "from rank 0's values; own: each its own, the control"};
  static constexpr std::array<std::string_view, 2> weightings{"samples", "equal"};
  static constexpr Text weights{.name = "weights",
                                .fallback = "samples",
                                .choices = weightings,
                                .help =
                                    "of the ranks' gradients; equal is biased for unequal "
                                    "shards"};
  static constexpr std::array<std::string_view, 2> reductions{"mean", "sum"};
  static constexpr Text reduce{.name = "reduce",
                               .fallback = "mean",
                               .choices = reductions,
                               .help = "sum takes a step P times as long as the mean"};
  static constexpr std::array<AnySetting, 6> settings{&overlap, &bucket_bytes, &first_bucket_bytes,
                                                      &start,   &weights,      &reduce};
};

/// Trains on all ranks at once; `problem.collective` names the allreduce of the gradients. Every
/// rank ends with the same parameters, bit for bit, on every backend.
void data_parallel(Communicator& comm, const TrainingProblem& problem, TrainingLog& log);

// ---- shared with other strategies of replicas

/// A vector of `count` parameters, as a collective's problem.
Problem vector_of(const TrainingProblem& problem, int ranks, std::size_t count);

/// Why the problem's allreduce cannot serve its parameters on so many ranks, or no learner can be
/// made, or empty.
std::string refusal_of_replicas(const TrainingProblem& problem, int ranks);

}  // namespace troupe::algorithms
