// Messages whose values are in the memory of an accelerator: their headers, and their ends.

#include "real_backend/mpi/messages.hpp"

namespace troupe::mpi {

void Messages::send_in_fragments(MessageOperation& operation, int tag, ConstPayload payload,
                                 Lane& lane) {
  const bool eager = is_eager(payload.bytes, options_.eager_limit);
  operation.ends_to_come_ = eager ? 1 : 2;
  const Fragments::Header header = fragments_.send(
      operation, operation.rank_, {const_cast<std::byte*>(payload.address), &lane, lane.mark()},
      payload.bytes, eager);
  send_item(header, operation.rank_, TagPacking::marked(tag, TagPacking::Brings::header),
            comm(operation.open_));
  if (!eager) receipts_.expect(operation.rank_, operation.open_, operation);
}

void Messages::activate(MPI_Request request, Fragments::Fragment* fragment) {
  activate(request, {nullptr, nullptr, fragment ? fragment->bytes : 0, fragment});
}

void Messages::payload_left(MessageOperation& operation) { end_send(operation, clock_.now()); }

void Messages::values_arrived(MessageOperation& operation) { arrive(operation); }

void Messages::values_landed(MessageOperation& operation, std::size_t bytes) {
  end_receive(operation, bytes);
}

}  // namespace troupe::mpi
