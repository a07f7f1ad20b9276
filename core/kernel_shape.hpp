#pragma once
// What the time of a kernel depends on, beside the machine: which kernel, in which form, on which
// dtype, and its sizes. Not what its operands hold, nor where they are. What is measured of one
// kernel is looked up by its shape for another.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/kernel.hpp"

namespace troupe {

/// Equal shapes cost the same on one machine, as far as this project can tell kernels apart: a
/// reduction's operation and a Gemm's factors are not part of a shape.
struct KernelShape {
  static constexpr std::size_t most_sizes = 9;

  std::string_view kernel{};  ///< "Gemm"; of static storage, as kernel_kinds() has it
  std::string_view form{};    ///< "nt", "tanh"; likewise, or empty
  Dtype dtype = Dtype::float32;
  std::array<std::uint64_t, most_sizes> sizes{};  ///< in the order of KernelKind::sizes, then 0

  bool operator==(const KernelShape&) const = default;
};

/// What shapes a kernel can have.
struct KernelKind {
  std::string_view name;
  std::span<const std::string_view> forms;  ///< empty: it has one form
  std::span<const std::string_view> sizes;  ///< names: m, n, k
};

/// All kernels but Opaque. Forms: of Gemm nn, nt, tn, tt (n: as it is, t: transposed, of A and of
/// B); of Cast the dtype it makes; of DelayCompensation constant, adaptive; of activations, losses
/// and pooling their kind. An elementwise kernel has one size, `count`; `from` of
/// Gather is how many columns there are to choose from: a cache holds them, or not.
std::span<const KernelKind> kernel_kinds() noexcept;
/// The kind of that name; nullptr if there is none.
const KernelKind* find_kernel_kind(std::string_view name) noexcept;

/// The shape of a kernel; of Opaque one without sizes, which is that of no other kernel. The dtype
/// is that of what is written, of Cast, Gemm and Loss that of what is read, of Copy and Gather
/// uint8, float16, float32 or float64 for whatever has as many bytes.
KernelShape shape_of(const Kernel& kernel);

}  // namespace troupe
