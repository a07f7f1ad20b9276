#include "sim/simgrid/transfers.hpp"

#include <utility>

#include "platforms/simgrid/compat.hpp"
#include "sim/simgrid/operation.hpp"

namespace troupe::sim::simgrid_world {

Transfers::Transfers(std::size_t most_spare, std::function<void(Transfer&)> on_end)
    : most_spare_{most_spare}, on_end_{std::move(on_end)} {
  platforms::compat::on_end<s4u::Comm>([this](const s4u::Comm& comm) {
    auto* const transfer = comm.get_data<Transfer>();
    if (!transfer || !transfer->send) return;  // cancelled, or none of ours
    transfer->has_failed = comm.get_state() != s4u::Activity::State::FINISHED;
    on_end_(*transfer);
  });
}

const s4u::Comm& Transfers::start(SimOperation& send, s4u::Host& from, s4u::Host& to) {
  if (pairs_.size() <= send.pair) pairs_.resize(send.pair + 1);
  Transfer* const spare = pairs_[send.pair].first;
  if (spare) take_out(*spare);
  Transfer& transfer = spare ? *spare : make(from, to, send.pair);
  transfer.send = &send;
  transfer.comm->set_state(s4u::Activity::State::INITED);
  transfer.comm->set_payload_size(send.bytes);
  transfer.comm->start();
  return *transfer.comm;
}

Transfer& Transfers::make(s4u::Host& from, s4u::Host& to, std::size_t pair) {
  if (empty_.empty()) empty_.push_back(&transfers_.emplace_back());
  Transfer& transfer = *empty_.back();
  empty_.pop_back();
  transfer.pair = pair;
  transfer.comm = s4u::Comm::sendto_init(&from, &to);
  transfer.comm->set_data(&transfer);
  return transfer;
}

void Transfers::give_back(Transfer& transfer) {
  transfer.send = nullptr;
  if (transfer.has_failed) {  // what SimGrid leaves of it is not worth another start
    transfer.comm = nullptr;
    empty_.push_back(&transfer);
    return;
  }
  if (spare_ == most_spare_) {
    Transfer& given_up = *oldest_;  // and so the first of its pair
    take_out(given_up);
    given_up.comm = nullptr;
    empty_.push_back(&given_up);
  }
  transfer.older = std::exchange(newest_, &transfer);
  transfer.newer = transfer.next_of_pair = nullptr;
  (transfer.older ? transfer.older->newer : oldest_) = &transfer;
  Pair& pair = pairs_[transfer.pair];
  (pair.first ? pair.last->next_of_pair : pair.first) = &transfer;
  pair.last = &transfer;
  ++spare_;
}

void Transfers::take_out(Transfer& first_of_pair) {
  Transfer& transfer = first_of_pair;
  (transfer.older ? transfer.older->newer : oldest_) = transfer.newer;
  (transfer.newer ? transfer.newer->older : newest_) = transfer.older;
  pairs_[transfer.pair].first = transfer.next_of_pair;
  --spare_;
}

void Transfers::cancel(const std::function<bool(const SimOperation&)>& concerns) {
  for (Transfer& transfer : transfers_) {
    if (!transfer.send || !concerns(*transfer.send)) continue;
    transfer.send = nullptr;
    transfer.comm->cancel();
  }
}

}  // namespace troupe::sim::simgrid_world
