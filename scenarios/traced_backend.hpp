#pragma once
// A backend that also records what every rank does, by a Recorder around each rank's communicator:
// one mechanism for threads, both simulated networks, MPI and GPUs. Recording takes no simulated
// time.

#include <cstddef>

#include "scenarios/backend.hpp"

namespace troupe::scenarios {

/// Spans of a run that are kept unless told otherwise.
inline constexpr std::size_t usual_trace_events = 500'000;

/// Does what `inner` does, and leaves a trace in the outcome of the process that reports.
class TracedBackend final : public Backend {
 public:
  /// Keeps so many events of all ranks together, the same number of each; what comes after the
  /// first for which there is no room is left out of the trace, and counted there.
  TracedBackend(Backend& inner, Bytes eager_limit, std::size_t most_events = usual_trace_events)
      : inner_{inner}, eager_limit_{eager_limit}, most_events_{most_events} {}

  std::string_view name() const override { return inner_.name(); }
  bool simulated() const override { return inner_.simulated(); }
  bool one_process() const override { return inner_.one_process(); }
  bool common_clock() const override { return inner_.common_clock(); }
  bool reporter() const override { return inner_.reporter(); }
  const Machine& machine() const override { return inner_.machine(); }
  Memory& memory() override { return inner_.memory(); }
  std::vector<std::pair<std::string, std::string>> facts() const override { return inner_.facts(); }
  std::vector<std::string> route(Rank from, Rank to) const override {
    return inner_.route(from, to);
  }
  std::optional<Bytes> eager_limit(Rank from, Rank to) const override {
    return inner_.eager_limit(from, to);
  }
  void check_same_everywhere(const std::string& text) override {
    inner_.check_same_everywhere(text);
  }
  std::optional<BusyTimes> busy_times(Rank rank, Seconds now) const override {
    return inner_.busy_times(rank, now);
  }
  std::string processor(Rank rank) const override { return inner_.processor(rank); }
  std::function<Seconds()> clock_of_host() const override { return inner_.clock_of_host(); }
  std::optional<Seconds> device_time(Rank rank) override { return inner_.device_time(rank); }
  void keep_device_kernels(Communicator& comm, std::size_t most) override {
    inner_.keep_device_kernels(comm, most);
  }
  std::vector<TimedKernel> take_device_kernels() override { return inner_.take_device_kernels(); }
  std::map<std::string, Seconds> busy_links() const override { return inner_.busy_links(); }
  Baseline* baseline(std::string_view library) override { return inner_.baseline(library); }
  RunOutcome run(const Program& program) override;

 private:
  Backend& inner_;
  Bytes eager_limit_;
  std::size_t most_events_;
};

}  // namespace troupe::scenarios
