#pragma once
// MPI's calls, checked; its counts, which are int; and its clock.

#include <mpi.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/units.hpp"

namespace troupe::mpi {

/// Throws BackendError with the call's name and MPI's own words unless `code` is MPI_SUCCESS.
void check_call(int code, const char* call);

/// `bytes` bytes as MPI counts them: as MPI_BYTE, and above INT_MAX as one value of a datatype of
/// that size, so that a message stays one message.
class Extent {
 public:
  explicit Extent(std::size_t bytes);
  Extent(const Extent&) = delete;
  Extent& operator=(const Extent&) = delete;
  /// MPI keeps the datatype alive for what was started with it.
  ~Extent();
  int count() const noexcept { return count_; }
  MPI_Datatype type() const noexcept { return type_; }

 private:
  int count_;
  MPI_Datatype type_ = MPI_BYTE;
};

/// How many bytes a status speaks of.
std::size_t bytes_of(const MPI_Status& status);

/// The largest tag there is.
std::int64_t largest_tag();

/// Seconds since the run began; never decreases.
class Clock {
 public:
  void start() { start_ = MPI_Wtime(); }
  Seconds now() const {
    last_ = std::max(last_, Seconds{MPI_Wtime() - start_});
    return last_;
  }

 private:
  double start_ = MPI_Wtime();
  mutable Seconds last_{};
};

}  // namespace troupe::mpi
