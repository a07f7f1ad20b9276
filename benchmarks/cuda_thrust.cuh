#pragma once
// The same passes over memory by Thrust, for cuda_passes.cpp, which nvcc does not compile.

#include <cuda_runtime_api.h>

#include <cstddef>

namespace troupe::bench {

void thrust_sum(cudaStream_t stream, std::size_t count, const float* from, float* into);
void thrust_axpy(cudaStream_t stream, std::size_t count, float a, const float* x, float* y);
void thrust_scale(cudaStream_t stream, std::size_t count, float a, float* x);
void thrust_fill(cudaStream_t stream, std::size_t count, float value, float* x);

}  // namespace troupe::bench
