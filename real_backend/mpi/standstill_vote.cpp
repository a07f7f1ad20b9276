#include "real_backend/mpi/standstill_vote.hpp"

#include "real_backend/mpi/mpi_call.hpp"

namespace troupe::mpi {

StandstillVote::StandstillVote(MPI_Comm comm, Seconds pause) : comm_{comm}, pause_{pause} {
  check_call(MPI_Comm_size(comm, &size_), "MPI_Comm_size");
}

bool StandstillVote::poll(Seconds now, bool has_returned) {
  if (is_open()) {
    int done = 0;
    check_call(MPI_Test(&request_, &done, MPI_STATUS_IGNORE), "MPI_Test");
    if (!done) return false;
    ended_ = now;
    return sum_[0] == size_;
  }
  if (votes_ > 0 && now - ended_ < pause_) return false;
  vote(is_still_, has_returned);
  is_still_ = true;
  return false;
}

void StandstillVote::vote(int still, int returned) {
  mine_ = {still, returned};
  ++votes_;
  check_call(MPI_Iallreduce(mine_.data(), sum_.data(), 2, MPI_INT, MPI_SUM, comm_, &request_),
             "MPI_Iallreduce");
}

void StandstillVote::finish(MPI_Comm others) {
  int begun = 0;
  check_call(MPI_Allreduce(&votes_, &begun, 1, MPI_INT, MPI_MAX, others), "MPI_Allreduce");
  while (is_open() || votes_ < begun) {
    if (!is_open()) vote(0, 1);
    check_call(MPI_Wait(&request_, MPI_STATUS_IGNORE), "MPI_Wait");
  }
}

}  // namespace troupe::mpi
