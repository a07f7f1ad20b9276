#include "algorithms/zero_gradient_sum/interaction.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::algorithms {
namespace {

template <class T>
void add_values(Interaction kind, double weight, bool first, ConstSlice mine, ConstSlice theirs,
                Slice into) {
  const auto y = mine.host<T>(), z = theirs.host<T>();
  const auto sum = into.host<T>();
  for (std::size_t i = 0; i < sum.size(); ++i)
    sum[i] += static_cast<T>(weight * interact(kind, y[i], z[i], first));
}

void add_product(Communicator& comm, double weight, ConstSlice mine, ConstSlice theirs,
                 ConstSlice matrix, Slice into) {
  const Scratch difference{mine, mine.size()};
  compute(comm, Copy{difference.all(), theirs});
  compute(comm, Axpy{-1, mine, difference.all()});
  compute(comm, Gemm{.m = mine.size(),
                     .n = 1,
                     .k = mine.size(),
                     .alpha = weight,
                     .beta = 1,
                     .a = matrix,
                     .b = difference.all(),
                     .c = into});
}

}  // namespace

Interaction interaction_named(std::string_view name) {
  const auto found = std::ranges::find(interactions, name);
  EXPECTS(found != interactions.end(), "the name of an interaction");
  return static_cast<Interaction>(found - interactions.begin());
}

/// The same bits with the opposite sign from the other end: sums are taken in an order that both
/// ends share.
double interact(Interaction kind, double y, double z, bool first) {
  switch (kind) {
    case Interaction::tanh: return std::tanh(z - y);
    case Interaction::naive_rational: return (z - y) / (1 + y * y);
    case Interaction::oriented_rational: return (z - y) / (1 + (first ? y * y : z * z));
    case Interaction::symmetric_rational: return (z - y) / (1 + (y * y + z * z));
    case Interaction::gradient: return (z + z * z * z) - (y + y * y * y);
    default: return z - y;
  }
}

void add_interaction(Communicator& comm, Interaction kind, double weight, bool first,
                     ConstSlice mine, ConstSlice theirs, ConstSlice matrix, Slice into) {
  if (kind == Interaction::quadratic) return add_product(comm, weight, mine, theirs, matrix, into);
  const auto add = [&] {
    if (into.dtype() == Dtype::float32) add_values<float>(kind, weight, first, mine, theirs, into);
    else add_values<double>(kind, weight, first, mine, theirs, into);
  };
  compute(comm, Opaque{.reads = {mine, theirs, into},
                       .writes = {into},
                       .work = {Flops{5.0 * static_cast<double>(into.size())},
                                Bytes{4 * into.size_bytes()}},
                       .body = add});
}

}  // namespace troupe::algorithms
