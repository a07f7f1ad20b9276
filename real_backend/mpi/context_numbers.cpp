#include "real_backend/mpi/context_numbers.hpp"

#include "core/errors.hpp"

namespace troupe::mpi {

namespace {
std::uint64_t key_of(std::uint64_t number, std::uint32_t low_bits) {
  return number << TagPacking::mark_shift | low_bits;
}
}  // namespace

ContextNumbers::ContextNumbers(std::int64_t largest_tag, int ranks)
    : packing_{largest_tag}, to_(place(ranks, false)), from_(to_.size()) {}

std::uint64_t ContextNumbers::here(std::uint64_t path) {
  return here_.try_emplace(path, packing_.telling() + here_.size()).first->second;
}

std::uint64_t ContextNumbers::key(Tag tag) {
  const auto own = packing_.own_number(tag.context());
  return key_of(own ? *own : here(tag.context().path()), TagPacking::low_bits(tag));
}

std::uint64_t ContextNumbers::key(Rank from, bool open, int tag) const {
  const std::uint32_t number = TagPacking::number_of(tag), low_bits = TagPacking::low_bits(tag);
  const std::uint32_t first = packing_.first_shared();
  if (number < first) return key_of(number, low_bits);
  const FromRank& heard = from_[place(from, open)];
  EXPECTS(number - first < heard.size(), "a number is told of before it is used");
  return key_of(heard[number - first], low_bits);
}

ContextNumbers::Sent ContextNumbers::send(Rank to, Tag tag) {
  if (const auto own = packing_.own_number(tag.context())) return {*own, false};
  const std::uint32_t first = packing_.first_shared();
  const std::size_t shared = packing_.telling() - first;
  const std::uint64_t path = tag.context().path();
  ToRank& said = to_[place(to, tag.is_open())];
  const auto [entry, is_new] = said.number_of.try_emplace(path, 0);
  if (is_new) {
    if (said.path_of.size() < shared) {
      said.path_of.push_back(path);
      entry->second = first + static_cast<std::uint32_t>(said.path_of.size() - 1);
    } else {  // that which was told longest ago
      std::uint64_t& ousted = said.path_of[said.oldest];
      said.number_of.erase(ousted);
      ousted = path;
      entry->second = first + static_cast<std::uint32_t>(said.oldest);
      said.oldest = (said.oldest + 1) % shared;
    }
  }
  return {entry->second, is_new};
}

void ContextNumbers::hear(Rank from, bool open, const Word& word) {
  FromRank& heard = from_[place(from, open)];
  const std::size_t at = word.number - packing_.first_shared();
  if (heard.size() <= at) heard.resize(at + 1);
  heard[at] = here(word.path);
}

}  // namespace troupe::mpi
