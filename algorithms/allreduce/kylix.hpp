#pragma once
// Kylix: the allreduce of sparse vectors (Zhao and Canny, International Conference on Parallel
// Processing 2014). Ranks contribute values at some indices and ask for the reduction at others; a
// nested butterfly carries only what is contributed below it and only what is asked for.

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Who sends which values to whom: what one configuration pass found out, for any number of value
/// passes on the same index sets.
class KylixPlan {
 public:
  /// Index sets are sorted and distinct, below `length`; both may differ from rank to rank. The
  /// product of the radices is the number of ranks. Sends each index once a stage it travels, 8
  /// bytes each, in messages of at most 65,536 indices of which the last of a set is shorter. All
  /// ranks call it together.
  static KylixPlan configured(Communicator& comm, std::span<const std::uint64_t> contributed,
                              std::span<const std::uint64_t> requested, std::uint64_t length,
                              std::span<const int> radices);
  /// Every rank contributes and requests everything: nothing has to be asked.
  static KylixPlan dense(Communicator& comm, std::uint64_t length, std::span<const int> radices);

  std::size_t contributed() const noexcept { return contributed_; }
  std::size_t requested() const noexcept { return requested_; }
  /// How many distinct contributed indices reached this rank after each stage down.
  std::vector<std::size_t> profile() const;

 private:
  friend void kylix_allreduce(Communicator&, const KylixPlan&, Slice, Slice, Op);

  /// Where the values of a small sorted set stand in a larger one. Empty positions: the small set
  /// is the larger one.
  struct Places {
    std::size_t count = 0;
    std::vector<std::size_t> positions;
  };
  /// Values from a partner and their places in a union; `fresh[i]`: nobody before had this index.
  struct Merge {
    /// All of a union of this size, and known before: an ordinary reduction.
    bool is_plain(std::size_t held) const {
      return places.count == held && std::count(fresh.begin(), fresh.end(), 1) == 0;
    }
    Places places;
    std::vector<char> fresh;
  };
  struct Stage {
    int mine = 0;                   // this rank's digit
    std::vector<Rank> partners;     // by digit
    std::vector<std::size_t> give;  // where each digit's piece of what is held down begins
    std::vector<Merge> take;        // by digit: what each partner contributes to my union
    std::size_t held = 0;           // values in my union below this stage
    std::vector<std::size_t> want;  // where each digit's piece of what is requested begins
    std::vector<Places> serve;      // by digit: what each partner asks of my union
    std::size_t asked = 0;          // values in my union of requests below this stage
  };
  class Rooms;
  /// What is held at the bottom, and from there what is answered above each stage.
  Slice down(Communicator& comm, Slice held, Op op, Rooms& rooms) const;
  void up(Communicator& comm, std::span<const Slice> answer, Op op, Rooms& rooms) const;

  std::vector<Stage> stages_;
  Places answers_;                // of the requests at the bottom, in what is held there
  std::vector<char> unanswered_;  // requests at the bottom that nobody contributed to
  std::size_t contributed_ = 0, requested_ = 0;
};

/// One value pass: `values` (plan.contributed() of them, in the order of the indices; working
/// memory, may be the same place as `result` of a dense plan) go down, the reduction of what was
/// requested comes up into `result`. A request that nobody contributed to gets the operation's
/// neutral value.
void kylix_allreduce(Communicator& comm, const KylixPlan& plan, Slice values, Slice result, Op op);

/// Kylix of dense vectors: messages, bytes and times of the nested butterfly.
void dense_kylix_allreduce(Communicator& comm, Slice vector, Op op, std::span<const int> radices);

}  // namespace troupe::algorithms
