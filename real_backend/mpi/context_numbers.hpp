#pragma once
// Numbers that stand for contexts in the tags of messages. A context without a number of its own
// (tag_packing.hpp) shares those that are left, between two ranks, in one direction, on one
// communicator: who sends in it chooses one, and tells the receiver what it stands for from now on.
// Messages of two ranks keep their order there, so the word of it arrives before what it is for,
// and after all that the number stood for before.

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/tag.hpp"
#include "real_backend/mpi/tag_packing.hpp"

namespace troupe::mpi {

class ContextNumbers {
 public:
  /// That a number stands for a context, from the sender of this on.
  struct Word {
    std::uint64_t number;
    std::uint64_t path;
  };
  struct Sent {
    std::uint32_t number;
    bool is_new;  ///< its word goes first
  };

  ContextNumbers(std::int64_t largest_tag, int ranks);

  /// What a message of a tag (with its context) is matched by on this rank.
  std::uint64_t key(Tag tag);
  /// The same of a message that has arrived.
  std::uint64_t key(Rank from, bool open, int tag) const;

  /// What stands for a context in a message that is sent now.
  Sent send(Rank to, Tag tag);
  /// True of a message that brings the word of a number.
  bool tells(int tag) const { return TagPacking::number_of(tag) == packing_.telling(); }
  int telling_tag() const { return TagPacking::pack(packing_.telling(), Tag{0}); }
  void hear(Rank from, bool open, const Word& word);

  const TagPacking& packing() const noexcept { return packing_; }

 private:
  /// Of one rank and kind of tags, by number from the first that is shared.
  struct ToRank {
    std::unordered_map<std::uint64_t, std::uint32_t> number_of;  // a path
    std::vector<std::uint64_t> path_of;
    std::size_t oldest = 0;
  };
  using FromRank = std::vector<std::uint64_t>;  // what it stands for here

  /// A number of this rank's own for a path, which never ends.
  std::uint64_t here(std::uint64_t path);
  static std::size_t place(Rank rank, bool open) {
    return static_cast<std::size_t>(rank) * 2 + (open ? 1 : 0);
  }

  TagPacking packing_;
  std::unordered_map<std::uint64_t, std::uint64_t> here_;
  std::vector<ToRank> to_;
  std::vector<FromRank> from_;
};

}  // namespace troupe::mpi
