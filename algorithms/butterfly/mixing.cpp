#include "algorithms/butterfly/mixing.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "algorithms/models/model.hpp"

namespace troupe::algorithms {
namespace {

constexpr Tag mixed{0};
constexpr Tag reply{1};

double length(const std::vector<double>& x) {
  return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0));
}

/// into ← (into − x) / 2
void halve_difference(Communicator& comm, Slice into, ConstSlice x) {
  compute(comm, Axpy{-1, x, into});
  compute(comm, Scale{0.5, into});
}

}  // namespace

void average_with(Communicator& comm, Rank partner, Slice x, Slice theirs) {
  exchange(comm, mixed, x, partner, theirs, partner);
  compute(comm, Reduce{Op::sum, x, theirs});
  compute(comm, Scale{0.5, x});
}

/// Addition and subtraction, symmetric: 1 message of M each way, 1 round.
///
///     i   x_i ──╳── δ = (x_j − x_i)/2    x_i + δ
///     j   x_j ──╳── −δ                   x_j − δ
void add_half_difference(Communicator& comm, Rank partner, Slice x, Slice difference) {
  exchange(comm, mixed, x, partner, difference, partner);
  halve_difference(comm, difference, x);
  compute(comm, Axpy{1, difference, x});
}

/// Addition and subtraction by request and reply: the same 2 messages of M, one after the other.
///
///     i   x_i ──╲                        ╱── x_i − δ
///     j   x_j    ╲── δ = (x_i − x_j)/2 ─╱    x_j + δ
void request_half_difference(Communicator& comm, Rank partner, Slice x, Slice difference) {
  if (comm.rank() < partner) {
    send(comm, partner, mixed, x);
    receive(comm, partner, reply, difference);
    compute(comm, Axpy{-1, difference, x});
  } else {
    receive(comm, partner, mixed, difference);
    halve_difference(comm, difference, x);
    compute(comm, Axpy{1, difference, x});
    send(comm, partner, reply, difference);
  }
}

Mixer::Mixer(std::string_view form, ConstSlice like, std::size_t partners)
    : form_{*std::ranges::find(MixingForm::forms, form)},
      size_{like.size()},
      rooms_{like, like.size() * (partners > 1 ? partners + 1 : partners)} {
  EXPECTS(partners <= 1 || form_ == "average", "a group averages, only two take differences");
}

void Mixer::mix(Communicator& comm, std::span<const Rank> partners, Slice x) {
  last_ = partners.size();
  if (last_ == 0) return;
  if (last_ > 1) average_group(comm, partners, x);
  else if (form_ == "average") average_with(comm, partners[0], x, room(0));
  else if (form_ == "symmetric") add_half_difference(comm, partners[0], x, room(0));
  else request_half_difference(comm, partners[0], x, room(0));
}

/// The sum is taken in the order of ranks, so that all who add the same vectors get the same bits.
void Mixer::average_group(Communicator& comm, std::span<const Rank> partners, Slice x) {
  WaitSet messages;
  std::vector<ConstSlice> parts;  // by rank
  const auto lower = std::ranges::lower_bound(partners, comm.rank()) - partners.begin();
  for (std::size_t i = 0; i < partners.size(); ++i) {
    parts.push_back(room(i));
    messages.add(comm.irecv(partners[i], mixed, room(i)));
    messages.add(comm.isend(partners[i], mixed, x));
  }
  parts.insert(parts.begin() + lower, x);
  wait_all(comm, messages);
  const Slice sum = room(partners.size());
  compute(comm, Copy{sum, parts[0]});
  for (std::size_t i = 1; i < parts.size(); ++i) compute(comm, Reduce{Op::sum, sum, parts[i]});
  compute(comm, Copy{x, sum});
  compute(comm, Scale{1 / static_cast<double>(parts.size()), x});
}

std::optional<double> Mixer::apart(ConstSlice mean) const {
  if (last_ == 0 || mean.is_phantom()) return std::nullopt;
  const double norm = length(to_doubles(mean));
  double most = 0;
  for (std::size_t i = 0; i < last_; ++i) {
    std::vector<double> away = to_doubles(room(i));  // half the difference, or what they had
    if (form_ == "average") {
      const std::vector<double> middle = to_doubles(mean);
      std::ranges::transform(away, middle, away.begin(), std::minus{});
    }
    most = std::max(most, (last_ == 1 ? 2 : 1) * length(away));
  }
  return norm > 0 ? most / norm : most;
}

}  // namespace troupe::algorithms
