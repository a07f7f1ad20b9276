#include "real_backend/cuda/points.hpp"

#include <cuda.h>

#include <atomic>

#include "real_backend/cuda/cuda_call.hpp"

namespace troupe::cuda {

namespace {

constexpr std::size_t points_of_a_page = 64, apart = 16;  // words: each has a line of the cache
/// What has failed on the device writes nothing: every so often CUDA is asked, too.
constexpr unsigned asks_of_the_word = 256;

using WriteValue = CUresult (*)(CUstream, CUdeviceptr, cuuint32_t, unsigned);

/// The driver's function that has a stream write a word; null where it has none.
WriteValue find_write_value() {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult found{};
#if CUDART_VERSION >= 12050
  const cudaError_t status = cudaGetDriverEntryPointByVersion("cuStreamWriteValue32", &function,
                                                              12000, cudaEnableDefault, &found);
#else
  const cudaError_t status =
      cudaGetDriverEntryPoint("cuStreamWriteValue32", &function, cudaEnableDefault, &found);
#endif
  if (status == cudaSuccess && found == cudaDriverEntryPointSuccess)
    return reinterpret_cast<WriteValue>(function);
  cudaGetLastError();
  return nullptr;
}

}  // namespace

Points::~Points() {
  for (const auto& point : all_) cudaEventDestroy(point->event);
  for (std::uint32_t* const page : words_) cudaFreeHost(page);
}

Points::Point* Points::fresh() {
  if (free_.empty()) {
    void* page = nullptr;
    check_call(cudaHostAlloc(&page, points_of_a_page * apart * sizeof(std::uint32_t),
                             cudaHostAllocDefault),
               "cudaHostAlloc");
    words_.push_back(static_cast<std::uint32_t*>(page));
    free_.reserve(all_.size() + points_of_a_page);
    for (std::size_t i = 0; i < points_of_a_page; ++i) {
      Point& point = *all_.emplace_back(std::make_unique<Point>());
      point.word = words_.back() + i * apart;
      *point.word = 0;
      check_call(cudaEventCreateWithFlags(&point.event, cudaEventDisableTiming),
                 "cudaEventCreateWithFlags");
      free_.push_back(&point);
    }
  }
  Point* const point = free_.back();
  free_.pop_back();
  return point;
}

mpi::Mark Points::record(const std::shared_ptr<Points>& points, cudaStream_t stream, Told told) {
  Point* const point = points->fresh();
  mpi::Mark mark{static_cast<const void*>(point),
                 [points, point](const void*) { points->free_.push_back(point); }};
  check_call(cudaEventRecord(point->event, stream), "cudaEventRecord");
  ++point->number;
  point->asked = 0;
  point->tells = told == Told::by_the_device && tell(*point, stream);
  return mark;
}

bool Points::tell(Point& point, cudaStream_t stream) {
  static const WriteValue write = find_write_value();
  return write && write(stream, reinterpret_cast<CUdeviceptr>(point.word), point.number,
                        CU_STREAM_WRITE_VALUE_DEFAULT) == CUDA_SUCCESS;
}

void Points::follow(cudaStream_t stream, const mpi::Mark& mark) {
  const auto* const point = static_cast<const Point*>(mark.get());
  check_call(cudaStreamWaitEvent(stream, point->event, 0), "cudaStreamWaitEvent");
}

bool Points::reached(const mpi::Mark& mark) {
  auto* const point = static_cast<Point*>(const_cast<void*>(mark.get()));
  if (point->tells) {
    if (std::atomic_ref{*point->word}.load(std::memory_order_acquire) == point->number) return true;
    if (++point->asked % asks_of_the_word != 0) return false;
  }
  const cudaError_t status = cudaEventQuery(point->event);
  if (status == cudaErrorNotReady) {
    cudaGetLastError();
    return false;
  }
  check_call(status, "cudaEventQuery");
  return true;
}
void Points::wait(const mpi::Mark& mark) {
  check_call(cudaEventSynchronize(static_cast<const Point*>(mark.get())->event),
             "cudaEventSynchronize");
}

}  // namespace troupe::cuda
