#include "benchmarks/cuda_thrust.cuh"

#include <thrust/execution_policy.h>
#include <thrust/fill.h>
#include <thrust/transform.h>

namespace troupe::bench {

namespace {

auto on(cudaStream_t stream) { return thrust::cuda::par_nosync.on(stream); }

struct Sum {
  __device__ float operator()(float a, float b) const { return a + b; }
};
struct AddScaled {
  float a;
  __device__ float operator()(float x, float y) const { return y + a * x; }
};
struct Scaled {
  float a;
  __device__ float operator()(float x) const { return a * x; }
};

}  // namespace

void thrust_sum(cudaStream_t stream, std::size_t count, const float* from, float* into) {
  thrust::transform(on(stream), into, into + count, from, into, Sum{});
}
void thrust_axpy(cudaStream_t stream, std::size_t count, float a, const float* x, float* y) {
  thrust::transform(on(stream), x, x + count, y, y, AddScaled{a});
}
void thrust_scale(cudaStream_t stream, std::size_t count, float a, float* x) {
  thrust::transform(on(stream), x, x + count, x, Scaled{a});
}
void thrust_fill(cudaStream_t stream, std::size_t count, float value, float* x) {
  thrust::fill(on(stream), x, x + count, value);
}

}  // namespace troupe::bench
