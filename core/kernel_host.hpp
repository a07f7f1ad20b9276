#pragma once
// The host implementations behind run_on_host, by family. Private to core/kernel*.cpp: operands
// have been checked and none is phantom.

#include "core/kernel.hpp"

namespace troupe::host {

void run(const Reduce&);
void run(const Axpy&);
void run(const Scale&);
void run(const Copy&);
void run(const Fill&);
void run(const Cast&);
void run(const Gemm&);
void run(const Cholesky&);
void run(const CholeskySolve&);
void run(const Svd&);

}  // namespace troupe::host
