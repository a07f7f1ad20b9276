#include "horovod/examples.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "algorithms/horovod/parameters.hpp"
#include "core/random.hpp"

namespace troupe::tests {
namespace {

using namespace algorithms::horovod;

template <class T>
void expect(const Tensor& found, const Shape& shape, const std::vector<T>& values,
            const std::string& what) {
  if (found.shape() != shape)
    throw BrokenExample{what + " has shape " + to_text(found.shape()) + ", not " + to_text(shape)};
  if (found.to_vector<T>() != values) throw BrokenExample{what + " has other values"};
}

/// "allgather": a 1×3 array of int32 on every rank; what comes back is the rows of all ranks, in
/// their order, and not a list.
void gathers_int32(Communicator& comm) {
  Horovod hvd{comm};
  const std::int32_t r = hvd.rank();
  const Tensor tensor{{1, 3}, std::vector<std::int32_t>{3 * r, 3 * r + 1, 3 * r + 2}};
  const Tensor gathered = hvd.allgather(tensor, "tensor");
  std::vector<std::int32_t> expected(static_cast<std::size_t>(3 * hvd.size()));
  std::iota(expected.begin(), expected.end(), 0);
  expect(gathered, {static_cast<std::size_t>(hvd.size()), 3}, expected, "the gathered tensor");
  hvd.shutdown();
}

/// "broadcast": all ranks start from the weights of rank 0. The article gives None elsewhere; every
/// rank has its own weights of that shape, and they stay as they are.
void broadcasts_weights(Communicator& comm) {
  Horovod hvd{comm};
  const Tensor own{{2, 2}, std::vector<float>(4, static_cast<float>(hvd.rank() + 1))};
  const Tensor weights = hvd.broadcast(own, 0, "weights");
  expect(weights, {2, 2}, std::vector<float>(4, 1), "the weights");
  expect(own, {2, 2}, std::vector<float>(4, static_cast<float>(hvd.rank() + 1)), "the input");
  hvd.shutdown();
}

/// "allreduce": the result is returned; the average is the default, the sum is asked for.
void reduces_gradients(Communicator& comm) {
  Horovod hvd{comm};
  const int n = hvd.size();
  const Tensor gradient{{3}, std::vector<double>(3, hvd.rank())};
  expect(hvd.allreduce(gradient, "gradient"), {3}, std::vector<double>(3, (n - 1) / 2.0),
         "the average");
  expect(hvd.allreduce(gradient, "gradient", {.op = ReduceOp::sum}), {3},
         std::vector<double>(3, n * (n - 1) / 2), "the sum");
  hvd.shutdown();
}

/// Named operations: fifty tensors, begun by each rank in an order of its own.
void finds_names_in_any_order(Communicator& comm) {
  Horovod hvd{comm};
  std::vector<int> order(50);
  std::iota(order.begin(), order.end(), 0);
  SplitMix64 random = SplitMix64::of_rank(7, comm.rank());
  for (std::size_t left = order.size(); left > 1; --left)
    std::swap(order[left - 1], order[random.below(left)]);
  std::vector<Handle> handles(50);
  for (const int i : order) {
    const Tensor tensor{{static_cast<std::size_t>(i + 1)},
                        std::vector<float>(static_cast<std::size_t>(i + 1),
                                           static_cast<float>(i * (hvd.rank() + 1)))};
    handles[static_cast<std::size_t>(i)] =
        hvd.allreduce_async(tensor, "tensor " + std::to_string(i), {.op = ReduceOp::sum});
  }
  const int ranks = hvd.size() * (hvd.size() + 1) / 2;
  for (std::size_t i = 0; i < 50; ++i)
    expect(hvd.synchronize(std::move(handles[i])), {i + 1},
           std::vector<float>(i + 1, static_cast<float>(static_cast<int>(i) * ranks)),
           "tensor " + std::to_string(i));
  hvd.shutdown();
}

/// "weights_to_sync": only the layers on the list are averaged; nothing is sent for the others.
void synchronises_some_layers(Communicator& comm) {
  Horovod hvd{comm};
  const auto r = static_cast<float>(hvd.rank());
  std::vector<float> first{r, r}, second{r, r, r};
  const std::vector<NamedValues> gradients{{"layer 1", {2}, std::span{first}},
                                           {"layer 2", {3}, std::span{second}}};
  const std::vector<std::string> weights_to_sync{"layer 1"};
  average_gradients(hvd, gradients, [&](std::string_view name) {
    return std::ranges::find(weights_to_sync, name) != weights_to_sync.end();
  });
  const float mean = static_cast<float>(hvd.size() - 1) / 2;  // a product with 1/P: to rounding
  for (const float value : first)
    if (std::abs(value - mean) > 1e-6f * mean) throw BrokenExample{"layer 1 is not the average"};
  if (second != std::vector<float>(3, r)) throw BrokenExample{"layer 2 is not what it was"};
  hvd.shutdown();
}

/// The local and the remote operations of the article, all of them over all ranks.
void exchanges_rows(Communicator& comm) {
  Horovod hvd{comm};
  const auto n = static_cast<std::size_t>(hvd.size());
  const auto r = static_cast<std::size_t>(hvd.rank());
  // rank r has r+1 rows: P(P+1)/2 in all
  const Tensor rows{{r + 1, 2}, std::vector<std::int64_t>((r + 1) * 2, hvd.rank())};
  std::vector<std::int64_t> all;
  for (std::size_t rank = 0; rank < n; ++rank)
    all.insert(all.end(), (rank + 1) * 2, static_cast<std::int64_t>(rank));
  expect(hvd.allgather(rows), {n * (n + 1) / 2, 2}, all, "the rows of all ranks");

  // rank r sends i+1 rows to rank i
  std::vector<std::size_t> splits(n);
  std::iota(splits.begin(), splits.end(), std::size_t{1});
  std::vector<std::int32_t> leaving;
  for (std::size_t to = 0; to < n; ++to)
    leaving.insert(leaving.end(), to + 1, static_cast<std::int32_t>(100 * r + to));
  const Received received = hvd.alltoall(Tensor{{leaving.size()}, leaving}, splits);
  std::vector<std::int32_t> arriving;
  for (std::size_t from = 0; from < n; ++from)
    arriving.insert(arriving.end(), r + 1, static_cast<std::int32_t>(100 * from + r));
  expect(received.tensor, {arriving.size()}, arriving, "what came from all ranks");
  if (received.splits != std::vector<std::size_t>(n, r + 1))
    throw BrokenExample{"every rank sent r+1 rows"};

  // n+1 rows in all: rank 0 keeps two of the sum
  std::vector<double> values((n + 1) * 2);
  std::iota(values.begin(), values.end(), 0);
  const Tensor part = hvd.reducescatter(Tensor{{n + 1, 2}, values}, "part", {.op = ReduceOp::sum});
  const std::size_t begin = r == 0 ? 0 : 2 * (r + 1), end = 2 * (r + 2);
  std::vector<double> sums;
  for (std::size_t i = begin; i < end; ++i) sums.push_back(static_cast<double>(n * i));
  expect(part, {(end - begin) / 2, 2}, sums, "this rank's rows of the sum");
  hvd.barrier();
  hvd.shutdown();
}

constexpr Example table[] = {
    {"GathersInt32", gathers_int32},
    {"BroadcastsWeights", broadcasts_weights},
    {"ReducesGradients", reduces_gradients},
    {"FindsNamesInAnyOrder", finds_names_in_any_order},
    {"SynchronisesSomeLayers", synchronises_some_layers},
    {"ExchangesRows", exchanges_rows},
};

}  // namespace

std::span<const Example> horovod_examples() { return table; }

}  // namespace troupe::tests
