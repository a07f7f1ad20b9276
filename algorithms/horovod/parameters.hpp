#pragma once
// What a training loop does with its layers through Horovod: equal starts, and gradients averaged
// for all layers or for some of them.

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "algorithms/horovod/horovod.hpp"

namespace troupe::algorithms::horovod {

/// A parameter of a model, or its gradient: values that belong to somebody else, under a name that
/// is the same on every rank.
struct NamedValues {
  std::string name;
  Shape shape;
  Slice values;
};

/// Which parameters are meant, by their names.
using Filter = std::function<bool(std::string_view name)>;
inline bool everything(std::string_view) { return true; }

/// Every rank ends with the root's values. Before the first step: averaged gradients keep replicas
/// as far apart as they began.
void broadcast_parameters(Horovod& hvd, std::span<const NamedValues> parameters, Rank root = 0);

/// Replaces the gradients that the filter lets through (the article's weights_to_sync) by their
/// averages over all ranks; the others stay as they are, and nothing is sent for them. All are
/// begun before the first is waited for. Every rank gives the same filter.
void average_gradients(Horovod& hvd, std::span<const NamedValues> gradients,
                       const Filter& filter = everything, const Reduction& how = {});

}  // namespace troupe::algorithms::horovod
