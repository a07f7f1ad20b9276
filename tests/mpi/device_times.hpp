#pragma once
// What devices say of their kernels' time, on its way into reports.

namespace troupe::tests {

/// Collectives and trainings on detached devices that time their kernels, and on such that do not:
/// the whole run, results, points of a curve and traces. Needs an MPI job that has not begun. The
/// program's exit status.
int check_device_times(int argc, char** argv);

/// A training whose buckets are summed beside the rest of a step does not wait for its device,
/// though its messages are counted, and traced, with the time of each. Likewise.
int check_waits(int argc, char** argv);

}  // namespace troupe::tests
