#include "real_backend/mpi/messages.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <string>

#include "core/standstill.hpp"

namespace troupe::mpi {

namespace {

// What fits in a few fragments of any transport needs no polling in between.
constexpr std::size_t long_message = 64 * 1024;
// Messages matched before the requests are looked at again.
constexpr int probes_at_once = 64;

}  // namespace

// ---- MessageOperation

void MessageOperation::abandon() noexcept {
  if (!is_done() && !(receives_ && messages_.forget(*this)))
    messages_.waiter_.wait_until_done(*this);
}
void MessageOperation::retire() noexcept { messages_.recycle(*this); }
std::string MessageOperation::description() const {
  return receives_ ? waits_to_receive(rank_, name_) : waits_to_send(rank_, name_, bytes_);
}

// ---- starting

namespace {
int size_of(MPI_Comm comm) {
  int size = 0;
  check_call(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  return size;
}
}  // namespace

Messages::Messages(Comms comms, const Options& options, const Clock& clock, Waiter& waiter,
                   Activity& activity)
    : comms_{comms},
      options_{options},
      clock_{clock},
      waiter_{waiter},
      activity_{activity},
      contexts_{std::min(options.largest_tag, largest_tag()), size_of(comms.addressed)},
      receipts_{comms.receipts, size_of(comms.receipts)},
      fragments_{comms.fragments, comms.node, size_of(comms.fragments), options, waiter, *this},
      addressed_(static_cast<std::size_t>(size_of(comms.addressed))),
      sent_(addressed_.size()) {}

Operation& Messages::send(Rank to, Tag name, ConstPayload payload, Lane* lane,
                          std::uint64_t sequence) {
  MessageOperation& operation = fresh(sequence);
  operation.rank_ = to;
  operation.name_ = name;
  operation.open_ = name.is_open();
  operation.receives_ = false;
  operation.bytes_ = payload.bytes;
  ++sent_[static_cast<std::size_t>(to)];
  ++activity_.messages;
  activity_.bytes += payload.bytes;

  int tag = tag_to(to, name);
  const std::byte* address = payload.address;
  if (payload.is_phantom() && payload.bytes > 0) {
    address = ballast_.to_send(payload.bytes);
    // The receiver leaves its room alone; which needs a matching that overlooks the mark.
    if (options_.receive == Receive::probed)
      tag = TagPacking::marked(tag, TagPacking::Brings::nothing);
  } else if (payload.bytes > 0 && !payload.memory->on_host()) {
    EXPECTS(lane && payload.memory == &options_.accelerator->memory(),
            "values are sent from host memory or from that of the run's accelerator");
    send_in_fragments(operation, tag, payload, *lane);
    return operation;
  }
  const Extent extent{payload.bytes};
  MPI_Request request = MPI_REQUEST_NULL;
  if (!is_eager(payload.bytes, options_.eager_limit)) {
    if (options_.receive == Receive::posted) {
      check_call(MPI_Issend(address, extent.count(), extent.type(), to, tag, comm(name.is_open()),
                            &request),
                 "MPI_Issend");
      operation.ends_to_come_ = 1;
    } else {
      check_call(MPI_Isend(address, extent.count(), extent.type(), to, tag, comm(name.is_open()),
                           &request),
                 "MPI_Isend");
      operation.ends_to_come_ = 2;
      receipts_.expect(to, name.is_open(), operation);
    }
    activate(request, {&operation, nullptr, payload.bytes});
  } else {
    std::unique_ptr<std::byte[]> copy;
    if (!payload.is_phantom() && payload.bytes > 0) {
      copy = std::make_unique_for_overwrite<std::byte[]>(payload.bytes);
      std::memcpy(copy.get(), payload.address, payload.bytes);
      address = copy.get();
    }
    check_call(
        MPI_Isend(address, extent.count(), extent.type(), to, tag, comm(name.is_open()), &request),
        "MPI_Isend");
    activate(request, {nullptr, std::move(copy), payload.bytes});
    operation.complete(to, payload.bytes, clock_.now());
  }
  return operation;
}

Operation& Messages::receive(Rank from, Tag name, Payload room, Lane* lane,
                             std::uint64_t sequence) {
  MessageOperation& operation = fresh(sequence);
  operation.rank_ = from;
  operation.name_ = name;
  operation.open_ = name.is_open();
  operation.receives_ = true;
  operation.room_ = room.address;
  operation.bytes_ = room.bytes;
  if (!room.is_phantom() && room.bytes > 0 && !room.memory->on_host()) {
    EXPECTS(lane && room.memory == &options_.accelerator->memory(),
            "values are received into host memory or into that of the run's accelerator");
    operation.lane_ = lane;
    operation.after_ = lane->mark();
  }

  if (options_.receive == Receive::posted) {
    std::byte* const address = room_for(operation, room.bytes, true);
    const Extent extent{room.bytes};
    MPI_Request request = MPI_REQUEST_NULL;
    check_call(
        MPI_Irecv(address, extent.count(), extent.type(), name.is_open() ? MPI_ANY_SOURCE : from,
                  contexts_.packing().pack(name), comm(name.is_open()), &request),
        "MPI_Irecv");
    activate(request, {&operation, nullptr, room.bytes});
    return operation;
  }
  operation.key_ = contexts_.key(name);
  Channel& queue = channel(from, name.is_open());
  const auto arrived =
      std::find_if(queue.arrived.begin(), queue.arrived.end(),
                   [key = operation.key_](const Arrived& one) { return one.key == key; });
  if (arrived != queue.arrived.end()) {
    const Arrived message = *arrived;
    queue.arrived.erase(arrived);
    take(operation, message);
  } else {
    queue.posted.push_back(&operation);
    operation.posted_ = true;
    ++(name.is_open() ? posted_open_ : posted_addressed_);
  }
  return operation;
}

int Messages::tag_to(Rank to, Tag name) {
  if (options_.receive == Receive::posted) return contexts_.packing().pack(name);
  const auto [number, is_new] = contexts_.send(to, name);
  if (is_new)
    send_item(ContextNumbers::Word{number, name.context().path()}, to, contexts_.telling_tag(),
              comm(name.is_open()));
  return TagPacking::pack(number, name);
}

void Messages::activate(MPI_Request request, Active active) {
  if (active.operation) active.operation->slot_ = requests_.size();
  if (active.bytes > long_message) ++long_ones_;
  requests_.push_back(request);
  active_.push_back(std::move(active));
}

// ---- progress

bool Messages::probe(bool open) {
  int found = 0;
  Arrived arrived{};
  MPI_Status status{};
  check_call(
      MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm(open), &found, &arrived.message, &status),
      "MPI_Improbe");
  if (!found) return false;
  arrived.from = status.MPI_SOURCE;
  if (contexts_.tells(status.MPI_TAG)) {
    ContextNumbers::Word word{};
    check_call(MPI_Mrecv(&word, sizeof(word), MPI_BYTE, &arrived.message, MPI_STATUS_IGNORE),
               "MPI_Mrecv");
    contexts_.hear(arrived.from, open, word);
    return true;
  }
  arrived.key = contexts_.key(arrived.from, open, status.MPI_TAG);
  arrived.brings = TagPacking::mark_of(status.MPI_TAG);
  arrived.bytes = bytes_of(status);
  if (arrived.brings == TagPacking::Brings::header) {
    check_call(MPI_Mrecv(&arrived.header, sizeof(arrived.header), MPI_BYTE, &arrived.message,
                         MPI_STATUS_IGNORE),
               "MPI_Mrecv");
    arrived.bytes = arrived.header.bytes;
  }
  arrived.wants_receipt = !is_eager(arrived.bytes, options_.eager_limit);
  if (arrived.wants_receipt) arrived.number = receipts_.number_arrived(arrived.from, open);
  Channel& queue = channel(arrived.from, open);
  const auto operation =
      std::find_if(queue.posted.begin(), queue.posted.end(),
                   [&](const MessageOperation* one) { return one->key_ == arrived.key; });
  if (operation == queue.posted.end()) {
    queue.arrived.push_back(arrived);
  } else {
    MessageOperation& matched = **operation;
    queue.posted.erase(operation);
    matched.posted_ = false;
    --(open ? posted_open_ : posted_addressed_);
    take(matched, arrived);
  }
  return true;
}

bool Messages::poll() {
  // Messages are looked for only while somebody waits for one; except that open tags are served in
  // the order of arrival, so that whenever something happens the open ones are taken note of, too.
  const auto take_note = [this](bool open, const std::size_t& wanted) {
    bool some = false;
    for (int i = 0; i < probes_at_once && wanted > 0 && probe(open); ++i) some = true;
    return some;
  };
  if (options_.receive == Receive::posted) return test_active();
  bool some = take_note(false, posted_addressed_);
  some |= test_active();
  some |= fragments_.poll();
  some |= take_receipts();
  if (!some && posted_open_ == 0) return false;
  if (take_note(true, 1)) {
    test_active();
    some = true;
  }
  return some;
}

bool Messages::test_active() {
  if (requests_.empty()) return false;
  indices_.resize(requests_.size());
  statuses_.resize(requests_.size());
  int count = 0;
  const int code = MPI_Testsome(static_cast<int>(requests_.size()), requests_.data(), &count,
                                indices_.data(), statuses_.data());
  if (code != MPI_ERR_IN_STATUS) check_call(code, "MPI_Testsome");
  if (count == MPI_UNDEFINED || count == 0) return false;
  const Seconds at = clock_.now();
  const auto ended = static_cast<std::size_t>(count);
  for (std::size_t i = 0; i < ended; ++i)
    finish_active(static_cast<std::size_t>(indices_[i]), statuses_[i],
                  code == MPI_ERR_IN_STATUS ? statuses_[i].MPI_ERROR : MPI_SUCCESS, at);
  // From the back, so that what moves into a gap is none of those still to be removed.
  std::sort(indices_.begin(), indices_.begin() + count, std::greater<>{});
  for (std::size_t i = 0; i < ended; ++i) remove_active(static_cast<std::size_t>(indices_[i]));
  take_next();
  return true;
}

std::vector<std::string> Messages::waits(const std::function<bool(const Operation&)>& asked) const {
  std::vector<std::string> all;
  for (const auto& operation : operations_)
    if (!operation->is_done() && asked(*operation)) all.push_back(operation->description());
  return all;
}

void Messages::wait() {
  EXPECTS(!requests_.empty(), "a rank that waits inside MPI has a message under way");
  int index = 0;
  MPI_Status status{};
  const int code =
      MPI_Waitany(static_cast<int>(requests_.size()), requests_.data(), &index, &status);
  const auto slot = static_cast<std::size_t>(index);
  finish_active(slot, status, code, clock_.now());
  remove_active(slot);
}

void Messages::finish_active(std::size_t slot, const MPI_Status& status, int error, Seconds at) {
  MessageOperation* const operation = active_[slot].operation;
  if (Fragments::Fragment* const fragment = active_[slot].fragment) {
    check_call(error, "MPI, for a fragment of a message");
    fragments_.ended(*fragment);
    return;
  }
  if (!operation) {
    check_call(error, "MPI_Isend");
    return;
  }
  int error_class = MPI_SUCCESS;
  if (error != MPI_SUCCESS) MPI_Error_class(error, &error_class);
  if (!operation->receives_) {
    check_call(error, "MPI_Issend");
    end_send(*operation, at);
    return;
  }
  if (options_.receive == Receive::posted) {
    end_posted(*operation, status, error, at);
    return;
  }
  check_call(error, "MPI_Imrecv");
  const std::size_t bytes = active_[slot].bytes;
  arrive(*operation);
  end_receive(*operation, bytes);
}

void Messages::remove_active(std::size_t slot) {
  if (active_[slot].bytes > long_message) --long_ones_;
  const std::size_t last = requests_.size() - 1;
  if (slot != last) {
    requests_[slot] = requests_[last];
    active_[slot] = std::move(active_[last]);
    if (active_[slot].operation) active_[slot].operation->slot_ = slot;
  }
  requests_.pop_back();
  active_.pop_back();
}

void Messages::end_send(MessageOperation& operation, Seconds at) {
  if (--operation.ends_to_come_ == 0) operation.complete(operation.rank_, operation.bytes_, at);
}

void Messages::send_receipt(const MessageOperation& received) {
  send_item(received.number_, received.from_, Receipts::tag(received.open_), comms_.receipts);
}

bool Messages::take_receipts() {
  bool some = false;
  for (int i = 0; i < probes_at_once && receipts_.expected(); ++i) {
    MessageOperation* const sent = receipts_.take();
    if (!sent) break;
    end_send(*sent, clock_.now());
    some = true;
  }
  return some;
}

// ---- ending

bool Messages::forget(MessageOperation& operation) {
  if (options_.receive == Receive::posted) {
    // Ends like any other request; whether it was cancelled is seen then.
    MPI_Cancel(&requests_[operation.slot_]);
    return false;
  }
  if (!operation.posted_) return false;
  std::erase(channel(operation.rank_, operation.open_).posted, &operation);
  --(operation.open_ ? posted_open_ : posted_addressed_);
  return true;
}

MessageOperation& Messages::fresh(std::uint64_t sequence) {
  if (free_.empty()) {
    operations_.push_back(std::make_unique<MessageOperation>(*this));
    free_.reserve(operations_.size());  // recycling must not fail
    free_.push_back(operations_.back().get());
  }
  MessageOperation& operation = *free_.back();
  free_.pop_back();
  operation.renew(sequence);
  operation.posted_ = operation.truncated_ = false;
  operation.lane_ = nullptr;
  return operation;
}
void Messages::recycle(MessageOperation& operation) noexcept {
  if (operation.ballast_) {
    ballast_.give_back(operation.ballast_, operation.ballast_bytes_);
    operation.ballast_ = nullptr;
  }
  operation.after_ = {};
  free_.push_back(&operation);
}

}  // namespace troupe::mpi
