#include "algorithms/models/subnets.hpp"

#include <algorithm>
#include <numeric>

namespace troupe::algorithms {
namespace {

std::vector<std::size_t> all_units(std::size_t count) {
  std::vector<std::size_t> units(count);
  std::iota(units.begin(), units.end(), std::size_t{0});
  return units;
}

template <class T>
void gather_values(std::span<const std::size_t> indices, ConstSlice from, Slice into) {
  const auto values = from.host<T>();
  T* next = into.host<T>().data();
  for (const std::size_t index : indices) *next++ = values[index];
}
template <class T>
void scatter_values(std::span<const std::size_t> indices, ConstSlice from, Slice into) {
  const auto values = into.host<T>();
  const T* next = from.host<T>().data();
  for (const std::size_t index : indices) values[index] = *next++;
}

}  // namespace

UnitGroups random_groups(std::span<const std::size_t> widths, std::size_t subnets,
                         SplitMix64& draws) {
  EXPECTS(widths.size() > 2 && subnets > 0, "there are hidden layers to cut");
  UnitGroups groups;
  for (const std::size_t width : widths.subspan(1, widths.size() - 2)) {
    EXPECTS(subnets <= width, "every subnet has a unit in every hidden layer");
    std::vector<std::size_t> units = all_units(width);
    for (std::size_t i = width - 1; i > 0; --i) std::swap(units[i], units[draws.below(i + 1)]);
    std::vector<std::vector<std::size_t>> of_layer(subnets);
    auto next = units.begin();
    for (std::size_t k = 0; k < subnets; ++k) {
      const auto end =
          next + static_cast<std::ptrdiff_t>(width / subnets + (k < width % subnets ? 1 : 0));
      of_layer[k].assign(next, end);
      std::ranges::sort(of_layer[k]);
      next = end;
    }
    groups.push_back(std::move(of_layer));
  }
  return groups;
}

std::size_t default_subnets(std::size_t hidden_layers, std::size_t samples) {
  return std::min(std::size_t{1} << (hidden_layers + 2), samples);
}

/// Of a layer from `in` units to `out` units of the full network, subnet k has the block of its own
/// input units × its own output units, then the biases of those output units:
///   W[S_out, S_in] column by column, b[S_out].
Decomposition::Decomposition(std::vector<std::size_t> widths, const UnitGroups& groups) {
  EXPECTS(groups.size() + 2 == widths.size(), "there are groups for each hidden layer");
  const std::size_t subnets = groups.empty() ? 0 : groups.front().size();
  EXPECTS(subnets > 0, "there are subnets");
  outputs_ = widths.back();
  widths_.assign(subnets, {widths.front()});
  indices_.resize(subnets);
  for (std::size_t layer = 0; layer + 1 < widths.size(); ++layer) {
    const std::size_t in = widths[layer], out = widths[layer + 1];
    const bool is_first = layer == 0, is_last = layer + 2 == widths.size();
    for (std::size_t k = 0; k < subnets; ++k) {
      const auto from = is_first ? all_units(in) : groups[layer - 1][k];
      const auto to = is_last ? all_units(out) : groups[layer][k];
      for (const std::size_t column : from)
        for (const std::size_t row : to) indices_[k].push_back(size_ + column * out + row);
      for (const std::size_t row : to) indices_[k].push_back(size_ + in * out + row);
      widths_[k].push_back(to.size());
    }
    size_ += in * out + out;
  }
}

void Decomposition::gather(Communicator& comm, ConstSlice full, std::size_t k, Slice into) const {
  EXPECTS(full.size() == size_ && into.size() == size_of(k), "slices have the sizes of their nets");
  const auto copy = [this, full, k, into] {
    if (into.dtype() == Dtype::float32) gather_values<float>(indices_[k], full, into);
    else gather_values<double>(indices_[k], full, into);
  };
  compute(comm, Opaque{.reads = {full},
                       .writes = {into},
                       .work = {Flops{}, Bytes{2 * into.size_bytes()}},
                       .body = copy});
}

void Decomposition::reconstruct(Communicator& comm, std::span<const ConstSlice> subnets,
                                std::span<const double> weights, Slice full) const {
  EXPECTS(subnets.size() == this->subnets() && weights.size() == subnets.size(),
          "every subnet comes back, with its weight");
  for (std::size_t k = 0; k < subnets.size(); ++k) {
    EXPECTS(subnets[k].size() == size_of(k), "a subnet comes back as it went");
    const ConstSlice from = subnets[k];
    const auto copy = [this, from, k, full] {
      if (full.dtype() == Dtype::float32) scatter_values<float>(indices_[k], from, full);
      else scatter_values<double>(indices_[k], from, full);
    };
    compute(comm, Opaque{.reads = {from, full},
                         .writes = {full},
                         .work = {Flops{}, Bytes{2 * from.size_bytes()}},
                         .body = copy});
  }
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (subnets.size() == 1) return;  // the mean of one is itself, to the bit
  const Slice bias = full.drop(size_ - outputs_);
  compute(comm, Fill{0, bias});
  for (std::size_t k = 0; k < subnets.size(); ++k)
    compute(comm, Axpy{weights[k] / total, subnets[k].drop(size_of(k) - outputs_), bias});
}

}  // namespace troupe::algorithms
