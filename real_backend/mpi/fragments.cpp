#include "real_backend/mpi/fragments.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "real_backend/mpi/mpi_call.hpp"

namespace troupe::mpi {

namespace {
// Of one message: while one is copied another travels, and the third waits for either.
constexpr std::size_t under_way_at_once = 3;
// A message is cut into so many, where that makes neither short nor overlong ones: what is copied
// before the first of them leaves, and after the last has come, nothing overlaps.
constexpr std::size_t fragments_wanted = 8;
constexpr std::size_t shortest_fragment = 1024 * 1024;

// What lies in a slot has no network to hide, and two copies beside each other want no more.
constexpr std::size_t shortest_in_a_slot = 512 * 1024, longest_in_a_slot = 2 * 1024 * 1024;

std::size_t fragment_of(std::size_t bytes, std::size_t shortest, std::size_t longest) {
  const std::size_t wanted =
      std::max((bytes + fragments_wanted - 1) / fragments_wanted, std::min(shortest, longest));
  return std::min({bytes, wanted, longest});
}
}  // namespace

Fragments::Fragments(MPI_Comm comm, NodeMemory* node, int ranks, const Options& options,
                     const Waiter& rank, Owner& owner)
    : comm_{comm},
      tags_{(static_cast<std::uint64_t>(std::min(options.largest_tag, largest_tag())) + 1) / 2},
      node_{node},
      accelerator_{options.accelerator},
      fragment_bytes_{static_cast<std::size_t>(options.fragment_bytes.value)},
      rank_{rank},
      owner_{owner},
      sent_(static_cast<std::size_t>(ranks)) {
  EXPECTS(fragment_bytes_ > 0, "a fragment has at least one byte");
}
Fragments::~Fragments() {
  for (Transfer& transfer : transfers_)
    for (Fragment& fragment : transfer.under_way) release(fragment);
}

// ---- starting

Fragments::Transfer& Fragments::begin(MessageOperation* operation, Rank peer, const Place& place) {
  Transfer& transfer = transfers_.emplace_back();
  transfer.self = std::prev(transfers_.end());
  transfer.operation = operation;
  transfer.peer = peer;
  transfer.place = place;
  transfer.staged = place.lane && !accelerator_->reachable_by_mpi();
  return transfer;
}

Fragments::Header Fragments::send(MessageOperation& operation, Rank to, const Place& payload,
                                  std::size_t bytes, bool eager) {
  const std::uint64_t number = sent_[static_cast<std::size_t>(to)]++;
  Transfer& transfer = begin(&operation, to, payload);
  transfer.sends = true;
  transfer.eager = eager;
  transfer.staged |= eager;  // its payload is free before it has left
  transfer.bytes = bytes;
  transfer.tag = static_cast<int>(number % tags_) * 2;
  Header header{bytes, bytes, number, 0, 0};
  if (find_slots(transfer)) {
    header.slots = transfer.slots;
    header.offset = static_cast<std::uint64_t>(transfer.first_slot - node_->own_part());
  } else {
    transfer.fragment =
        transfer.staged ? fragment_of(bytes, shortest_fragment, fragment_bytes_) : bytes;
  }
  header.fragment = transfer.fragment;
  refill(transfer);
  return header;
}

void Fragments::receive(MessageOperation* operation, Rank from, const Header& header,
                        const Place& room) {
  Transfer& transfer = begin(operation, from, room);
  transfer.bytes = header.bytes;
  transfer.fragment = header.fragment;
  transfer.tag = static_cast<int>(header.number % tags_) * 2;
  transfer.slots = header.slots;
  if (header.slots > 0) transfer.first_slot = node_->part_of(from) + header.offset;
  refill(transfer);
}
void Fragments::receive(MessageOperation& operation, Rank from, MPI_Message message,
                        std::size_t bytes, const Place& room) {
  Transfer& transfer = begin(&operation, from, room);
  transfer.bytes = transfer.fragment = bytes;
  transfer.message = message;
  refill(transfer);
}

bool Fragments::find_slots(Transfer& transfer) {
  if (!node_ || !transfer.staged || !transfer.place.lane || !node_->part_of(transfer.peer))
    return false;
  const std::size_t fragment =
      fragment_of(transfer.bytes, shortest_in_a_slot, std::min(longest_in_a_slot, fragment_bytes_));
  const std::size_t fragments = (transfer.bytes + fragment - 1) / fragment;
  const std::size_t slots = transfer.eager ? fragments : std::min(fragments, under_way_at_once);
  const auto offset = node_->own().reserve(slots * fragment);
  if (!offset) return false;
  transfer.fragment = fragment;
  transfer.slots = slots;
  transfer.first_slot = node_->own_part() + *offset;
  return true;
}

void Fragments::refill(Transfer& transfer) {
  while (transfer.begun < transfer.bytes &&
         (transfer.eager || transfer.under_way.size() < under_way_at_once))
    add_fragment(transfer);
}

void Fragments::add_fragment(Transfer& transfer) {
  const Place& place = transfer.place;
  Fragment& fragment = transfer.under_way.emplace_back();
  fragment.transfer = &transfer;
  fragment.offset = transfer.begun;
  fragment.bytes = std::min(transfer.fragment, transfer.bytes - transfer.begun);
  transfer.begun += fragment.bytes;
  fragment.stage = Fragment::Stage::travelling;
  if (transfer.first_slot) {
    fragment.address = transfer.first_slot +
                       fragment.offset / transfer.fragment % transfer.slots * transfer.fragment;
    if (transfer.sends) copy(fragment);
  } else if (!place.address) {
    fragment.address = ballast_.borrow(fragment.bytes);
  } else if (transfer.staged) {
    fragment.address =
        static_cast<std::byte*>(accelerator_->staging_memory().allocate(fragment.bytes));
    if (transfer.sends) copy(fragment);
  } else {
    fragment.address = place.address + fragment.offset;
    fragment.mark = place.after;
    if (place.lane) fragment.stage = Fragment::Stage::held;
  }
  if (fragment.stage == Fragment::Stage::travelling) travel(fragment);
  else ++copying_;
}

void Fragments::copy(Fragment& fragment) {
  auto& [address, lane, after] = fragment.transfer->place;
  // A device makes its copies one after the other: one that has to wait there for a kernel holds up
  // those of other flows, which have not.
  if (rank_.has_flows() && !accelerator_->reached(after)) {
    fragment.stage = Fragment::Stage::awaiting;
    return;
  }
  std::byte* const place = address + fragment.offset;
  if (fragment.transfer->sends) {
    fragment.stage = Fragment::Stage::held;
    fragment.mark = accelerator_->copy_to_host(fragment.address, place, fragment.bytes, after);
  } else {
    fragment.stage = Fragment::Stage::landing;
    fragment.mark = accelerator_->copy_to_device(place, fragment.address, fragment.bytes, after);
  }
}

void Fragments::travel(Fragment& fragment) {
  const Transfer& transfer = *fragment.transfer;
  const Extent extent{fragment.bytes};
  MPI_Request request = MPI_REQUEST_NULL;
  if (transfer.first_slot) {
    if (transfer.sends) send_word(transfer, transfer.tag);
    check_call(MPI_Irecv(nullptr, 0, MPI_BYTE, transfer.peer, transfer.tag + transfer.sends, comm_,
                         &request),
               "MPI_Irecv");
  } else if (transfer.sends) {
    check_call(MPI_Isend(fragment.address, extent.count(), extent.type(), transfer.peer,
                         transfer.tag, comm_, &request),
               "MPI_Isend");
  } else if (MPI_Message message = transfer.message; message != MPI_MESSAGE_NULL) {
    check_call(MPI_Imrecv(fragment.address, extent.count(), extent.type(), &message, &request),
               "MPI_Imrecv");
  } else {
    check_call(MPI_Irecv(fragment.address, extent.count(), extent.type(), transfer.peer,
                         transfer.tag, comm_, &request),
               "MPI_Irecv");
  }
  fragment.stage = Fragment::Stage::travelling;
  fragment.mark = {};
  owner_.activate(request, &fragment);
}

void Fragments::send_word(const Transfer& transfer, int tag) {
  MPI_Request request = MPI_REQUEST_NULL;
  check_call(MPI_Isend(nullptr, 0, MPI_BYTE, transfer.peer, tag, comm_, &request), "MPI_Isend");
  owner_.activate(request, nullptr);
}

// ---- progress

void Fragments::ended(Fragment& fragment) {
  Transfer& transfer = *fragment.transfer;
  transfer.travelled += fragment.bytes;
  if (transfer.sends) remove(fragment);
  else land(fragment);
  refill(transfer);
  settle(transfer);
}

void Fragments::land(Fragment& fragment) {
  const Transfer& transfer = *fragment.transfer;
  const Place& place = transfer.place;
  if (!transfer.first_slot && !transfer.staged) return remove(fragment);
  // From a slot all of them land, if only to tell the sender so in their turn.
  fragment.stage = Fragment::Stage::landing;
  ++copying_;
  if (!place.address) return;
  if (place.lane) copy(fragment);
  else std::memcpy(place.address + fragment.offset, fragment.address, fragment.bytes);
}

bool Fragments::poll() {
  bool some = false;
  for (auto next = transfers_.begin(); copying_ > 0 && next != transfers_.end();) {
    Transfer& transfer = *next++;
    go_on(transfer, some);
  }
  return some;
}

void Fragments::go_on(Transfer& transfer, bool& some) {
  bool went_on = false, in_turn = true;
  for (auto next = transfer.under_way.begin(); next != transfer.under_way.end();) {
    Fragment& fragment = *next++;
    const bool is_held = fragment.stage == Fragment::Stage::held;
    if (fragment.stage == Fragment::Stage::travelling) {
      in_turn = in_turn && (transfer.sends || !transfer.first_slot);
      continue;
    }
    if (fragment.stage == Fragment::Stage::awaiting) {
      in_turn = false;
      if (!accelerator_->reached(transfer.place.after)) continue;
      transfer.place.after = {};
      copy(fragment);
      went_on = true;
      continue;
    }
    // Fragments of a transfer have one tag: they leave in order, and so does word of them.
    if ((is_held || transfer.first_slot) && !in_turn) continue;
    if (fragment.mark && !accelerator_->reached(fragment.mark)) {
      in_turn = false;
      continue;
    }
    --copying_;
    went_on = true;
    if (is_held) travel(fragment);
    else remove(fragment);
  }
  if (!went_on) return;
  some = true;
  refill(transfer);
  settle(transfer);
}

namespace {
using Stage = Fragments::Fragment::Stage;

bool has_any(const Fragments::Transfer& transfer, Stage stage) {
  return std::ranges::find(transfer.under_way, stage, &Fragments::Fragment::stage) !=
         transfer.under_way.end();
}
/// True once a payload that is not sent from its own place has been copied as a whole.
bool is_copied(const Fragments::Transfer& transfer) {
  return (transfer.eager || transfer.first_slot) && transfer.begun == transfer.bytes &&
         !has_any(transfer, Stage::held) && !has_any(transfer, Stage::awaiting);
}
}  // namespace

void Fragments::settle(Transfer& transfer) {
  if (transfer.sends) {
    const bool has_left = transfer.travelled == transfer.bytes;
    if (transfer.operation && (has_left || is_copied(transfer)))
      owner_.payload_left(*std::exchange(transfer.operation, nullptr));
    if (has_left) end(transfer);
    return;
  }
  if (transfer.travelled < transfer.bytes) return;
  const bool has_landed = transfer.under_way.empty();
  if (transfer.operation) {
    if (!std::exchange(transfer.told, true)) owner_.values_arrived(*transfer.operation);
    // Who looks later comes after the copies.
    const bool follows = !has_landed && transfer.place.lane &&
                         rank_.runs_ahead(*transfer.place.lane) &&
                         !has_any(transfer, Stage::awaiting);
    if (follows)
      for (const Fragment& landing : transfer.under_way) transfer.place.lane->follow(landing.mark);
    if (follows) transfer.place.lane->run_ahead({transfer.place.address, transfer.bytes, true});
    if (follows || has_landed)
      owner_.values_landed(*std::exchange(transfer.operation, nullptr), transfer.bytes);
  }
  if (has_landed) end(transfer);
}

void Fragments::end(Transfer& transfer) {
  if (transfer.sends && transfer.first_slot)
    node_->own().release(static_cast<std::size_t>(transfer.first_slot - node_->own_part()),
                         transfer.slots * transfer.fragment);
  transfers_.erase(transfer.self);
}

void Fragments::remove(Fragment& fragment) {
  release(fragment);
  if (const Transfer& transfer = *fragment.transfer; transfer.first_slot && !transfer.sends)
    send_word(transfer, transfer.tag + 1);
  fragment.transfer->under_way.remove_if([&](const Fragment& one) { return &one == &fragment; });
}
void Fragments::release(Fragment& fragment) {
  const Transfer& transfer = *fragment.transfer;
  if (transfer.first_slot) return;
  if (!transfer.place.address)
    ballast_.give_back(std::exchange(fragment.address, nullptr), fragment.bytes);
  else if (transfer.staged)
    accelerator_->staging_memory().release(std::exchange(fragment.address, nullptr),
                                           fragment.bytes);
}

}  // namespace troupe::mpi
