#pragma once
// How ranks find out together that none of them can go on.

#include <mpi.h>

#include <array>

#include "core/units.hpp"

namespace troupe::mpi {

/// A rank that has seen nothing move for a while votes, and so does one whose program has returned;
/// another vote begins no earlier than `pause` after the one before has ended. A rank votes "still"
/// if nothing has moved there since it voted last. Where all say so, nothing moved anywhere at the
/// end of the vote before, nor for the pause after it, in which whatever was under way would have
/// arrived. A rank that goes on does not vote: the others wait for it with the vote open.
class StandstillVote {
 public:
  /// `comm`: of all ranks, and of nobody else's collectives.
  StandstillVote(MPI_Comm comm, Seconds pause);

  void moved() noexcept { is_still_ = false; }
  /// Votes if it is time to. True once a vote has ended in which all ranks were still.
  bool poll(Seconds now, bool has_returned);
  /// After a vote: how many had returned.
  int returned() const noexcept { return sum_[1]; }
  /// Collective, when all programs have returned: ends votes that only some have begun. `others`:
  /// of the same ranks, without a collective under way.
  void finish(MPI_Comm others);

 private:
  void vote(int still, int returned);
  bool is_open() const noexcept { return request_ != MPI_REQUEST_NULL; }

  MPI_Comm comm_;
  Seconds pause_;
  int size_ = 0;
  MPI_Request request_ = MPI_REQUEST_NULL;
  std::array<int, 2> mine_{}, sum_{};  // still, returned
  int votes_ = 0;                      // that this rank has begun
  Seconds ended_{};                    // when the last of them was over
  bool is_still_ = false;              // since then nothing has moved
};

}  // namespace troupe::mpi
