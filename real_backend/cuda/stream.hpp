#pragma once
// A CUDA stream and what the libraries need to work in its order. Kernels take one to be launched
// on; a lane of the backend is one.

#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cusolverDn.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "core/float32_products.hpp"

namespace troupe::cuda {

/// What kernels have found wrong with their operands; read when the host waits for the stream.
struct Fault {
  int label = 0, sample = 0, classes = 0;  ///< Loss: a label that is no class
  int found = 0;                           ///< not 0 once there is one
};

/// Uses the current device, of which it lives and dies. Handles of libraries are made when first
/// asked for.
class Stream {
 public:
  /// `first`: what is launched here goes before what has been launched on others and waits.
  explicit Stream(Float32Products products = Float32Products::exact, bool first = false);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  cudaStream_t get() const noexcept { return stream_; }
  cublasHandle_t cublas();
  cusolverDnHandle_t cusolver();
  /// What convolution.cpp keeps for this stream, a handle of cuDNN among it; null until it does.
  struct Convolutions;
  std::shared_ptr<Convolutions>& convolutions() noexcept;
  /// Convolutions that were launched as plans that are kept.
  std::uint64_t planned() const noexcept { return planned_; }
  void count_planned() noexcept { ++planned_; }
  Float32Products products() const noexcept { return products_; }
  /// Where a kernel leaves what it finds wrong: memory that host and device both see.
  Fault* fault() noexcept { return fault_; }

  /// Working memory of what is launched before it is given back, which is in the stream's order.
  class Workspace {
   public:
    Workspace(const Stream& stream, std::size_t bytes);
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;
    ~Workspace();
    void* get() const noexcept { return address_; }
    template <class T>
    T* as() const noexcept {
      return static_cast<T*>(address_);
    }

   private:
    cudaStream_t stream_;
    void* address_ = nullptr;
  };

  /// The indices on the device, for what is launched next on this stream; copied before it returns.
  const std::size_t* upload(std::span<const std::size_t> values);

  /// Blocks until everything launched has run. Throws BackendError for what failed meanwhile and
  /// for faults.
  void synchronise();
  /// Throws BackendError if a kernel that has run found a fault.
  void check_fault();

 private:
  struct Handles;
  cudaStream_t stream_ = nullptr;
  Float32Products products_;
  std::uint64_t planned_ = 0;
  Fault* fault_ = nullptr;
  std::unique_ptr<Handles> handles_;
};

}  // namespace troupe::cuda
