#include "real_backend/mpi/receipts.hpp"

#include "core/errors.hpp"
#include "real_backend/mpi/mpi_call.hpp"

namespace troupe::mpi {

Receipts::Receipts(MPI_Comm comm, int ranks) : comm_{comm} {
  sent_.resize(place(ranks, false));
  arrived_.resize(sent_.size());
}

void Receipts::expect(Rank to, bool open, MessageOperation& operation) {
  const std::size_t where = place(to, open);
  waiting_.emplace(Key{where, sent_[where]++}, &operation);
}

MessageOperation* Receipts::take() {
  int found = 0;
  MPI_Status status{};
  check_call(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm_, &found, &status), "MPI_Iprobe");
  if (!found) return nullptr;
  std::uint64_t number = 0;
  const bool open = status.MPI_TAG == tag(true);
  check_call(MPI_Recv(&number, sizeof(number), MPI_BYTE, status.MPI_SOURCE, status.MPI_TAG, comm_,
                      MPI_STATUS_IGNORE),
             "MPI_Recv");
  const auto waiting = waiting_.find({place(status.MPI_SOURCE, open), number});
  EXPECTS(waiting != waiting_.end(), "a receipt is for a message that waits for one");
  MessageOperation* const operation = waiting->second;
  waiting_.erase(waiting);
  return operation;
}

std::uint64_t Receipts::number_arrived(Rank from, bool open) {
  return arrived_[place(from, open)]++;
}

}  // namespace troupe::mpi
