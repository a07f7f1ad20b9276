#include "core/kernel.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "core/kernel_description.hpp"
#include "core/kernel_host.hpp"

namespace troupe {

namespace {

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;  // clang before 17 does not deduce it

void check_arithmetic(ConstSlice slice) {
  EXPECTS(has_arithmetic(slice.dtype()),
          std::string{name_of(slice.dtype())} + " travels and can be cast, but has no arithmetic");
}

}  // namespace

namespace description {

Bytes bytes_of(std::initializer_list<ConstSlice> slices) {
  Bytes total;
  for (const ConstSlice& slice : slices) total += Bytes{slice.size_bytes()};
  return total;
}

void check_memory(ConstSlice a, ConstSlice b) {
  EXPECTS(a.is_phantom() || b.is_phantom() || &a.memory() == &b.memory(),
          "operands of a kernel are in one memory, not " + std::string{a.memory().name()} +
              " and " + std::string{b.memory().name()});
}
void check_same(ConstSlice a, ConstSlice b) {
  EXPECTS(a.dtype() == b.dtype(), "operands of a kernel have one dtype, not " +
                                      std::string{name_of(a.dtype())} + " and " +
                                      std::string{name_of(b.dtype())});
  check_memory(a, b);
}
void check_same_size(ConstSlice a, ConstSlice b) {
  EXPECTS(a.size() == b.size(), "operands of a vector kernel have one size, not " +
                                    std::to_string(a.size()) + " and " + std::to_string(b.size()));
}
void check_real(ConstSlice slice) {
  EXPECTS(slice.dtype() == Dtype::float32 || slice.dtype() == Dtype::float64,
          "this kernel takes float32 or float64, not " + std::string{name_of(slice.dtype())});
}
void check_shape(ConstSlice matrix, std::size_t rows, std::size_t columns, const char* which) {
  EXPECTS(matrix.size() == rows * columns,
          std::string{"operand "} + which + " has " + std::to_string(matrix.size()) +
              " values, its shape is " + std::to_string(rows) + "x" + std::to_string(columns));
}
void check_matrix(ConstSlice matrix, std::size_t rows, std::size_t columns, const char* which) {
  check_real(matrix);
  check_shape(matrix, rows, columns, which);
}

}  // namespace description

using description::bytes_of, description::check_matrix, description::check_memory,
    description::check_real, description::check_same, description::check_same_size,
    description::check_shape, description::real;

namespace {

void check_gemm(const Gemm& k) {
  check_shape(k.a, k.m, k.k, "a");
  check_shape(k.b, k.k, k.n, "b");
  check_shape(k.c, k.m, k.n, "c");
  check_same(k.a, k.b);
  if (k.a.dtype() == Dtype::bfloat16) {
    EXPECTS(k.c.dtype() == Dtype::float32, "a product of bfloat16 matrices makes float32, not " +
                                               std::string{name_of(k.c.dtype())});
    check_memory(k.a, k.c);
  } else {
    check_real(k.a);
    check_same(k.a, k.c);
  }
}

}  // namespace

std::string_view name_of(Op op) noexcept {
  static constexpr std::array<std::string_view, 4> names{"sum", "product", "min", "max"};
  return names[static_cast<std::size_t>(op)];
}

std::string_view name_of(const Kernel& kernel) noexcept {
  static constexpr std::array<std::string_view, std::variant_size_v<Kernel>> names{
      "Reduce",
      "Axpy",
      "Scale",
      "Copy",
      "Fill",
      "Cast",
      "Gather",  //
      "Gemm",
      "Cholesky",
      "CholeskySolve",
      "Svd",  //
      "AddBias",
      "BiasGradient",
      "Activation",
      "ActivationGradient",
      "Loss",  //
      "Convolution",
      "ConvolutionInputGradient",
      "ConvolutionFilterGradient",  //
      "Pooling",
      "PoolingGradient",  //
      "MomentumStep",
      "AdamStep",
      "AdaGradStep",
      "DelayCompensation",
      "Interpolate",  //
      "Opaque"};
  return names[kernel.index()];
}

Work work(const Kernel& kernel) {
  return std::visit(
      Overloaded{
          [](const Reduce& k) {
            return Work{{real(k.into.size())}, bytes_of({k.into, k.into, k.from})};
          },
          [](const Axpy& k) {
            return Work{{2 * real(k.y.size())}, bytes_of({k.x, k.y, k.y})};
          },
          [](const Scale& k) {
            return Work{{real(k.x.size())}, bytes_of({k.x, k.x})};
          },
          [](const Copy& k) {
            return Work{{0}, bytes_of({k.into, k.from})};
          },
          [](const Fill& k) {
            return Work{{0}, bytes_of({k.x})};
          },
          [](const Cast& k) {
            return Work{{real(k.into.size())}, bytes_of({k.into, k.from})};
          },
          [](const Gather& k) {
            return Work{{0}, bytes_of({k.into, k.into})};
          },
          [](const Gemm& k) {
            return Work{{2 * real(k.m) * real(k.n) * real(k.k)}, bytes_of({k.a, k.b, k.c})};
          },
          [](const Cholesky& k) {
            return Work{{real(k.n) * real(k.n) * real(k.n) / 3}, bytes_of({k.a})};
          },
          [](const CholeskySolve& k) {
            return Work{{2 * real(k.n) * real(k.n) * real(k.columns)}, bytes_of({k.factor, k.b})};
          },
          [](const Svd& k) {
            const double r = real(std::min(k.m, k.n));
            return Work{{4 * real(k.m) * real(k.n) * r + 8 * r * r * r},
                        bytes_of({k.a, k.u, k.s, k.v})};
          },
          [](const Opaque& k) { return k.work; },
          [](const auto& k) { return description::work(k); }},
      kernel);
}

Operands operands(const Kernel& kernel) {
  return std::visit(Overloaded{[](const Reduce& k) {
                                 return Operands{{k.into, k.from}, {k.into}};
                               },
                               [](const Axpy& k) {
                                 return Operands{{k.x, k.y}, {k.y}};
                               },
                               [](const Scale& k) {
                                 return Operands{{k.x}, {k.x}};
                               },
                               [](const Copy& k) {
                                 return Operands{{k.from}, {k.into}};
                               },
                               [](const Fill& k) {
                                 return Operands{{}, {k.x}};
                               },
                               [](const Cast& k) {
                                 return Operands{{k.from}, {k.into}};
                               },
                               [](const Gather& k) {
                                 return Operands{{k.from}, {k.into}};
                               },
                               [](const Gemm& k) {
                                 Operands all{{k.a, k.b}, {k.c}};
                                 if (k.beta != 0) all.reads.push_back(k.c);
                                 return all;
                               },
                               [](const Cholesky& k) {
                                 return Operands{{k.a}, {k.a}};
                               },
                               [](const CholeskySolve& k) {
                                 return Operands{{k.factor, k.b}, {k.b}};
                               },
                               [](const Svd& k) {
                                 return Operands{{k.a}, {k.u, k.s, k.v}};
                               },
                               [](const Opaque& k) {
                                 return Operands{k.reads, k.writes};
                               },
                               [](const auto& k) { return description::operands(k); }},
                    kernel);
}

bool is_phantom(const Kernel& kernel) {
  // An empty slice needs no address to be real.
  const auto missing = [](const auto& slice) { return slice.is_phantom() && !slice.empty(); };
  // The kernel of every reduction, without the lists that operands() makes.
  if (const auto* reduce = std::get_if<Reduce>(&kernel))
    return missing(reduce->into) || missing(reduce->from);
  const Operands all = operands(kernel);
  return std::any_of(all.reads.begin(), all.reads.end(), missing) ||
         std::any_of(all.writes.begin(), all.writes.end(), missing);
}

namespace {
/// Of work on operands that have no values, and on one at least.
bool is_stand_in(const Opaque& kernel) {
  const auto phantom = [](const auto& slice) { return slice.is_phantom(); };
  return kernel.reads.size() + kernel.writes.size() > 0 &&
         std::ranges::all_of(kernel.reads, phantom) && std::ranges::all_of(kernel.writes, phantom);
}
}  // namespace

void check(const Kernel& kernel) {
  std::visit(Overloaded{[](const Reduce& k) {
                          check_same(k.into, k.from);
                          check_same_size(k.into, k.from);
                          check_arithmetic(k.into);
                        },
                        [](const Axpy& k) {
                          check_same(k.x, k.y);
                          check_same_size(k.x, k.y);
                          check_arithmetic(k.y);
                        },
                        [](const Scale& k) { check_arithmetic(k.x); },
                        [](const Copy& k) {
                          check_same(k.into, k.from);
                          check_same_size(k.into, k.from);
                        },
                        [](const Fill& k) { check_arithmetic(k.x); },
                        [](const Cast& k) {
                          check_same_size(k.into, k.from);
                          check_memory(k.into, k.from);
                        },
                        [](const Gather& k) {
                          check_same(k.into, k.from);
                          EXPECTS(k.into.size() == k.width * k.columns.size(),
                                  "a gather fills as many columns as it names");
                          EXPECTS(k.width > 0 && k.from.size() % k.width == 0,
                                  "a gather takes whole columns");
                          const std::size_t count = k.from.size() / k.width;
                          for (const std::size_t column : k.columns)
                            EXPECTS(column < count, "a gather takes columns that are there");
                        },
                        [](const Gemm& k) { check_gemm(k); },
                        [](const Cholesky& k) { check_matrix(k.a, k.n, k.n, "a"); },
                        [](const CholeskySolve& k) {
                          check_matrix(k.factor, k.n, k.n, "factor");
                          check_matrix(k.b, k.n, k.columns, "b");
                          check_same(k.factor, k.b);
                        },
                        [](const Svd& k) {
                          const std::size_t rank = std::min(k.m, k.n);
                          check_matrix(k.a, k.m, k.n, "a");
                          check_matrix(k.u, k.m, rank, "u");
                          check_matrix(k.s, rank, 1, "s");
                          check_matrix(k.v, k.n, rank, "v");
                          check_same(k.a, k.u);
                          check_same(k.a, k.s);
                          check_same(k.a, k.v);
                        },
                        [](const Opaque& k) {
                          EXPECTS(k.body || is_stand_in(k),
                                  "an opaque kernel has a body, or phantoms to stand for work on");
                        },
                        [](const auto& k) { description::check(k); }},
             kernel);
}

void run_on_host(const Kernel& kernel) {
  if (is_phantom(kernel)) return;
  std::visit(Overloaded{[](const Opaque& k) {
                          if (k.body) k.body();
                        },
                        [](const auto& k) { host::run(k); }},
             kernel);
}

}  // namespace troupe
