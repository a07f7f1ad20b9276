// Products and factorisations on the device, by cuBLAS and cuSOLVER. Dimensions are 64 bits wide.

#include <algorithm>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "core/errors.hpp"
#include "real_backend/cuda/cuda_call.hpp"
#include "real_backend/cuda/kernels.hpp"
#include "real_backend/cuda/values.hpp"

namespace troupe::cuda {

namespace {

std::int64_t wide(std::size_t size) { return static_cast<std::int64_t>(size); }
/// Rows of a matrix as libraries want them, which is never 0.
std::int64_t leading(std::size_t rows) { return std::max<std::int64_t>(wide(rows), 1); }

cudaDataType data_type(Dtype dtype) { return dtype == Dtype::float32 ? CUDA_R_32F : CUDA_R_64F; }
cublasOperation_t operation(bool transpose) { return transpose ? CUBLAS_OP_T : CUBLAS_OP_N; }

template <class T>
void gemm(cublasHandle_t blas, const Gemm& kernel) {
  constexpr auto call = [] {
    if constexpr (std::is_same_v<T, float>) return &cublasSgemm_64;
    else return &cublasDgemm_64;
  }();
  const auto alpha = static_cast<T>(kernel.alpha), beta = static_cast<T>(kernel.beta);
  check_call(call(blas, operation(kernel.transpose_a), operation(kernel.transpose_b),
                  wide(kernel.m), wide(kernel.n), wide(kernel.k), &alpha, values<T>(kernel.a),
                  leading(kernel.transpose_a ? kernel.k : kernel.m), values<T>(kernel.b),
                  leading(kernel.transpose_b ? kernel.n : kernel.k), &beta, values<T>(kernel.c),
                  leading(kernel.m)),
             std::is_same_v<T, float> ? "cublasSgemm" : "cublasDgemm");
}

/// A matrix of float32 in bfloat16, rounded to nearest even, laid out as it was.
class InBf16 {
 public:
  InBf16(Stream& stream, ConstSlice matrix)
      : values_{stream, matrix.size() * size_of(Dtype::bfloat16)} {
    launch(stream,
           Cast{Slice{values_.as<std::byte>(), matrix.size(), Dtype::bfloat16, matrix.memory()},
                matrix});
  }
  const void* get() const noexcept { return values_.get(); }

