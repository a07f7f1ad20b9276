#include "sim/measured_times.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace troupe::sim {

namespace {

/// Logarithms of what the time of a kernel is interpolated over.
using Place = std::vector<double>;

Place logarithms(std::initializer_list<std::uint64_t> sizes) {
  Place place;
  for (const auto size : sizes)
    place.push_back(std::log(static_cast<double>(std::max<std::uint64_t>(size, 1))));
  return place;
}

Windows windows_of(const KernelShape& shape) {
  const auto& s = shape.sizes;
  return {s[0], s[1], s[2], s[3], s[4], s[5], s[6]};
}

Place place_of(const KernelShape& shape) {
  const auto kind = shape.kernel;
  if (kind.starts_with("Convolution") || kind.starts_with("Pooling")) {
    const Windows w = windows_of(shape);
    const std::size_t pixels = w.fits() ? w.out_pixels() : 1;
    const std::size_t window = w.window_height * w.window_width;
    if (kind.starts_with("Pooling"))
      return logarithms({w.channels * shape.sizes[7], pixels, window});
    return logarithms({w.channels, shape.sizes[7], pixels, window, shape.sizes[8]});
  }
  Place place;
  const auto* known = find_kernel_kind(kind);
  for (std::size_t i = 0; known && i < known->sizes.size(); ++i)
    place.push_back(logarithms({shape.sizes[i]}).front());
  return place;
}

/// By which power of each size the work grows.
double growth(std::string_view kernel, std::size_t axis) {
  if (kernel == "Cholesky") return 3;
  if (kernel == "CholeskySolve") return axis == 0 ? 2 : 1;
  if (kernel == "Svd") return 1.5;
  if (kernel == "Gather" && axis == 2) return 0;
  return 1;
}

bool same_launch(const KernelShape& a, const KernelShape& b) {
  return a.kernel == b.kernel && a.form == b.form;
}
bool same_kind(const KernelShape& a, const KernelShape& b) {
  return same_launch(a, b) && a.dtype == b.dtype;
}

Seconds running(const KernelTime& point) {
  return point.device.count() > 0 ? point.device : point.timing.time;
}
/// Of a point that waited for its launch.
Seconds launch_of(const KernelTime& point) {
  return point.launch.count() > 0 ? point.launch : point.timing.time;
}
/// For each kernel and form with rows that waited for launches, the one of median time.
std::vector<KernelTime> launched(const MeasuredDevice& device) {
  std::vector<std::vector<KernelTime>> kinds;
  for (const auto* points : {&device.kernels, &device.exact})
    for (const auto& point : *points) {
      if (point.device.count() <= 0) continue;
      const auto kind = std::ranges::find_if(
          kinds, [&](const auto& known) { return same_launch(known.front().shape, point.shape); });
      if (kind == kinds.end()) kinds.push_back({point});
      else kind->push_back(point);
    }
  std::vector<KernelTime> medians;
  for (auto& points : kinds) {
    const auto middle = points.begin() + static_cast<std::ptrdiff_t>(points.size() / 2);
    std::ranges::nth_element(points, middle, {}, launch_of);
    medians.push_back(*middle);
  }
  return medians;
}

}  // namespace

