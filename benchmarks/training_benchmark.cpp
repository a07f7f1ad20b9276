// What simulated training costs: beside the same arithmetic and copies without a world (a
// perceptron on 64 workers), beside Eigen (its Gemms), and where there is no arithmetic (ResNet-50
// by its sizes). `make bench` runs it; docs/benchmarks.md keeps the figures.

#include <benchmark/benchmark.h>
#include <sys/mman.h>

#include <Eigen/Core>
#include <algorithm>
#include <chrono>

#include "algorithms/data/data_kinds.hpp"
#include "algorithms/judge.hpp"
#include "algorithms/models/perceptron.hpp"
#include "algorithms/models/phantom_model.hpp"
#include "algorithms/strategies.hpp"
#include "benchmarks/child.hpp"
#include "benchmarks/one_process.hpp"
#include "tests/loggp/star.hpp"
#include "tests/simgrid/star.hpp"

namespace {

using namespace troupe;
using algorithms::TrainingProblem;
using bench::Use;

/// A processor whose every kernel takes simulated time.
const sim::Processor charged{
    .speed = {1e12}, .double_speed = {}, .memory_bandwidth = {1e12}, .launch = {}};

double least(const std::vector<double>& values) { return *std::ranges::min_element(values); }
double largest(const std::vector<double>& values) { return *std::ranges::max_element(values); }

/// Each repetition is one run; of all of them also the extremes, since machines are shared.
void repeated(benchmark::internal::Benchmark* one, int repetitions) {
  one->UseManualTime()
      ->Iterations(1)
      ->Repetitions(repetitions)
      ->ReportAggregatesOnly()
      ->ComputeStatistics("min", least)
      ->ComputeStatistics("max", largest)
      ->Unit(benchmark::kSecond);
}

// ---- a perceptron that is really trained

TrainingProblem perceptron(std::int64_t steps) {
  static constexpr std::array<std::int64_t, 4> layers{784, 128, 64, 10};
  static constexpr std::size_t samples_of_a_batch = 32;
  TrainingProblem problem;
  problem.model = "mlp";
  problem.model.set(algorithms::Perceptron::layers, layers);
  static_cast<algorithms::Choice&>(problem.data) = "digits";
  problem.batch = samples_of_a_batch;
  problem.dtype = Dtype::float32;
  problem.optimiser.rate = 0.1;
  problem.stop.steps = steps;
  problem.evaluate_every = 0;
  problem.dataset = algorithms::load_dataset(problem);
  problem.judge = std::make_shared<algorithms::Judge>(problem);
  return problem;
}

/// Memory that a child can leave a value in.
class SharedParameters {
 public:
  explicit SharedParameters(std::size_t count)
      : bytes_{count * sizeof(double)},
        values_{static_cast<double*>(mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                                          MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
                count} {}
  ~SharedParameters() { munmap(values_.data(), bytes_); }
  SharedParameters(const SharedParameters&) = delete;
  SharedParameters& operator=(const SharedParameters&) = delete;
  void set(const std::vector<double>& values) { std::ranges::copy(values, values_.begin()); }
  bool operator==(const SharedParameters& other) const {
    return std::ranges::equal(values_, other.values_);
  }

 private:
  std::size_t bytes_;
  std::span<double> values_;
};

using Program = std::function<void(Communicator&)>;
void in_simgrid(int workers, const Program& program) {
  test::run_on(test::Star{.ranks = workers, .processor = charged}, program);
}
void in_loggp(int workers, const Program& program) {
  test::run_on(test::LogGPStar{.ranks = workers, .processor = charged}, program);
}

/// workers, steps: CPU time of simulated training beyond that of its arithmetic and copies, for
/// each message, and as a ratio. Both must end with the same parameters, bit for bit.
template <void (*run_on)(int, const Program&)>
void perceptron_on_a_ring(benchmark::State& state) {
  const auto workers = static_cast<int>(state.range(0));
  const TrainingProblem problem = perceptron(state.range(1));
  const std::size_t size = algorithms::make_model(problem)->size();
  const double messages = 2.0 * workers * (workers - 1) * static_cast<double>(state.range(1));
  for (auto _ : state) {
    SharedParameters simulated_end{size}, end{size};
    const Use alone =
        bench::measure([&] { end.set(bench::train_in_one_process(problem, workers)); });
    const Use simulated = bench::measure([&] {
      algorithms::TrainingHistory history;
      run_on(workers, [&](Communicator& comm) { algorithms::train(comm, problem, history); });
      simulated_end.set(history.final_parameters().at(workers - 1));
    });
    if (!alone.succeeded || !simulated.succeeded) return state.SkipWithError("training failed");
    if (!(simulated_end == end)) return state.SkipWithError("the two trained differently");
    state.SetIterationTime(simulated.cpu_s);
    state.counters["alone_s"] = alone.cpu_s;
    state.counters["ratio"] = simulated.cpu_s / alone.cpu_s;
    state.counters["us/message_beyond"] = 1e6 * (simulated.cpu_s - alone.cpu_s) / messages;
    state.counters["messages"] = messages;
    state.counters["MiB"] = simulated.peak_MiB;
    state.counters["alone_MiB"] = alone.peak_MiB;
  }
}
BENCHMARK(perceptron_on_a_ring<in_simgrid>)
    ->Name("perceptron_on_a_ring")
    ->ArgNames({"workers", "steps"})
    ->Args({64, 20})
    ->Args({64, 200})
    ->Apply([](auto* one) { repeated(one, 5); });
BENCHMARK(perceptron_on_a_ring<in_loggp>)
    ->Name("perceptron_on_a_ring_in_loggp")
    ->ArgNames({"workers", "steps"})
    ->Args({64, 20})
    ->Args({64, 200})
    ->Apply([](auto* one) { repeated(one, 5); });

// ---- its products of matrices

/// A product as that perceptron needs it, C = op(A) op(B).
struct Product {
  const char* of;
  std::size_t m, n, k;
  bool transpose_a, transpose_b;
};
constexpr std::array<Product, 8> products{{{"layer 1", 128, 32, 784, false, false},
                                           {"layer 2", 64, 32, 128, false, false},
                                           {"layer 3", 10, 32, 64, false, false},
                                           {"weights 3", 10, 64, 32, false, true},
                                           {"inputs 3", 64, 32, 10, true, false},
                                           {"weights 2", 64, 128, 32, false, true},
                                           {"inputs 2", 128, 32, 64, true, false},
                                           {"weights 1", 128, 784, 32, false, true}}};

using Matrix = Eigen::MatrixXf;

/// In straight Eigen.
void multiply(const Product& product, const Eigen::Map<Matrix>& a, const Eigen::Map<Matrix>& b,
              Eigen::Map<Matrix> c) {
  if (product.transpose_a) c.noalias() = a.transpose() * b;
  else if (product.transpose_b) c.noalias() = a * b.transpose();
  else c.noalias() = a * b;
}

/// The least CPU time of a call, of several batches of calls.
template <class Call>
double seconds_of(Call call) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  };
  constexpr int calls = 200;
  const double start = now();
  for (int i = 0; i < calls; ++i) call();
  return (now() - start) / calls;
}

