#pragma once
// What a kernel costs, touches and demands, by family, and the pieces such descriptions are made
// of. Private to core/kernel*.cpp; the whole of it is behind work(), operands() and check().

#include <initializer_list>

#include "core/kernel.hpp"

namespace troupe::description {

/// A number of values as an operand of arithmetic.
inline double real(std::size_t count) { return static_cast<double>(count); }
Bytes bytes_of(std::initializer_list<ConstSlice> slices);

/// EXPECTS one memory (phantoms are in any).
void check_memory(ConstSlice a, ConstSlice b);
/// EXPECTS one dtype and one memory.
void check_same(ConstSlice a, ConstSlice b);
void check_same_size(ConstSlice a, ConstSlice b);
/// EXPECTS float32 or float64.
void check_real(ConstSlice slice);
/// EXPECTS rows · columns values.
void check_shape(ConstSlice matrix, std::size_t rows, std::size_t columns, const char* which);
/// EXPECTS float32 or float64 and rows · columns values.
void check_matrix(ConstSlice matrix, std::size_t rows, std::size_t columns, const char* which);

// core/kernel_network.cpp
Work work(const AddBias&);
Work work(const BiasGradient&);
Work work(const Activation&);
Work work(const ActivationGradient&);
Work work(const Loss&);
Operands operands(const AddBias&);
Operands operands(const BiasGradient&);
Operands operands(const Activation&);
Operands operands(const ActivationGradient&);
Operands operands(const Loss&);
void check(const AddBias&);
void check(const BiasGradient&);
void check(const Activation&);
void check(const ActivationGradient&);
void check(const Loss&);

// core/kernel_convolution.cpp
Work work(const Convolution&);
Work work(const ConvolutionInputGradient&);
Work work(const ConvolutionFilterGradient&);
Work work(const Pooling&);
Work work(const PoolingGradient&);
Operands operands(const Convolution&);
Operands operands(const ConvolutionInputGradient&);
Operands operands(const ConvolutionFilterGradient&);
Operands operands(const Pooling&);
Operands operands(const PoolingGradient&);
void check(const Convolution&);
void check(const ConvolutionInputGradient&);
void check(const ConvolutionFilterGradient&);
void check(const Pooling&);
void check(const PoolingGradient&);

// core/kernel_update.cpp
Work work(const MomentumStep&);
Work work(const AdamStep&);
Work work(const AdaGradStep&);
Work work(const DelayCompensation&);
Work work(const Interpolate&);
Operands operands(const MomentumStep&);
Operands operands(const AdamStep&);
Operands operands(const AdaGradStep&);
Operands operands(const DelayCompensation&);
Operands operands(const Interpolate&);
void check(const MomentumStep&);
void check(const AdamStep&);
void check(const AdaGradStep&);
void check(const DelayCompensation&);
void check(const Interpolate&);

}  // namespace troupe::description
