#pragma once
// Averaging with partners: the one operation all of the butterfly family is made of, in the forms
// its messages can take. Which partners, and what is trained in between, is known elsewhere.

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "algorithms/settings.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// How two come to their mean.
///   average: each sends x and halves the sum; both end with the same bits ·
///   symmetric: each sends x, takes half the difference δ = (x_other − x) / 2 and adds it: the sum
///   of the two is kept (dimension exchange, Cybenko 1989), and in exact arithmetic so is equality
///   · request_reply: the lower rank sends x, the other takes its δ and returns it, the first
///   subtracts it: 2 messages of M in 2 rounds instead of 1, with the bits of symmetric (pairwise
///   averaging, Boyd et al. 2006). Of more than two only "average" is made.
struct MixingForm {
  static constexpr std::array<std::string_view, 3> forms{"average", "symmetric", "request_reply"};
  static constexpr Text setting{.name = "form",
                                .fallback = "average",
                                .choices = forms,
                                .help =
                                    "what travels: the sum halved, or half the difference "
                                    "taken on both sides or on one and returned"};
};

/// x ← (x + x_partner) / 2 on both sides: one message of M each way. `theirs` (the size of x) is
/// left with what the partner had.
void average_with(Communicator& comm, Rank partner, Slice x, Slice theirs);
/// The same through δ = (x_partner − x) / 2, which `difference` (the size of x) is left with.
void add_half_difference(Communicator& comm, Rank partner, Slice x, Slice difference);
/// The same as request and reply: the lower rank ends with −δ in `difference`, the other with δ.
void request_half_difference(Communicator& comm, Rank partner, Slice x, Slice difference);

/// Working memory and form for vectors of one size.
class Mixer {
 public:
  /// For vectors like `like` and groups of at most `partners` others. EXPECTS one of the forms, and
  /// of more than one partner "average".
  Mixer(std::string_view form, ConstSlice like, std::size_t partners);
  /// x ← the mean of x and of what the partners (ascending, without this rank) have; all of them
  /// call it. Members of a group that average the same vectors end with the same bits: they are
  /// added in the order of ranks. Nothing happens without partners.
  void mix(Communicator& comm, std::span<const Rank> partners, Slice x);
  /// How far apart they were at the last mix, relative to ‖mean‖: of two their distance, of a group
  /// the largest distance of another from the mean. Off the clock; nothing without partners or
  /// values.
  std::optional<double> apart(ConstSlice mean) const;

 private:
  void average_group(Communicator& comm, std::span<const Rank> partners, Slice x);
  Slice room(std::size_t i) const { return rooms_.all().subslice(i * size_, size_); }

  std::string_view form_;
  std::size_t size_, last_ = 0;  // partners of the last mix
  Scratch rooms_;  // what each partner had, or half the difference to it; of a group, the sum
};

}  // namespace troupe::algorithms
