#include "algorithms/horovod/mail.hpp"

#include <algorithm>
#include <utility>

namespace troupe::algorithms::horovod {

void Outbox::send(Rank to, Tag tag, std::span<const std::byte> letter) {
  forget_arrived();
  for (std::size_t at = 0; at <= letter.size(); at += piece_size) {
    const auto first = letter.begin() + static_cast<std::ptrdiff_t>(at);
    const std::size_t length = std::min(piece_size, letter.size() - at);
    send_piece(to, tag, {first, first + static_cast<std::ptrdiff_t>(length)});
  }
}

void Outbox::send_piece(Rank to, Tag tag, std::vector<std::byte> piece) {
  std::size_t index = 0;
  while (sent_.active(index)) ++index;
  const auto& kept = pieces_[index] = std::move(piece);
  sent_.put(index, comm_.isend(to, tag, std::span{kept}));
}

void Outbox::forget_arrived() {
  while (!sent_.empty()) {
    const auto arrived = comm_.wait_any(sent_, at_once);
    if (!arrived) return;
    pieces_.erase(arrived->index);
  }
}

void Outbox::wait_for_all() {
  wait_all(comm_, sent_);
  pieces_.clear();
}

std::optional<std::vector<std::byte>> Letterbox::take(const Completion& arrived) {
  std::vector<std::byte>& letter = begun_[arrived.from];
  letter.insert(letter.end(), room_.begin(),
                room_.begin() + static_cast<std::ptrdiff_t>(arrived.bytes));
  if (arrived.bytes == piece_size) return {};
  return std::exchange(letter, {});
}

}  // namespace troupe::algorithms::horovod
