// The end of a run: every message that was sent is received, whether or not anybody asked for it.

#include <cstring>
#include <thread>

#include "real_backend/mpi/messages.hpp"

namespace troupe::mpi {

void Messages::wait_for(MPI_Request request, const std::function<void()>& idle) {
  int done = 0;
  if (options_.wait_inside_mpi) {
    check_call(MPI_Wait(&request, MPI_STATUS_IGNORE), "MPI_Wait");
    return;
  }
  while (!done) {
    check_call(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    if (!done) idle();
  }
}

bool Messages::forget_message(bool open) {
  int found = 0;
  MPI_Status status{};
  check_call(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm(open), &found, &status), "MPI_Iprobe");
  if (!found) return false;
  const std::size_t bytes = bytes_of(status);
  const auto room = std::make_unique_for_overwrite<std::byte[]>(bytes);
  const Extent extent{bytes};
  MPI_Request request = MPI_REQUEST_NULL;
  check_call(MPI_Irecv(room.get(), extent.count(), extent.type(), status.MPI_SOURCE, status.MPI_TAG,
                       comm(open), &request),
             "MPI_Irecv");
  wait_for(request);
  if (contexts_.tells(status.MPI_TAG)) return true;  // of a message that is forgotten as well
  ++received_;
  if (TagPacking::mark_of(status.MPI_TAG) == TagPacking::Brings::header) {
    Fragments::Header header{};
    std::memcpy(&header, room.get(), sizeof(header));
    forget_values(status.MPI_SOURCE, header);
  }
  return true;
}
void Messages::forget_values(Rank from, const Fragments::Header& header) {
  fragments_.receive(nullptr, from, header, {});
}
void Messages::forget_arrived(Channel& queue) {
  for (Arrived& arrived : queue.arrived) {
    ++received_;
    if (arrived.brings == TagPacking::Brings::header) {
      forget_values(arrived.from, arrived.header);
      continue;
    }
    const auto room = std::make_unique_for_overwrite<std::byte[]>(arrived.bytes);
    const Extent extent{arrived.bytes};
    MPI_Request request = MPI_REQUEST_NULL;
    check_call(MPI_Imrecv(room.get(), extent.count(), extent.type(), &arrived.message, &request),
               "MPI_Imrecv");
    wait_for(request);
  }
  queue.arrived.clear();
}

std::size_t Messages::finish(const std::function<void()>& idle) {
  // Counting is exact where a barrier is not: an eager message may be overtaken by it.
  int expected = 0;
  MPI_Request counted = MPI_REQUEST_NULL;
  check_call(MPI_Ireduce_scatter_block(sent_.data(), &expected, 1, MPI_INT, MPI_SUM,
                                       comms_.addressed, &counted),
             "MPI_Ireduce_scatter_block");
  wait_for(counted, idle);
  const std::size_t unasked = static_cast<std::size_t>(expected) - received_;
  for (Channel& queue : addressed_) forget_arrived(queue);
  forget_arrived(open_);
  while (received_ < static_cast<std::size_t>(expected))
    if (!forget_message(false) && !forget_message(true)) std::this_thread::yield();
  while (!requests_.empty() || fragments_.busy()) {
    if (options_.wait_inside_mpi) wait();
    else if (!test_active() && !fragments_.poll()) std::this_thread::yield();
  }
  return unasked;
}

}  // namespace troupe::mpi
