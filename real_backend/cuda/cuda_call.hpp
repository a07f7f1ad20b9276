#pragma once
// Every status of CUDA and its libraries is looked at: what is not a success becomes a BackendError
// with the call, its own words, file and line.

#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <cusolverDn.h>

#include <source_location>

namespace troupe::cuda {

void check_call(cudaError_t status, const char* call,
                std::source_location where = std::source_location::current());
void check_call(cublasStatus_t status, const char* call,
                std::source_location where = std::source_location::current());
void check_call(cusolverStatus_t status, const char* call,
                std::source_location where = std::source_location::current());

/// Throws BackendError: "CALL: WORDS (file:line)". For libraries with statuses of their own.
[[noreturn]] void refused(const char* call, const char* words, std::source_location where);

}  // namespace troupe::cuda
