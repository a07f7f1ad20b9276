// The singular value decomposition in host memory, by Eigen. Always computed in double: one
// instantiation of a large template, and float32 loses nothing. Two-sided Jacobi: divide and conquer
// is faster from some hundred columns on, but four times the compile time of all else in here.

#include <Eigen/SVD>

#include "core/kernel_host.hpp"

namespace troupe::host {

namespace {

using Matrix = Eigen::MatrixXd;

template <class T>
Matrix loaded(ConstSlice slice, std::size_t rows, std::size_t columns) {
  Matrix matrix{static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns)};
  const std::span<const T> values = slice.host<T>();
  std::copy(values.begin(), values.end(), matrix.data());
  return matrix;
}
template <class T>
void store(const double* values, Slice slice) {
  for (T& value : slice.host<T>()) value = static_cast<T>(*values++);
}

template <class T>
void run_svd(const Svd& kernel) {
  const Eigen::JacobiSVD<Matrix> svd{loaded<T>(kernel.a, kernel.m, kernel.n),
                                  Eigen::ComputeThinU | Eigen::ComputeThinV};
  store<T>(svd.matrixU().data(), kernel.u);
  store<T>(svd.singularValues().data(), kernel.s);
  store<T>(svd.matrixV().data(), kernel.v);
}

}  // namespace

void run(const Svd& kernel) {
  if (kernel.m == 0 || kernel.n == 0) return;
  kernel.a.dtype() == Dtype::float32 ? run_svd<float>(kernel) : run_svd<double>(kernel);
}

}  // namespace troupe::host
