#pragma once
// The background flow of one rank, as Horovod's background thread: it hears what the caller's flow
// hands over, negotiates with the other ranks, performs what all agreed on, and hands it back.

#include <exception>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "algorithms/horovod/mail.hpp"
#include "algorithms/horovod/operation.hpp"
#include "core/recorder.hpp"

namespace troupe::algorithms::horovod {

// Messages of a rank to itself, in the context of the caller's flow: the address of an operation;
// back comes a null pointer when the background flow has ended.
inline constexpr Tag hand_over{62}, hand_back{63};

/// What the two flows of a rank share. The settings and logs may be used at any time; `failure` and
/// `lost` are written before the null pointer is handed back.
struct Shared {
  Options options;
  RecordedRank data{0}, control{0};
  std::exception_ptr failure{};  ///< what ended the background flow early
  std::string lost{};            ///< why others were refused what this rank never announced
};

class Background {
 public:
  /// `caller` is the context of the flow that spawned `flow`.
  Background(Communicator& flow, Context caller, Shared& shared);
  /// Until every rank has left. Never throws what went wrong: that goes to the caller's flow.
  void run();

 private:
  void negotiate();
  void hear_the_caller_out();
  void heard(const Completion& message);
  void announce_queued();
  void receive(Rank from, const std::vector<std::byte>& letter);
  void answer();
  void follow(const std::vector<Response>& responses);
  void follow(const Response& response, Seconds answered);
  void tell_children(const std::vector<std::byte>& letter);
  void tell_stalls();
  Seconds next_deadline() const;
  void listen_to_caller();
  void tell_timeline(const Operation& operation, Seconds answered);
  void hand(Operation* operation);
  bool is_coordinator() const { return control_.rank() == 0; }

  Shared& shared_;
  Recorder data_, control_;
  Lines lines_{data_, control_};
  Tag from_caller_, to_caller_;
  Operation* handed_ = nullptr;  // the receive's room
  Letterbox letters_;            // of all ranks at the coordinator, of the parent elsewhere
  Outbox outbox_;
  Coordinator coordinator_;
  std::vector<Operation*> queued_;
  std::optional<Seconds> cycle_end_;
  std::map<std::string, Operation*> announced_;
  Operation* joining_ = nullptr;
  bool leaving_ = false, ended_ = false;
  WaitSet waits_;
};

}  // namespace troupe::algorithms::horovod
