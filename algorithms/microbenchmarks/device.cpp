#include "algorithms/microbenchmarks/device.hpp"

#include <algorithm>
#include <cmath>
#include <new>

#include "algorithms/microbenchmarks/workbench.hpp"

namespace troupe::algorithms {

namespace {

constexpr int most_in_a_row = 100'000;

/// Runs `once` in rows and times them.
template <class Once>
class Rows {
 public:
  Rows(Communicator& comm, const RowChoice& choice, Once once)
      : comm_{comm}, choice_{choice}, once_{std::move(once)} {}

  /// Nothing where one takes too long.
  std::optional<Timing> measure() {
    row(1);  // libraries start, memory is touched
    Seconds took = row(1);
    if (took > choice_.longest) return {};
    int length = 1;
    while (took < choice_.row && length < most_in_a_row) {
      length = longer(length, took);
      took = row(length);
    }
    std::vector<Seconds> each;
    for (int i = 0; i < choice_.repeats; ++i) each.push_back(row(length) / length);
    std::ranges::sort(each);
    return Timing{.time = quantile(each, 0.5),
                  .p10 = quantile(each, 0.1),
                  .p90 = quantile(each, 0.9),
                  .repeats = choice_.repeats};
  }

 private:
  Seconds row(int length) {
    const Seconds begin = comm_.now();
    for (int i = 0; i < length; ++i) once_();
    return comm_.now() - begin;
  }
  /// How many would have taken long enough, a little more, and at most ten times as many.
  int longer(int length, Seconds took) const {
    const double wanted = took.count() > 0 ? 1.1 * length * (choice_.row / took) : most_in_a_row;
    return static_cast<int>(std::min({std::ceil(wanted), 10.0 * length, 1.0 * most_in_a_row}));
  }
  static Seconds quantile(const std::vector<Seconds>& sorted, double share) {
    const double at = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
  }

  Communicator& comm_;
  const RowChoice& choice_;
  Once once_;
};

Seconds middle(std::vector<Seconds> times) {
  const auto half = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, half);
  return *half;
}
/// What one reading takes longer than the other, by their medians: in turns, so that a host which
/// becomes slower is slower for both.
template <class With, class Without>
Seconds difference(int repeats, const With& with, const Without& without) {
  std::vector<Seconds> longer, shorter;
  for (int i = 0; i < repeats; ++i) {
    shorter.push_back(without());
    longer.push_back(with());
  }
  return middle(std::move(longer)) - middle(std::move(shorter));
}

/// Times of kernels on the device alone: rows behind what keeps it busy while they are launched. 0
/// where a row that waits for the program does not clearly take longer.
class Behind {
 public:
  Behind(Communicator& comm, Workbench& bench, const RowChoice& choice)
      : comm_{comm}, repeats_{choice.repeats}, copy_{bench.job(long_copy)} {
    seconds_of(4, {});
    one_copy_ = seconds_of(4, {}) / 4;
  }

  /// `row`: what one takes in a row that waits for the program.
  template <class Once>
  Seconds time(Seconds row, const Once& once) {
    constexpr Seconds longest_launch{300e-6};
    if (row > longest_launch || one_copy_.count() <= 0) return Seconds{};
    constexpr double spare = 1.5, clearly = 0.95;
    constexpr Seconds shortest{1e-7};  // differences of noisy times may be negative
    const int copies = 1 + static_cast<int>(std::ceil(spare * length * (row / one_copy_)));
    const Seconds one = difference(
                            repeats_, [&] { return seconds_of(copies, once); },
                            [&] { return seconds_of(copies, {}); }) /
                        length;
    return one < clearly * row ? std::max(one, shortest) : Seconds{};
  }

 private:
  static constexpr int length = 32;
  static constexpr KernelShape long_copy{
      .kernel = "Copy", .form = {}, .dtype = Dtype::float32, .sizes = {std::uint64_t{1} << 26}};

  Seconds seconds_of(int copies, const std::function<void()>& once) {
    const Seconds begin = comm_.now();
    for (int i = 0; i < copies; ++i) compute(comm_, copy_->next());
    for (int i = 0; once && i < length; ++i) once();
    return comm_.now() - begin;
  }

  Communicator& comm_;
  int repeats_;
  std::unique_ptr<Workbench::Job> copy_;
  Seconds one_copy_{};
};

/// Times of launches among those of other kernels, which take the device less time than that.
class Among {
 public:
  Among(Communicator& comm, Workbench& bench, const RowChoice& choice)
      : comm_{comm}, repeats_{choice.repeats} {
    const auto add = [&](std::string_view kernel, std::string_view form,
                         std::initializer_list<std::uint64_t> sizes) {
      KernelShape shape{.kernel = kernel, .form = form, .dtype = Dtype::float32, .sizes = {}};
      std::ranges::copy(sizes, shape.sizes.begin());
      others_.push_back({shape.kernel, bench.job(shape)});
    };
    add("Axpy", "", {256});
    add("Gemm", "nn", {32, 32, 32});
    add("Fill", "", {256});
    add("AddBias", "", {16, 1, 16});
    add("Reduce", "", {256});
  }

  /// 0 where it cannot be told from the others' noise.
  template <class Once>
  Seconds time(std::string_view kernel, const Once& once) {
    pause();
    const Seconds all = difference(
        repeats_, [&] { return cycles(kernel, once); }, [&] { return cycles(kernel, {}); });
    return std::max(Seconds{}, all / count);
  }

 private:
  static constexpr int count = 32;
  struct Other {
    std::string_view kernel;
    std::unique_ptr<Workbench::Job> job;
  };

