#include "algorithms/parallel/split_layer.hpp"

#include <algorithm>

namespace troupe::algorithms {

void copy_rows(Communicator& comm, const RowCopy& copy) {
  const std::size_t width = size_of(copy.from.dtype());
  const auto body = [&] {
    for (std::size_t j = 0; j < copy.columns; ++j)
      std::copy_n(copy.from.bytes().data() + (j * copy.from_height + copy.from_row) * width,
                  copy.rows * width,
                  copy.into.bytes().data() + (j * copy.into_height + copy.into_row) * width);
  };
  compute(comm, Opaque{.reads = {copy.from, copy.into},  // whose other rows stay
                       .writes = {copy.into},
                       .work = {Flops{}, Bytes{2 * copy.rows * copy.columns * width}},
                       .body = body});
}

void SplitLayer::extract(Communicator& comm, ConstSlice all, Rank rank, Slice mine) const {
  const ConstSlice from = all.subslice(whole_offset, (whole.inputs + 1) * whole.outputs);
  const Slice into = mine.subslice(offset, parameters());
  const auto r = static_cast<std::size_t>(rank);
  if (split == Split::outputs) {  // some rows of [W b]
    copy_rows(comm, {from, whole.outputs, r * outputs(), into, outputs(), 0, outputs(),
                     whole.inputs + 1});
  } else {  // some columns of W, and b
    compute(comm, Copy{into.first(weights()), from.subslice(r * weights(), weights())});
    compute(comm, Copy{into.drop(weights()), from.drop(whole.inputs * whole.outputs)});
  }
}

void SplitLayer::insert(Communicator& comm, ConstSlice mine, Rank rank, Slice all) const {
  const ConstSlice from = mine.subslice(offset, parameters());
  const Slice into = all.subslice(whole_offset, (whole.inputs + 1) * whole.outputs);
  const auto r = static_cast<std::size_t>(rank);
  if (split == Split::outputs) {
    copy_rows(comm, {from, outputs(), 0, into, whole.outputs, r * outputs(), outputs(),
                     whole.inputs + 1});
  } else {
    compute(comm, Copy{into.subslice(r * weights(), weights()), from.first(weights())});
    compute(comm, Copy{into.drop(whole.inputs * whole.outputs), from.drop(weights())});
  }
}

std::vector<SplitLayer> split_layers(const Network& network, int ranks, bool in_pairs) {
  std::vector<SplitLayer> layers;
  std::size_t whole_offset = 0, offset = 0;
  for (const Block& block : network.blocks()) {
    const bool second = in_pairs && layers.size() % 2 == 1;
    layers.push_back({.whole = std::get<DenseBlock>(block),
                      .split = second ? Split::inputs : Split::outputs,
                      .ranks = ranks,
                      .whole_offset = whole_offset,
                      .offset = offset});
    whole_offset += parameters_of(block);
    offset += layers.back().parameters();
  }
  return layers;
}

}  // namespace troupe::algorithms
