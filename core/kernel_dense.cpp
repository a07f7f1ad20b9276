// Products and triangular factors in host memory, by Eigen.

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <string>
#include <type_traits>

#include "core/kernel_host.hpp"

namespace troupe::host {

namespace {

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
template <class T>
using View = Eigen::Map<Matrix<T>>;
template <class T>
using ConstView = Eigen::Map<const Matrix<T>>;

Eigen::Index index(std::size_t size) { return static_cast<Eigen::Index>(size); }

template <class T>
View<T> matrix(Slice slice, std::size_t rows, std::size_t columns) {
  return {slice.host<T>().data(), index(rows), index(columns)};
}
template <class T>
ConstView<T> matrix(ConstSlice slice, std::size_t rows, std::size_t columns) {
  return {reinterpret_cast<const T*>(slice.bytes().data()), index(rows), index(columns)};
}

/// c += alpha a b. Operands narrower than c are widened first, some columns of a and as many rows
/// of b at a time.
template <class T, class A, class B>
void add_product(View<T>& c, T alpha, const A& a, const B& b) {
  constexpr Eigen::Index most = 512;
  if constexpr (std::is_same_v<typename A::Scalar, T>) c.noalias() += alpha * a * b;
  else
    for (Eigen::Index at = 0; at < a.cols(); at += most) {
      const Eigen::Index width = std::min(most, a.cols() - at);
      const auto left = a.middleCols(at, width).template cast<T>().eval();
      const auto right = b.middleRows(at, width).template cast<T>().eval();
      c.noalias() += alpha * left * right;
    }
}

/// C of T, A and B of Operand.
template <class T, class Operand = T>
void run_gemm(const Gemm& kernel) {
  View<T> c = matrix<T>(kernel.c, kernel.m, kernel.n);
  if (kernel.beta == 0) c.setZero();
  else if (kernel.beta != 1) c *= static_cast<T>(kernel.beta);
  if (kernel.m == 0 || kernel.n == 0 || kernel.k == 0) return;
  const auto alpha = static_cast<T>(kernel.alpha);
  const auto a = kernel.transpose_a ? matrix<Operand>(kernel.a, kernel.k, kernel.m)
                                    : matrix<Operand>(kernel.a, kernel.m, kernel.k);
  const auto b = kernel.transpose_b ? matrix<Operand>(kernel.b, kernel.n, kernel.k)
                                    : matrix<Operand>(kernel.b, kernel.k, kernel.n);
  if (kernel.transpose_a && kernel.transpose_b) add_product(c, alpha, a.transpose(), b.transpose());
  else if (kernel.transpose_a) add_product(c, alpha, a.transpose(), b);
  else if (kernel.transpose_b) add_product(c, alpha, a, b.transpose());
  else add_product(c, alpha, a, b);
}

template <class T>
void run_cholesky(const Cholesky& kernel) {
  View<T> a = matrix<T>(kernel.a, kernel.n, kernel.n);
  const Eigen::LLT<Eigen::Ref<Matrix<T>>, Eigen::Lower> factor{a};
  if (factor.info() != Eigen::Success)
    throw BackendError{"Cholesky: the " + std::to_string(kernel.n) + "x" +
                       std::to_string(kernel.n) + " matrix is not positive definite"};
}

template <class T>
void run_solve(const CholeskySolve& kernel) {
  const ConstView<T> factor = matrix<T>(kernel.factor, kernel.n, kernel.n);
  View<T> b = matrix<T>(kernel.b, kernel.n, kernel.columns);
  factor.template triangularView<Eigen::Lower>().solveInPlace(b);
  factor.transpose().template triangularView<Eigen::Upper>().solveInPlace(b);
}

bool is_single(const Slice& slice) { return slice.dtype() == Dtype::float32; }

}  // namespace

void run(const Gemm& kernel) {
  if (kernel.a.dtype() == Dtype::bfloat16) run_gemm<float, Eigen::bfloat16>(kernel);
  else is_single(kernel.c) ? run_gemm<float>(kernel) : run_gemm<double>(kernel);
}
void run(const Cholesky& kernel) {
  is_single(kernel.a) ? run_cholesky<float>(kernel) : run_cholesky<double>(kernel);
}
void run(const CholeskySolve& kernel) {
  is_single(kernel.b) ? run_solve<float>(kernel) : run_solve<double>(kernel);
}

}  // namespace troupe::host