 private:
  Stream::Workspace values_;
};

/// The same of bfloat16 matrices at a and b, into float32.
void gemm_of_bf16(cublasHandle_t blas, const Gemm& kernel, const void* a, const void* b) {
  const auto alpha = static_cast<float>(kernel.alpha), beta = static_cast<float>(kernel.beta);
  check_call(
      cublasGemmEx_64(blas, operation(kernel.transpose_a), operation(kernel.transpose_b),
                      wide(kernel.m), wide(kernel.n), wide(kernel.k), &alpha, a, CUDA_R_16BF,
                      leading(kernel.transpose_a ? kernel.k : kernel.m), b, CUDA_R_16BF,
                      leading(kernel.transpose_b ? kernel.n : kernel.k), &beta, kernel.c.address(),
                      CUDA_R_32F, leading(kernel.m), CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
      "cublasGemmEx");
}

/// The same of float32 matrices, rounded to bfloat16 for tensor cores. By passes of our own: told
/// to do it (CUBLAS_COMPUTE_32F_FAST_16BF) cuBLAS 13.1 computes in tf32 on an H200.
void gemm_of_rounded(Stream& stream, const Gemm& kernel) {
  const InBf16 a{stream, kernel.a}, b{stream, kernel.b};
  gemm_of_bf16(stream.cublas(), kernel, a.get(), b.get());
}

/// b becomes the solution X of op(L) X = b.
template <class T>
void solve_triangle(cublasHandle_t blas, const CholeskySolve& kernel, cublasOperation_t op) {
  constexpr auto call = [] {
    if constexpr (std::is_same_v<T, float>) return &cublasStrsm_64;
    else return &cublasDtrsm_64;
  }();
  const T one = 1;
  check_call(call(blas, CUBLAS_SIDE_LEFT, CUBLAS_FILL_MODE_LOWER, op, CUBLAS_DIAG_NON_UNIT,
                  wide(kernel.n), wide(kernel.columns), &one, values<T>(kernel.factor),
                  leading(kernel.n), values<T>(kernel.b), leading(kernel.n)),
             std::is_same_v<T, float> ? "cublasStrsm" : "cublasDtrsm");
}

/// into (columns×rows) = fromᵀ
template <class T>
void transpose(cublasHandle_t blas, std::size_t rows, std::size_t columns, const T* from, T* into) {
  constexpr auto call = [] {
    if constexpr (std::is_same_v<T, float>) return &cublasSgeam_64;
    else return &cublasDgeam_64;
  }();
  const T one = 1, zero = 0;
  check_call(call(blas, CUBLAS_OP_T, CUBLAS_OP_N, wide(columns), wide(rows), &one, from,
                  leading(rows), &zero, into, leading(columns), into, leading(columns)),
             std::is_same_v<T, float> ? "cublasSgeam" : "cublasDgeam");
}

/// Parameters of a cuSOLVER call: the defaults.
class Parameters {
 public:
  Parameters() { check_call(cusolverDnCreateParams(&params_), "cusolverDnCreateParams"); }
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;
  ~Parameters() { cusolverDnDestroyParams(params_); }
  cusolverDnParams_t get() const { return params_; }

 private:
  cusolverDnParams_t params_ = nullptr;
};

/// What a factorisation says at its end: 0 for success. Waits for it.
int read_outcome(Stream& stream, const int* outcome) {
  int on_host = 0;
  check_call(
      cudaMemcpyAsync(&on_host, outcome, sizeof on_host, cudaMemcpyDeviceToHost, stream.get()),
      "cudaMemcpyAsync");
  stream.synchronise();
  return on_host;
}

std::string shape(std::size_t rows, std::size_t columns) {
  return std::to_string(rows) + "x" + std::to_string(columns);
}

template <class T>
void svd(Stream& stream, const Svd& kernel) {
  // cuSOLVER wants at least as many rows as columns: else Aᵀ = V diag(s) Uᵀ is taken apart. It
  // overwrites its matrix, and leaves the right-hand vectors transposed.
  const bool is_tall = kernel.m >= kernel.n;
  const std::size_t rows = std::max(kernel.m, kernel.n), r = std::min(kernel.m, kernel.n);
  const cudaDataType type = data_type(kernel.a.dtype());
  const Stream::Workspace matrix{stream, rows * r * sizeof(T)};
  const Stream::Workspace right{stream, r * r * sizeof(T)};
  const Stream::Workspace outcome{stream, sizeof(int)};
  T* const left = values<T>(is_tall ? kernel.u : kernel.v);
  if (is_tall)
    check_call(cudaMemcpyAsync(matrix.get(), kernel.a.address(), kernel.a.size_bytes(),
                               cudaMemcpyDeviceToDevice, stream.get()),
               "cudaMemcpyAsync");
  else transpose<T>(stream.cublas(), kernel.m, kernel.n, values<T>(kernel.a), matrix.as<T>());

  const Parameters parameters;
  std::size_t device_bytes = 0, host_bytes = 0;
  check_call(cusolverDnXgesvd_bufferSize(stream.cusolver(), parameters.get(), 'S', 'S', wide(rows),
                                         wide(r), type, matrix.get(), wide(rows), type,
                                         kernel.s.address(), type, left, wide(rows), type,
                                         right.get(), wide(r), type, &device_bytes, &host_bytes),
             "cusolverDnXgesvd_bufferSize");
  const Stream::Workspace room{stream, device_bytes};
  std::vector<std::byte> host_room(host_bytes);
  check_call(cusolverDnXgesvd(stream.cusolver(), parameters.get(), 'S', 'S', wide(rows), wide(r),
                              type, matrix.get(), wide(rows), type, kernel.s.address(), type, left,
                              wide(rows), type, right.get(), wide(r), type, room.get(),
                              device_bytes, host_room.data(), host_bytes, outcome.as<int>()),
             "cusolverDnXgesvd");
  transpose<T>(stream.cublas(), r, r, right.as<T>(), values<T>(is_tall ? kernel.v : kernel.u));
  if (const int left_over = read_outcome(stream, outcome.as<int>()); left_over != 0)
    throw BackendError{"Svd: of the " + shape(kernel.m, kernel.n) + " matrix " +
                       std::to_string(left_over) + " values did not converge"};
}

}  // namespace

void launch(Stream& stream, const Gemm& kernel) {
  if (kernel.c.empty()) return;
  if (kernel.k == 0) {
    if (kernel.beta == 0) launch(stream, Fill{0, kernel.c});
    else launch(stream, Scale{kernel.beta, kernel.c});
    return;
  }
  if (kernel.a.dtype() == Dtype::bfloat16)
    return gemm_of_bf16(stream.cublas(), kernel, kernel.a.address(), kernel.b.address());
  if (kernel.a.dtype() == Dtype::float32 && stream.products() == Float32Products::bf16)
    return gemm_of_rounded(stream, kernel);
  with_real(kernel.c.dtype(),
            [&]<class T>(std::type_identity<T>) { gemm<T>(stream.cublas(), kernel); });
}

void launch(Stream& stream, const Cholesky& kernel) {
  if (kernel.n == 0) return;
  const std::int64_t n = wide(kernel.n);
  const cudaDataType type = data_type(kernel.a.dtype());
  const Parameters parameters;
  std::size_t device_bytes = 0, host_bytes = 0;
  check_call(
      cusolverDnXpotrf_bufferSize(stream.cusolver(), parameters.get(), CUBLAS_FILL_MODE_LOWER, n,
                                  type, kernel.a.address(), n, type, &device_bytes, &host_bytes),
      "cusolverDnXpotrf_bufferSize");
  const Stream::Workspace room{stream, device_bytes}, outcome{stream, sizeof(int)};
  std::vector<std::byte> host_room(host_bytes);
  check_call(cusolverDnXpotrf(stream.cusolver(), parameters.get(), CUBLAS_FILL_MODE_LOWER, n, type,
                              kernel.a.address(), n, type, room.get(), device_bytes,
                              host_room.data(), host_bytes, outcome.as<int>()),
             "cusolverDnXpotrf");
  if (read_outcome(stream, outcome.as<int>()) != 0)
    throw BackendError{"Cholesky: the " + shape(kernel.n, kernel.n) +
                       " matrix is not positive definite"};
}

void launch(Stream& stream, const CholeskySolve& kernel) {
  if (kernel.b.empty()) return;
  with_real(kernel.b.dtype(), [&]<class T>(std::type_identity<T>) {
    solve_triangle<T>(stream.cublas(), kernel, CUBLAS_OP_N);
    solve_triangle<T>(stream.cublas(), kernel, CUBLAS_OP_T);
  });
}

void launch(Stream& stream, const Svd& kernel) {
  if (kernel.m == 0 || kernel.n == 0) return;
  with_real(kernel.a.dtype(), [&]<class T>(std::type_identity<T>) { svd<T>(stream, kernel); });
}

}  // namespace troupe::cuda
