// Receiving a message that has been matched, and the end of that.

#include <exception>
#include <string>

#include "core/standstill.hpp"
#include "real_backend/mpi/messages.hpp"

namespace troupe::mpi {

namespace {
// Messages received at once. The next ones wait, whose senders wait as well: none needs another to
// be received first. See docs/decisions/0008-mpi-backend.md for what a thousand at once led to.
constexpr std::size_t taken_at_once = 64;
}  // namespace

std::byte* Messages::room_for(MessageOperation& operation, std::size_t bytes, bool usable) {
  if (bytes == 0 || (operation.room_ && usable)) return operation.room_;
  operation.ballast_ = ballast_.borrow(bytes);
  operation.ballast_bytes_ = bytes;
  return operation.ballast_;
}

void Messages::take(MessageOperation& operation, const Arrived& arrived) {
  if (taking_ < taken_at_once) start_taking(operation, arrived);
  else matched_.push_back({&operation, arrived});
}
void Messages::take_next() {
  for (; taking_ < taken_at_once && !matched_.empty(); matched_.pop_front())
    start_taking(*matched_.front().operation, matched_.front().message);
}
void Messages::start_taking(MessageOperation& operation, Arrived arrived) {
  ++taking_;
  operation.from_ = arrived.from;
  operation.has_come_ = false;
  taken_.push_back(&operation);
  operation.owes_receipt_ = arrived.wants_receipt;
  operation.number_ = arrived.number;
  operation.truncated_ = arrived.bytes > operation.bytes_;
  const bool usable = !operation.truncated_ && arrived.brings != TagPacking::Brings::nothing;
  const Fragments::Place room =
      usable ? Fragments::Place{operation.room_, operation.lane_, operation.after_}
             : Fragments::Place{};
  if (arrived.brings == TagPacking::Brings::header) {
    fragments_.receive(&operation, arrived.from, arrived.header, room);
    return;
  }
  if (room.lane && arrived.bytes > 0) {
    fragments_.receive(operation, arrived.from, arrived.message, arrived.bytes, room);
    return;
  }
  std::byte* const address = room_for(operation, arrived.bytes, usable);
  const Extent extent{arrived.bytes};
  MPI_Request request = MPI_REQUEST_NULL;
  check_call(MPI_Imrecv(address, extent.count(), extent.type(), &arrived.message, &request),
             "MPI_Imrecv");
  activate(request, {&operation, nullptr, arrived.bytes});
}

void Messages::arrive(MessageOperation& operation) {
  ++received_;
  --taking_;
  if (operation.owes_receipt_) send_receipt(operation);
}

void Messages::end_receive(MessageOperation& operation, std::size_t bytes) {
  operation.has_come_ = true;
  operation.come_bytes_ = bytes;
  // Messages of one sender and tag complete in order, though a short one may overtake a long one,
  // and one that goes through a device takes longer than one that does not.
  const Seconds at = clock_.now();
  const Rank from = operation.from_;
  const std::uint64_t key = operation.key_;
  const bool open = operation.open_;
  bool in_order = true;
  std::erase_if(taken_, [&](MessageOperation* one) {
    if (one->from_ != from || one->key_ != key || one->open_ != open) return false;
    in_order = in_order && one->has_come_;
    if (in_order) complete_receive(*one, at);
    return in_order;
  });
}

void Messages::complete_receive(MessageOperation& operation, Seconds at) {
  if (operation.truncated_) {
    fail_as_truncated(operation, operation.from_,
                      "of " + std::to_string(operation.come_bytes_) + " bytes ", at);
    return;
  }
  ++activity_.received_messages;
  activity_.received_bytes += operation.come_bytes_;
  operation.complete(operation.from_, operation.come_bytes_, at);
}

void Messages::end_posted(MessageOperation& operation, const MPI_Status& status, int error,
                          Seconds at) {
  int cancelled = 0;
  MPI_Test_cancelled(&status, &cancelled);
  if (cancelled) {
    operation.complete(operation.rank_, 0, at);
    return;
  }
  ++received_;
  int error_class = MPI_SUCCESS;
  if (error != MPI_SUCCESS) MPI_Error_class(error, &error_class);
  if (error_class == MPI_ERR_TRUNCATE) {
    fail_as_truncated(operation, status.MPI_SOURCE, "", at);
    return;
  }
  check_call(error, "MPI_Irecv");
  const std::size_t bytes = bytes_of(status);
  ++activity_.received_messages;
  activity_.received_bytes += bytes;
  operation.complete(status.MPI_SOURCE, bytes, at);
}

void Messages::fail_as_truncated(MessageOperation& operation, Rank from, const std::string& length,
                                 Seconds at) {
  operation.fail(from,
                 std::make_exception_ptr(
                     Truncated{"a message " + length + "from rank " + std::to_string(from) + " (" +
                               to_text(operation.name_) + ") is longer than the " +
                               std::to_string(operation.bytes_) + " bytes there is room for"}),
                 at);
}

}  // namespace troupe::mpi
