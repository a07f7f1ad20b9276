#include "algorithms/zero_gradient_sum/edge_pull.hpp"

#include "algorithms/allreduce/allreduce.hpp"
#include "algorithms/zero_gradient_sum/triangle.hpp"

namespace troupe::algorithms {

EdgePull::EdgePull(Communicator& comm, const TrainingProblem& problem, const QuadraticNode& node,
                   Neighbourhood& neighbours, EdgeMatrix kind)
    : comm_{comm},
      problem_{problem},
      neighbours_{neighbours},
      kind_{kind},
      size_{node.size()},
      difference_{make_buffer(problem, size_)} {
  if (kind == EdgeMatrix::of_ends)
    matrices_ = mean_with_neighbours(comm, problem, size_, node.matrix());
  if (kind != EdgeMatrix::of_all) return;
  const Buffer sum = make_buffer(problem, triangle(size_));
  pack_triangle(comm, node.matrix(), sum);
  ring_allreduce(comm, sum, Op::sum);
  const Slice mean = matrices_.emplace_back(make_buffer(problem, size_ * size_));
  unpack_triangle(comm, sum, 1.0 / comm.size(), mean);
}

void EdgePull::pull(ConstSlice w, Slice into) const {
  if (kind_ == EdgeMatrix::none) return neighbours_.differences(w, into);
  const auto add_product = [&](std::size_t matrix, double beta) {
    compute(comm_, Gemm{.m = size_,
                        .n = 1,
                        .k = size_,
                        .beta = beta,
                        .a = matrices_[matrix],
                        .b = difference_,
                        .c = into});
  };
  if (kind_ == EdgeMatrix::of_all) {
    neighbours_.differences(w, difference_);
    return add_product(0, 0);
  }
  compute(comm_, Fill{0, into});
  for (std::size_t j = 0; j < neighbours_.count(); ++j) {
    compute(comm_, Fill{0, difference_});
    neighbours_.add_difference(j, w, difference_);
    add_product(j, 1);
  }
}

double EdgePull::safe_step(QuadraticNode& node) const {
  if (kind_ == EdgeMatrix::none) return node.safe_step(neighbours_.laplacian_bound());
  const auto matrix = [&] { return make_buffer(problem_, size_ * size_); };
  const Buffer sum = matrix(), left = matrix(), right = matrix();
  const Buffer values = make_buffer(problem_, size_);
  compute(comm_, Fill{0, sum});
  for (std::size_t j = 0; j < neighbours_.count(); ++j)
    compute(comm_, Axpy{2 * neighbours_.neighbours()[j].weight,
                        matrices_[kind_ == EdgeMatrix::of_all ? 0 : j], sum});
  compute(comm_, CholeskySolve{.n = size_, .columns = size_, .factor = node.factor(), .b = sum});
  compute(comm_, Svd{size_, size_, sum, left, values, right});
  double largest = 4;
  compute(comm_, Opaque{.reads = {values}, .writes = {}, .work = {}, .body = [&] {
                          largest = to_doubles(values).front();
                        }});
  const double bound = agreed(comm_, Op::max, largest);
  return bound > 0 ? 0.9 * 2 / bound : 0;
}

}  // namespace troupe::algorithms