  /// A program that has waited for something else than kernels is not ahead of its device.
  void pause() {
    WaitSet nothing;
    nothing.add(comm_.irecv(comm_.rank(), Tag{0}, Payload{}));
    comm_.wait_any(nothing, comm_.now() + Seconds{1e-6});
  }
  Seconds cycles(std::string_view kernel, const std::function<void()>& once) {
    const Seconds begin = comm_.now();
    for (int i = 0; i < count; ++i) {
      for (const Other& other : others_)
        if (other.kernel != kernel) compute(comm_, other.job->next());
      if (once) once();
    }
    return comm_.now() - begin;
  }

  Communicator& comm_;
  int repeats_;
  std::vector<Other> others_;
};

bool same_kind(const KernelShape& a, const KernelShape& b) {
  return a.kernel == b.kernel && a.form == b.form && a.dtype == b.dtype;
}

/// Shapes that were too much.
class TooMuch {
 public:
  void add(const KernelShape& shape) { shapes_.push_back(shape); }
  bool covers(const KernelShape& shape) const {
    return std::ranges::any_of(shapes_, [&](const KernelShape& large) {
      return same_kind(large, shape) &&
             std::ranges::equal(large.sizes, shape.sizes, std::less_equal<>{});
    });
  }

 private:
  std::vector<KernelShape> shapes_;
};

}  // namespace

std::vector<KernelTime> measure_kernels(Communicator& comm, Memory& memory, const RowChoice& choice,
                                        std::span<const KernelShape> shapes,
                                        const Progress& progress) {
  Workbench bench{comm, memory, choice.phantom};
  TooMuch too_much;
  std::optional<Behind> behind;
  std::optional<Among> among;
  if (choice.apart) {
    behind.emplace(comm, bench, choice);
    among.emplace(comm, bench, choice);
  }
  std::vector<KernelTime> times;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (progress) progress(static_cast<double>(i) / static_cast<double>(shapes.size()));
    if (too_much.covers(shapes[i])) continue;
    std::optional<Timing> timing;
    try {
      const Work done = work_of(shapes[i]);
      if (done.bytes <= choice.most) {
        const auto job = bench.job(shapes[i]);
        const auto once = [&] { compute(comm, job->next()); };
        timing = Rows{comm, choice, once}.measure();
        if (timing) {
          KernelTime& found = times.emplace_back(KernelTime{shapes[i], done, *timing});
          if (behind) found.device = behind->time(timing->time, once);
          if (found.device.count() > 0) found.launch = among->time(shapes[i].kernel, once);
        }
      }
    } catch (const std::bad_alloc&) {
    }
    if (!timing) too_much.add(shapes[i]);
  }
  if (progress) progress(1);
  return times;
}

namespace {

/// Code on the host: what it reads and writes, and what it does.
class HostCode {
 public:
  HostCode(Communicator& comm, const RowChoice& choice) : comm_{comm}, choice_{choice} {}

  /// Nothing where it takes too long, or no time. Bodies that do nothing count as a byte: without
  /// any work they would be an observer's, and free.
  std::optional<Timing> time(std::vector<ConstSlice> reads, std::vector<Slice> writes) {
    return time({std::move(reads), std::move(writes), {Flops{}, Bytes{1}}, [] {}});
  }
  /// Of a kernel of the host's own; 0 where that is not known.
  Seconds time(const KernelShape& shape) {
    Workbench bench{comm_, host_memory(), choice_.phantom};
    const auto job = bench.job(shape);
    const auto timing = time({{}, {}, work_of(shape), [&] { run_on_host(job->next()); }});
    return timing ? timing->time : Seconds{};
  }

 private:
  std::optional<Timing> time(const Opaque& code) {
    const auto timing = Rows{comm_, choice_, [&] { compute(comm_, code); }}.measure();
    return timing && timing->time.count() > 0 ? timing : std::nullopt;
  }

  Communicator& comm_;
  const RowChoice& choice_;
};

/// Does a simulated clock charge for copies?
bool copies_are_charged(HostCode& code) {
  const Slice some = Slice::phantom(std::size_t{1} << 20, Dtype::uint8);
  const auto copying = code.time({some}, {some}), nothing = code.time({}, {});
  return copying && (!nothing || copying->time > nothing->time);
}

}  // namespace

HostLink measure_host_link(Communicator& comm, Memory& memory, const RowChoice& choice) {
  HostLink link;
  HostCode code{comm, choice};
  if (choice.phantom ? !copies_are_charged(code) : memory.on_host()) return link;
  constexpr std::size_t most = std::size_t{64} << 20;
  const Buffer device = choice.phantom ? Buffer{} : Buffer{most, Dtype::uint8, memory};
  const Slice values = choice.phantom ? Slice::phantom(most, Dtype::uint8) : device.slice();
  for (std::size_t bytes = 4096; bytes <= most; bytes *= 4) {
    const Slice part = values.first(bytes);
    if (const auto timing = code.time({}, {part})) link.to_device.push_back({{bytes}, *timing});
    if (const auto timing = code.time({part}, {})) link.from_device.push_back({{bytes}, *timing});
  }
  constexpr KernelShape product{
      .kernel = "Gemm", .form = "nn", .dtype = Dtype::float32, .sizes = {256, 256, 256}};
  constexpr KernelShape copy{
      .kernel = "Copy", .form = {}, .dtype = Dtype::float32, .sizes = {std::uint64_t{1} << 20}};
  if (const Seconds took = code.time(product); took.count() > 0)
    link.speed = FlopsPerSecond{work_of(product).flops.value / took.count()};
  if (const Seconds took = code.time(copy); took.count() > 0)
    link.memory_bandwidth =
        BytesPerSecond{static_cast<double>(work_of(copy).bytes.value) / took.count()};
  return link;
}

}  // namespace troupe::algorithms
