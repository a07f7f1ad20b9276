#pragma once
// One rank's part of a dense layer z = W x + b, a = g(z): some of the outputs (Megatron's
// column-parallel layer) or some of the inputs (row-parallel).

#include <cstddef>
#include <vector>

#include "algorithms/models/network.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Copies rows [from_row, from_row + rows) of a matrix of `columns` columns to rows of another,
/// both column-major.
struct RowCopy {
  ConstSlice from{};
  std::size_t from_height = 0, from_row = 0;
  Slice into{};
  std::size_t into_height = 0, into_row = 0;
  std::size_t rows = 0, columns = 0;
};
void copy_rows(Communicator& comm, const RowCopy& copy);

enum class Split : std::uint8_t { outputs, inputs };

struct SplitLayer {
  DenseBlock whole;
  Split split = Split::outputs;
  int ranks = 1;
  std::size_t whole_offset = 0, offset = 0;  ///< of its parameters: of all, and of this rank's

  /// Of this rank's part.
  std::size_t inputs() const { return split == Split::inputs ? whole.inputs / n() : whole.inputs; }
  std::size_t outputs() const {
    return split == Split::outputs ? whole.outputs / n() : whole.outputs;
  }
  std::size_t weights() const { return inputs() * outputs(); }
  /// W_r, then b_r; all of b where the inputs are split.
  std::size_t parameters() const { return weights() + outputs(); }

  /// Between the parameters of the whole layer and those of rank `rank`.
  void extract(Communicator& comm, ConstSlice all, Rank rank, Slice mine) const;
  void insert(Communicator& comm, ConstSlice mine, Rank rank, Slice all) const;

 private:
  std::size_t n() const { return static_cast<std::size_t>(ranks); }
};

/// The layers of a perceptron over `ranks` ranks: outputs and inputs in turn, or outputs of all.
std::vector<SplitLayer> split_layers(const Network& network, int ranks, bool in_pairs);

}  // namespace troupe::algorithms