/// The measured points of one kernel, form and dtype: the logarithms of their times at each
/// crossing of the axes.
class MeasuredTimes::Grid {
 public:
  Grid(const KernelShape& kind, const std::vector<const KernelTime*>& points) : kind_{kind} {
    std::vector<Place> places;
    for (const auto* point : points) places.push_back(place_of(point->shape));
    axes_.resize(places.front().size());
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      for (const Place& place : places) axes_[i].push_back(place[i]);
      std::ranges::sort(axes_[i]);
      axes_[i].erase(std::unique(axes_[i].begin(), axes_[i].end()), axes_[i].end());
    }
    std::size_t crossings = 1;
    for (const auto& axis : axes_) crossings *= axis.size();
    times_.resize(crossings);
    for (std::size_t at = 0; at < crossings; ++at) times_[at] = at_crossing(at, places, points);
  }

  const KernelShape& kind() const { return kind_; }

  Seconds time(const KernelShape& shape) const {
    Place place = place_of(shape);
    double beyond = 0;  // of the work, outside the grid
    std::vector<std::size_t> low(axes_.size());
    std::vector<double> share(axes_.size());
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      const auto& axis = axes_[i];
      const double inside = std::clamp(place[i], axis.front(), axis.back());
      beyond += growth(kind_.kernel, i) * (place[i] - inside);
      if (axis.size() == 1) continue;
      const auto above = std::upper_bound(axis.begin() + 1, axis.end() - 1, inside);
      low[i] = static_cast<std::size_t>(above - axis.begin()) - 1;
      share[i] = (inside - axis[low[i]]) / (axis[low[i] + 1] - axis[low[i]]);
    }
    return Seconds{std::exp(beyond + within(low, share))};
  }

 private:
  /// Multilinear between the corners of a cell.
  double within(const std::vector<std::size_t>& low, const std::vector<double>& share) const {
    double sum = 0;
    for (std::size_t corner = 0; corner < std::size_t{1} << axes_.size(); ++corner) {
      double weight = 1;
      std::size_t at = 0;
      for (std::size_t i = axes_.size(); i-- > 0;) {
        const bool upper = (corner >> i & 1) != 0;
        weight *= upper ? share[i] : 1 - share[i];
        at = at * axes_[i].size() + std::min(low[i] + upper, axes_[i].size() - 1);
      }
      if (weight > 0) sum += weight * times_[at];
    }
    return sum;
  }
  Place place_of_crossing(std::size_t at) const {
    Place place;
    for (const auto& axis : axes_) {
      place.push_back(axis[at % axis.size()]);
      at /= axis.size();
    }
    return place;
  }
  /// Measured, or with the rate of the nearest that was, smaller ones first.
  double at_crossing(std::size_t at, const std::vector<Place>& places,
                     const std::vector<const KernelTime*>& points) const {
    const Place here = place_of_crossing(at);
    double least = std::numeric_limits<double>::infinity(), time = 0;
    for (std::size_t j = 0; j < places.size(); ++j) {
      double distance = 0, work = 0;
      for (std::size_t i = 0; i < here.size(); ++i) {
        const double step = here[i] - places[j][i];
        work += growth(kind_.kernel, i) * step;
        distance += step >= 0 ? step : -1e3 * step;
      }
      if (distance >= least) continue;
      least = distance;
      time = std::log(running(*points[j]).count()) + work;
    }
    return time;
  }

  KernelShape kind_;
  std::vector<std::vector<double>> axes_;
  std::vector<double> times_;
};

MeasuredTimes::MeasuredTimes(const MeasuredDevice& device)
    : launched_{launched(device)}, host_{device.host}, launch_overhead_{device.launch_overhead} {
  std::vector<std::vector<const KernelTime*>> kinds;
  const auto know = [this](const KernelTime& point) {
    known_[point.shape] = {
        .launching = point.device.count() > 0 ? launch_of(point) : launching(point.shape),
        .running = running(point)};
  };
  for (const auto& point : device.kernels) {
    const auto kind = std::ranges::find_if(
        kinds, [&](const auto& known) { return same_kind(known.front()->shape, point.shape); });
    if (kind == kinds.end()) kinds.push_back({&point});
    else kind->push_back(&point);
    know(point);
    const double seconds = point.timing.time.count();
    if (point.shape.kernel == "Gemm") {
      auto& best = speeds_[point.shape.dtype];
      best = std::max(best, FlopsPerSecond{point.work.flops.value / seconds});
    }
    if (point.shape.kernel == "Copy")
      memory_bandwidth_ = std::max(
          memory_bandwidth_, BytesPerSecond{static_cast<double>(point.work.bytes.value) / seconds});
  }
  for (const auto& points : kinds)
    grids_.push_back(std::make_unique<Grid>(points.front()->shape, points));
  for (const auto& point : device.exact) know(point);
}

MeasuredTimes::~MeasuredTimes() = default;

FlopsPerSecond MeasuredTimes::speed(Dtype dtype) const noexcept {
  const auto speed = speeds_.find(dtype);
  return speed == speeds_.end() ? FlopsPerSecond{} : speed->second;
}

Seconds MeasuredTimes::launching(const KernelShape& shape) const {
  if (launched_.empty()) return Seconds{};
  const auto like = std::ranges::find_if(
      launched_, [&](const auto& known) { return same_launch(known.shape, shape); });
  return like == launched_.end() ? launch_overhead_ : launch_of(*like);
}

std::optional<KernelCost> MeasuredTimes::cost_of(const KernelShape& shape) const {
  if (const auto known = known_.find(shape); known != known_.end()) return known->second;
  const auto grid = std::ranges::find_if(
      grids_, [&](const auto& candidate) { return same_kind(candidate->kind(), shape); });
  std::optional<KernelCost> found;
  if (grid != grids_.end()) {
    const Seconds running = (*grid)->time(shape);
    found = launched_.empty()
                ? KernelCost{.launching = {}, .running = std::max(launch_overhead_, running)}
                : KernelCost{.launching = launching(shape), .running = running};
  }
  known_[shape] = found;
  return found;
}

std::size_t MeasuredTimes::Hash::operator()(const KernelShape& shape) const noexcept {
  std::size_t hash = std::hash<std::string_view>{}(shape.kernel);
  const auto mix = [&](std::size_t value) { hash = (hash ^ value) * 0x9E3779B97F4A7C15u; };
  mix(std::hash<std::string_view>{}(shape.form));
  mix(static_cast<std::size_t>(shape.dtype));
  for (const auto size : shape.sizes) mix(size);
  return hash ^ hash >> 32;
}

}  // namespace troupe::sim
