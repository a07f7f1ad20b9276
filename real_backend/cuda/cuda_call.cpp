#include "real_backend/cuda/cuda_call.hpp"

#include <string>
#include <string_view>

#include "core/errors.hpp"

namespace troupe::cuda {

void refused(const char* call, const char* words, std::source_location where) {
  std::string_view file = where.file_name();
  if (const auto at = file.rfind("real_backend/"); at != std::string_view::npos)
    file.remove_prefix(at);
  throw BackendError{std::string{call} + ": " + words + " (" + std::string{file} + ":" +
                     std::to_string(where.line()) + ")"};
}

void check_call(cudaError_t status, const char* call, std::source_location where) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // not to be seen again by the next call, unless it is one that stays
  refused(call, cudaGetErrorString(status), where);
}
void check_call(cublasStatus_t status, const char* call, std::source_location where) {
  if (status != CUBLAS_STATUS_SUCCESS) refused(call, cublasGetStatusString(status), where);
}
void check_call(cusolverStatus_t status, const char* call, std::source_location where) {
  if (status == CUSOLVER_STATUS_SUCCESS) return;
  refused(call, ("cuSOLVER status " + std::to_string(static_cast<int>(status))).c_str(), where);
}

}  // namespace troupe::cuda