/// One product: run as a kernel by a communicator, and in Eigen. In turns, so that the ratio holds
/// while the machine's speed drifts.
void gemm_beside_eigen(benchmark::State& state) {
  const Product& product = products[static_cast<std::size_t>(state.range(0))];
  state.SetLabel(product.of);
  const auto index = [](std::size_t n) { return static_cast<Eigen::Index>(n); };
  const Buffer a{product.m * product.k, Dtype::float32}, b{product.k * product.n, Dtype::float32},
      c{product.m * product.n, Dtype::float32};
  for (const Buffer* operand : {&a, &b}) run_on_host(Fill{0.5, *operand});
  const Gemm kernel{.m = product.m,
                    .n = product.n,
                    .k = product.k,
                    .a = a,
                    .b = b,
                    .c = c,
                    .transpose_a = product.transpose_a,
                    .transpose_b = product.transpose_b};
  const auto columns = [&](const Buffer& operand, std::size_t rows) {
    return Eigen::Map<Matrix>{operand.slice().host<float>().data(), index(rows),
                              index(operand.slice().size() / rows)};
  };
  const Eigen::Map<Matrix> left = columns(a, product.transpose_a ? product.k : product.m);
  const Eigen::Map<Matrix> right = columns(b, product.transpose_b ? product.n : product.k);
  algorithms::OffTheClock alone;
  for (auto _ : state) {
    const double ours = seconds_of([&] { compute(alone, kernel); });
    const double eigen = seconds_of([&] {
      multiply(product, left, right, columns(c, product.m));
      benchmark::ClobberMemory();
    });
    const double flops = work(kernel).flops.value;
    state.SetIterationTime(ours);
    state.counters["GFlop/s"] = 1e-9 * flops / ours;
    state.counters["Eigen_GFlop/s"] = 1e-9 * flops / eigen;
    state.counters["of_Eigen"] = eigen / ours;
  }
}
BENCHMARK(gemm_beside_eigen)
    ->ArgName("product")
    ->DenseRange(0, products.size() - 1)
    ->Apply([](auto* one) { repeated(one, 21); }) -> Unit(benchmark::kMicrosecond);

// ---- an architecture by its sizes

TrainingProblem resnet50(std::int64_t steps) {
  TrainingProblem problem;
  problem.model = "phantom";
  problem.model.set(algorithms::PhantomModel::preset_setting, "resnet50");
  problem.phantom = true;
  problem.batch = 32;
  problem.dtype = Dtype::float32;
  problem.stop.steps = steps;
  return problem;
}

/// workers, steps
void resnet50_by_its_sizes(benchmark::State& state) {
  const auto workers = static_cast<int>(state.range(0));
  const TrainingProblem problem = resnet50(state.range(1));
  for (auto _ : state) {
    const Use use = bench::measure([&] {
      test::run_on(
          test::Star{
              .ranks = workers, .processor = charged, .options = {.stack = Bytes{64 * 1024}}},
          [&](Communicator& comm) {
            algorithms::TrainingHistory history;
            algorithms::train(comm, problem, history);
          });
    });
    if (!use.succeeded) return state.SkipWithError("the simulation failed");
    state.SetIterationTime(use.cpu_s);
    state.counters["MiB"] = use.peak_MiB;
  }
}
BENCHMARK(resnet50_by_its_sizes)
    ->ArgNames({"workers", "steps"})
    ->Args({64, 20})
    ->Args({128, 20})
    ->Apply([](auto* one) { repeated(one, 3); });

}  // namespace

BENCHMARK_MAIN();
