#pragma once
// A network of dense layers cut into K independent ones: each hidden layer's units are dealt to K
// groups, and subnet k has the weights among its own units (Yuan et al., "Distributed learning of
// fully connected neural networks using independent subnet training", VLDB 2022). Which rank holds
// which subnet, and for how many steps, is a strategy's business.

#include <cstddef>
#include <span>
#include <vector>

#include "algorithms/models/network.hpp"

namespace troupe::algorithms {

/// groups[l][k]: the units of hidden layer l that belong to subnet k, ascending.
using UnitGroups = std::vector<std::vector<std::vector<std::size_t>>>;

/// Random disjoint covers of the hidden layers of `widths` (inputs, hidden …, outputs) by `subnets`
/// groups whose sizes differ by at most one: each layer's units are shuffled (Fisher and Yates) and
/// cut. EXPECTS no more subnets than units of the narrowest hidden layer.
UnitGroups random_groups(std::span<const std::size_t> widths, std::size_t subnets,
                         SplitMix64& draws);

/// min(2^(L+2), samples) for L hidden layers.
std::size_t default_subnets(std::size_t hidden_layers, std::size_t samples);

/// Where the parameters of each subnet stand among those of the full network, both laid out as
/// multi_layer_perceptron has them. A hidden unit's bias goes with the unit; the output bias
/// belongs to all subnets. Entries between groups belong to none.
class Decomposition {
 public:
  Decomposition(std::vector<std::size_t> widths, const UnitGroups& groups);

  std::size_t subnets() const { return indices_.size(); }
  /// Parameters of the full network.
  std::size_t size() const { return size_; }
  /// inputs, units of each hidden layer, outputs of subnet k.
  std::span<const std::size_t> widths_of(std::size_t k) const { return widths_[k]; }
  std::size_t size_of(std::size_t k) const { return indices_[k].size(); }
  /// For each parameter of subnet k, in its own order, the place in the full vector. The output
  /// biases are the last widths.back() of them.
  std::span<const std::size_t> indices_of(std::size_t k) const { return indices_[k]; }

  /// into (size_of(k)) ← subnet k of the full vector.
  void gather(Communicator& comm, ConstSlice full, std::size_t k, Slice into) const;
  /// Writes all subnets (one slice each) back; the output bias becomes their mean weighted by
  /// `weights` (which need not sum to 1). What belongs to none keeps its bits.
  void reconstruct(Communicator& comm, std::span<const ConstSlice> subnets,
                   std::span<const double> weights, Slice full) const;

 private:
  std::size_t size_ = 0, outputs_ = 0;
  std::vector<std::vector<std::size_t>> widths_, indices_;
};

}  // namespace troupe::algorithms
