#include "algorithms/zero_gradient_sum/triangle.hpp"

#include <cmath>

#include "algorithms/models/model.hpp"
#include "algorithms/neighbourhood.hpp"

namespace troupe::algorithms {
namespace {

std::size_t order_of(ConstSlice matrix) {
  const auto n = static_cast<std::size_t>(std::lround(std::sqrt(matrix.size())));
  EXPECTS(n * n == matrix.size(), "a square matrix");
  return n;
}

/// use(place in the matrix, its mirror image, place in the triangle) for every value.
template <class Use>
void each_place(std::size_t n, Use use) {
  for (std::size_t column = 0, at = 0; column < n; ++column)
    for (std::size_t row = column; row < n; ++row) use(column * n + row, row * n + column, at++);
}

template <class T>
void copy_triangle(ConstSlice from, Slice into, bool packs) {
  const auto source = from.host<T>();
  const auto target = into.host<T>();
  each_place(order_of(packs ? from : ConstSlice{into}),
             [&](std::size_t place, std::size_t mirrored, std::size_t at) {
               if (packs) target[at] = source[place];
               else target[place] = target[mirrored] = source[at];
             });
}

void start_copy(Communicator& comm, ConstSlice from, Slice into, bool packs) {
  compute(comm, Opaque{.reads = {from},
                       .writes = {into},
                       .work = {Flops{}, Bytes{from.size_bytes() + into.size_bytes()}},
                       .body = [&] {
                         if (from.dtype() == Dtype::float32)
                           copy_triangle<float>(from, into, packs);
                         else copy_triangle<double>(from, into, packs);
                       }});
}

}  // namespace

void pack_triangle(Communicator& comm, ConstSlice matrix, Slice packed) {
  EXPECTS(packed.size() == triangle(order_of(matrix)), "room for the triangle");
  start_copy(comm, matrix, packed, true);
}
void unpack_triangle(Communicator& comm, ConstSlice packed, double factor, Slice matrix) {
  EXPECTS(packed.size() == triangle(order_of(matrix)), "the triangle of the matrix");
  start_copy(comm, packed, matrix, false);
  if (factor != 1) compute(comm, Scale{factor, matrix});
}

std::vector<Buffer> mean_with_neighbours(Communicator& comm, const TrainingProblem& problem,
                                         std::size_t n, ConstSlice mine) {
  const Buffer packed = make_buffer(problem, triangle(n));
  pack_triangle(comm, mine, packed);
  Neighbourhood neighbours{comm, problem, triangle(n), matrices_tag, false};
  neighbours.exchange(0, packed);
  std::vector<Buffer> means;
  for (std::size_t j = 0; j < neighbours.count(); ++j) {
    const Slice mean = means.emplace_back(make_buffer(problem, n * n));
    unpack_triangle(comm, neighbours.theirs(j), 1, mean);
    compute(comm, Reduce{Op::sum, mean, mine});
    compute(comm, Scale{0.5, mean});
  }
  return means;
}

}  // namespace troupe::algorithms
