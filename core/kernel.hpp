#pragma once
// Local work as a value: what to do, not how. A backend runs a kernel (here with Eigen; elsewhere
// cuBLAS), or charges its Work on a simulated clock, or both; so one algorithm computes, costs and
// moves to another device unchanged. Matrices are column-major and dense, as in BLAS and LAPACK.
// Kernels with a phantom operand do nothing but cost the same.

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "core/kernel_network.hpp"
#include "core/kernel_update.hpp"
#include "core/slice.hpp"
#include "core/units.hpp"

namespace troupe {

/// A reduction: associative and commutative. The average is a sum and a Scale.
enum class Op : std::uint8_t { sum, product, min, max };
std::string_view name_of(Op) noexcept;

// ---- vector kernels: operands of one dtype with arithmetic, and of one size, unless said
// otherwise; integers wrap around

/// into[i] = into[i] op from[i]
struct Reduce {
  Op op = Op::sum;
  Slice into{};
  ConstSlice from{};
};
/// y[i] += a x[i]
struct Axpy {
  double a = 1;
  ConstSlice x{};
  Slice y{};
};
/// x[i] *= a; integer values are multiplied as double and truncated towards zero
struct Scale {
  double a = 1;
  Slice x{};
};
/// into[i] = from[i], any dtype
struct Copy {
  Slice into{};
  ConstSlice from{};
};
/// x[i] = value
struct Fill {
  double value = 0;
  Slice x{};
};
/// into[i] = from[i] in the other dtype, rounded to nearest even; any two dtypes, half and bfloat16
/// too. Into an integer dtype, what is out of range saturates and NaN becomes 0.
struct Cast {
  Slice into{};
  ConstSlice from{};
};
/// Column i of `into` = column columns[i] of `from`, matrices with `width` values a column, any
/// dtype. `columns` must live until the request has completed. EXPECTS each of them to be in
/// `from`.
struct Gather {
  std::size_t width = 0;
  std::span<const std::size_t> columns{};
  Slice into{};
  ConstSlice from{};
};

// ---- dense kernels: float32 or float64, all operands of one dtype, unless said otherwise

/// C = alpha op(A) op(B) + beta C with op(A) m×k, op(B) k×n, C m×n; op transposes where told. Or A
/// and B of bfloat16 with C of float32: their products are exact, and summed in float32.
struct Gemm {
  std::size_t m = 0, n = 0, k = 0;
  double alpha = 1, beta = 0;
  ConstSlice a{}, b{};
  Slice c{};
  bool transpose_a = false, transpose_b = false;
};
/// A (n×n, symmetric positive definite) becomes its lower factor L with A = L Lᵀ; the strict upper
/// half is left as it was. Throws BackendError when A is not positive definite.
struct Cholesky {
  std::size_t n = 0;
  Slice a{};
};
/// Solves L Lᵀ X = B in place: b (n×columns) becomes X. `factor` is what Cholesky left.
struct CholeskySolve {
  std::size_t n = 0, columns = 1;
  ConstSlice factor{};
  Slice b{};
};
/// A (m×n) = U diag(s) Vᵀ, thin: with r = min(m, n), u is m×r, s has r values in falling order, v
/// is n×r. A is kept.
struct Svd {
  std::size_t m = 0, n = 0;
  ConstSlice a{};
  Slice u{}, s{}, v{};
};

/// What a kernel costs: arithmetic, and bytes moved between memory and the processor.
struct Work {
  Flops flops{};
  Bytes bytes{};
};

/// Anything else, as code. Skipped when an operand is phantom; `reads` and `writes` must name every
/// slice that `body` touches (a device stages exactly those). Without a body it stands for work of
/// the processor itself on phantoms: of a model that is an architecture and no code.
struct Opaque {
  std::vector<ConstSlice> reads{};
  std::vector<Slice> writes{};
  Work work{};
  std::function<void()> body{};
};

/// Families: vector, dense, network (core/kernel_network.hpp), update (core/kernel_update.hpp).
using Kernel = std::variant<Reduce, Axpy, Scale, Copy, Fill, Cast, Gather,                        //
                            Gemm, Cholesky, CholeskySolve, Svd,                                   //
                            AddBias, BiasGradient, Activation, ActivationGradient, Loss,          //
                            Convolution, ConvolutionInputGradient, ConvolutionFilterGradient,     //
                            Pooling, PoolingGradient,                                             //
                            MomentumStep, AdamStep, AdaGradStep, DelayCompensation, Interpolate,  //
                            Opaque>;

/// "Reduce", "Gemm", …
std::string_view name_of(const Kernel&) noexcept;

/// Arithmetic and memory traffic of a kernel: n values of s bytes cost n flops and 3ns bytes for
/// Reduce, 2n and 3ns for Axpy, n and 2ns for Scale, 0 and 2ns for Copy, 0 and ns for Fill, n and
/// n(s+s') for Cast, 0 and 2ns for Gather; 2mnk for Gemm, n³/3 for Cholesky, 2n² a column for
/// CholeskySolve, 4mn·r + 8r³ for Svd (Golub and Van Loan, 4th ed., §8.6), each operand touched
/// once. In the network and update families an operand is touched once, or twice where it is
/// updated in place, and an elementary function counts as one operation. Of n values: n for AddBias
/// (without its activation) and BiasGradient; 0, 1, 4, 1, 5 for identity, tanh, sigmoid, ReLU, GELU
/// and 0, 3, 3, 1, 10 for their gradients; 3 for squared error and 5 for both cross-entropies, one
/// more with a gradient; 2 · window_size for each value of a convolution's output, forwards and in
/// each of the two gradients; one for each value in a window of Pooling and its gradient; 5 for
/// MomentumStep (7 with Nesterov), 14 for AdamStep, 7 for AdaGradStep, 5 for DelayCompensation (11
/// when adaptive), 3 for Interpolate.
Work work(const Kernel&);

/// The slices a kernel reads and writes (an operand updated in place is in both).
struct Operands {
  std::vector<ConstSlice> reads;
  std::vector<Slice> writes;
};
Operands operands(const Kernel&);

/// True if an operand has no values, so that the kernel is charged but not computed.
bool is_phantom(const Kernel&);

/// Checks shapes, dtypes and memories (EXPECTS). Backends call it when a kernel is started.
void check(const Kernel&);

/// Computes a kernel in host memory now; a kernel with a phantom operand is skipped.
void run_on_host(const Kernel&);

/// Who computes kernels in a memory that is not the host's, off the clock (Memory::runner).
class KernelRunner {
 public:
  virtual ~KernelRunner() = default;
  /// Computes a checked kernel without phantoms, with an operand in that memory. It need not have
  /// run when this returns: what the memory reads, writes and runs later comes after it. Throws
  /// what the kernel fails with, where that shows at once; else the next read does.
  virtual void run(const Kernel& kernel) = 0;
};

}  // namespace troupe
