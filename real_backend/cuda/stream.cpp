#include "real_backend/cuda/stream.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include "core/errors.hpp"
#include "real_backend/cuda/cuda_call.hpp"

namespace troupe::cuda {

namespace {

/// Room for a list of indices on both sides, and when its last copy was done.
struct Upload {
  std::size_t *host = nullptr, *device = nullptr;
  std::size_t capacity = 0;
  cudaEvent_t copied = nullptr;

  void release() {
    cudaFreeHost(host);
    cudaFree(device);
    capacity = 0;
  }
  void reserve(std::size_t count) {
    if (count <= capacity) return;
    release();
    const std::size_t larger = std::max<std::size_t>(count, 1024);
    void *here = nullptr, *there = nullptr;
    check_call(cudaHostAlloc(&here, larger * sizeof(std::size_t), cudaHostAllocDefault),
               "cudaHostAlloc");
    host = static_cast<std::size_t*>(here);
    check_call(cudaMalloc(&there, larger * sizeof(std::size_t)), "cudaMalloc");
    device = static_cast<std::size_t*>(there);
    capacity = larger;
  }
};

}  // namespace

struct Stream::Handles {
  cublasHandle_t blas = nullptr;
  cusolverDnHandle_t solver = nullptr;
  std::shared_ptr<Convolutions> convolutions;
  std::array<Upload, 8> uploads;  // used in turn
  std::size_t next = 0;
};

Stream::Stream(Float32Products products, bool first)
    : products_{products}, handles_{std::make_unique<Handles>()} {
  int least = 0, greatest = 0;
  check_call(cudaDeviceGetStreamPriorityRange(&least, &greatest),
             "cudaDeviceGetStreamPriorityRange");
  check_call(
      cudaStreamCreateWithPriority(&stream_, cudaStreamNonBlocking, first ? greatest : least),
      "cudaStreamCreateWithPriority");
  void* fault = nullptr;
  check_call(cudaHostAlloc(&fault, sizeof(Fault), cudaHostAllocMapped), "cudaHostAlloc");
  fault_ = new (fault) Fault{};
}
Stream::~Stream() {
  cudaStreamSynchronize(stream_);
  if (handles_->blas) cublasDestroy(handles_->blas);
  if (handles_->solver) cusolverDnDestroy(handles_->solver);
  handles_->convolutions.reset();
  for (Upload& upload : handles_->uploads) {
    upload.release();
    if (upload.copied) cudaEventDestroy(upload.copied);
  }
  cudaFreeHost(fault_);
  cudaStreamDestroy(stream_);
}

cublasHandle_t Stream::cublas() {
  if (!handles_->blas) {
    check_call(cublasCreate(&handles_->blas), "cublasCreate");
    check_call(cublasSetStream(handles_->blas, stream_), "cublasSetStream");
    // bf16 is no mode of a handle: Gemm rounds its operands.
    check_call(cublasSetMathMode(handles_->blas, products_ == Float32Products::tf32
                                                     ? CUBLAS_TF32_TENSOR_OP_MATH
                                                     : CUBLAS_DEFAULT_MATH),
               "cublasSetMathMode");
  }
  return handles_->blas;
}
cusolverDnHandle_t Stream::cusolver() {
  if (!handles_->solver) {
    check_call(cusolverDnCreate(&handles_->solver), "cusolverDnCreate");
    check_call(cusolverDnSetStream(handles_->solver, stream_), "cusolverDnSetStream");
  }
  return handles_->solver;
}
std::shared_ptr<Stream::Convolutions>& Stream::convolutions() noexcept {
  return handles_->convolutions;
}

Stream::Workspace::Workspace(const Stream& stream, std::size_t bytes) : stream_{stream.get()} {
  if (bytes > 0) check_call(cudaMallocAsync(&address_, bytes, stream_), "cudaMallocAsync");
}
Stream::Workspace::~Workspace() {
  if (address_) cudaFreeAsync(address_, stream_);
}

const std::size_t* Stream::upload(std::span<const std::size_t> values) {
  Upload& upload = handles_->uploads[handles_->next++ % handles_->uploads.size()];
  if (upload.copied) check_call(cudaEventSynchronize(upload.copied), "cudaEventSynchronize");
  else
    check_call(cudaEventCreateWithFlags(&upload.copied, cudaEventDisableTiming),
               "cudaEventCreateWithFlags");
  if (values.size() > upload.capacity) {
    // What reads the old room may still be under way.
    check_call(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
    upload.reserve(values.size());
  }
  std::memcpy(upload.host, values.data(), values.size_bytes());
  check_call(cudaMemcpyAsync(upload.device, upload.host, values.size_bytes(),
                             cudaMemcpyHostToDevice, stream_),
             "cudaMemcpyAsync");
  check_call(cudaEventRecord(upload.copied, stream_), "cudaEventRecord");
  return upload.device;
}

void Stream::synchronise() {
  check_call(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
  check_fault();
}
void Stream::check_fault() {
  volatile Fault* const fault = fault_;
  if (fault->found == 0) return;
  const std::string message = "Loss: label " + std::to_string(fault->label) + " of sample " +
                              std::to_string(fault->sample) + " of the batch is no class, 0 to " +
                              std::to_string(fault->classes - 1) + " are";
  fault->found = 0;
  throw BackendError{message};
}

}  // namespace troupe::cuda
