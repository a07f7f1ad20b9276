#pragma once
// What Gemm is defined to be, for tests to hold kernels to.

#include <cstddef>
#include <vector>

namespace troupe {

/// alpha op(A) op(B) + beta C, column-major, as Gemm names its operands.
template <class T>
std::vector<T> product_by_definition(std::size_t m, std::size_t n, std::size_t k, T alpha,
                                     const std::vector<T>& a, bool transpose_a,
                                     const std::vector<T>& b, bool transpose_b, T beta,
                                     const std::vector<T>& c) {
  std::vector<T> result = c;
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      T sum = 0;
      for (std::size_t l = 0; l < k; ++l)
        sum += (transpose_a ? a[i * k + l] : a[l * m + i]) *
               (transpose_b ? b[l * n + j] : b[j * k + l]);
      result[j * m + i] = alpha * sum + beta * c[j * m + i];
    }
  return result;
}

}  // namespace troupe
