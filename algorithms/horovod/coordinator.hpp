#pragma once
// The coordinator's part of the negotiation, on rank 0: which operations all ranks are ready for,
// in which order they are done, and which tensors travel together. It keeps a table and sends
// nothing.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "algorithms/horovod/negotiation.hpp"
#include "core/units.hpp"

namespace troupe::algorithms::horovod {

/// An operation that some ranks announced long ago and others not yet.
struct StallWarning {
  Kind kind = Kind::allreduce;
  std::string tensor;
  std::vector<Rank> missing;
  Seconds waited{};
  /// In one line: `allreduce "layer 1" was announced 60 s ago, and not yet by ranks 1, 3`
  std::string text() const;
};

class Coordinator {
 public:
  struct Limits {
    Bytes fusion_threshold{};  ///< tensors up to this many bytes travel together; 0: each alone
    Seconds stall_warning{};   ///< 0: never
    Seconds stall_limit{};     ///< after which an operation is given up; 0: never
  };
  Coordinator(int ranks, const Limits& limits);

  /// A rank is ready for an operation. An operation is decided when every rank has announced it or
  /// has joined; it is refused where the announcements differ, and lost as soon as a rank that has
  /// left is missing. Ranks that come to it only then are told what the others were.
  void announce(Rank rank, const Announcement& announcement, Seconds now);

  /// Takes what has been decided, in the order of decision. Allreduces of one dtype, op and scale
  /// are fused as long as their sum stays within the threshold, passing over others in between.
  std::vector<Response> take_decided();

  /// The operations that have become overdue since the last call, each told once.
  std::vector<StallWarning> overdue(Seconds now);
  /// Gives up what has waited beyond the limit.
  void give_up(Seconds now);
  /// When to ask for those two again; `forever` if nothing waits.
  Seconds next_check() const;

 private:
  struct Pending {
    Announcement first;
    Rank first_rank = 0;
    std::vector<bool> heard;  // by rank
    int announcements = 0;
    std::vector<std::uint64_t> rows;  // by rank
    std::string complaint;
    Seconds since{};
    bool warned = false;
  };
  using Table = std::map<std::string, Pending>;

  void add(Rank rank, const Announcement& announcement, Seconds now);
  void join(Rank rank);
  void end_join();
  void leave(Rank rank);
  void decide(Table::iterator at);
  void decide_all();
  void settle(const Pending& pending, Verdict verdict, const std::string& reason);
  /// Nobody waits for it any longer.
  void lose(Table::iterator at, std::string reason);
  bool is_complete(const Pending& pending) const;
  std::vector<Rank> missing(const Pending& pending) const;
  std::string complaint_about_joined(const Pending& pending) const;

  const int ranks_;
  const Limits limits_;
  Table pending_;
  /// What was lost, and why, until all ranks have announced it.
  struct Lost {
    Pending pending;
    std::string reason;
  };
  std::map<std::string, Lost> lost_;                     // by name
  std::map<std::string, std::vector<Response>> groups_;  // decided members of incomplete groups
  std::vector<Response> decided_;
  std::set<Rank> joined_, left_;
  Rank last_to_join_ = 0;
};

}  // namespace troupe::algorithms::horovod
