#pragma once
// What a processor was seen to do, as plain values: algorithms/microbenchmarks measures it, a file
// keeps it (platforms/measured_device.hpp), and simulated worlds charge by it.

#include <string>
#include <utility>
#include <vector>

#include "core/kernel_shape.hpp"

namespace troupe {

/// The time of one of many equal things in a row: the median over `repeats` rows, and the tenth and
/// ninetieth percentiles.
struct Timing {
  Seconds time{}, p10{}, p90{};
  int repeats = 1;
};

/// A kernel in a long row of equal ones, each waited for by the program: the time of the longer of
/// launching it and running it, where the program runs ahead of a device.
struct KernelTime {
  KernelShape shape;
  Work work;
  Timing timing;
  Seconds device{};  ///< running it, where launching takes longer; else 0
  Seconds launch{};  ///< launching it among others, likewise; 0 where that was not measured
};

/// A copy between the device's memory and the host's, made for code on the host (Opaque) and waited
/// for.
struct CopyTime {
  Bytes bytes{};
  Timing timing;
};
/// What code on the host needs beside a device: nothing where the device's memory is the host's.
struct HostLink {
  std::vector<CopyTime> to_device, from_device;  ///< by size, the smallest first
  FlopsPerSecond speed{};                        ///< of the host's own kernels: a Gemm,
  BytesPerSecond memory_bandwidth{};             ///< a Copy; 0: unknown
};

struct MeasuredDevice {
  std::string name;     ///< "NVIDIA H100 80GB HBM3"
  std::string backend;  ///< what ran the kernels: loopback, mpi, cuda, sim
  std::vector<std::pair<std::string, std::string>> environment;  ///< versions, settings
  /// The ladders and grids of shapes between which other shapes are found.
  std::vector<KernelTime> kernels;
  /// Single shapes besides, exact for what they were measured for and of no use for others.
  std::vector<KernelTime> exact;
  HostLink host;
  Seconds launch_overhead{};  ///< the time of the shortest kernel
};

}  // namespace troupe
