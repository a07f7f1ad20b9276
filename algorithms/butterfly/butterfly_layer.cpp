#include "algorithms/butterfly/butterfly_layer.hpp"

#include <algorithm>
#include <bit>

#include "algorithms/butterfly/partners.hpp"

namespace troupe::algorithms {
namespace {

constexpr Tag onward{10};  // activations of a stage
constexpr Tag back{11};    // gradients of a stage
constexpr Tag factor{12};  // an updated E

}  // namespace

ButterflyLayer::ButterflyLayer(int ranks, Rank rank, std::size_t block, std::size_t capacity,
                               ConstSlice like)
    : stages_{static_cast<int>(std::bit_width(static_cast<unsigned>(ranks))) - 1},
      block_{block},
      capacity_{capacity} {
  EXPECTS(ranks >= 2 && std::has_single_bit(static_cast<unsigned>(ranks)),
          "a butterfly has a power of two of ranks");
  const std::size_t values = block * capacity;
  for (int stage = 0; stage < stages_; ++stage)
    at_.push_back({.partner = butterfly_partner(rank, stage, ranks),
                   .mine = Scratch{like, values},
                   .theirs = Scratch{like, values},
                   .partners_factor = Scratch{like, square()},
                   .arriving = Scratch{like, values},
                   .leaving = {},
                   .sending = {},
                   .receiving = {}});
}

void ButterflyLayer::combine(Communicator& comm, ConstSlice parameters, int stage,
                             std::size_t count, Slice x) {
  const Gemm product{.m = block_, .n = count, .k = block_, .c = x};
  Gemm own_part = product, others_part = product;
  own_part.a = own(parameters, stage);
  own_part.b = at_[static_cast<std::size_t>(stage)].mine.first(x.size());
  others_part.a = other(parameters, stage);
  others_part.b = at_[static_cast<std::size_t>(stage)].theirs.first(x.size());
  others_part.beta = 1;
  compute(comm, own_part);
  compute(comm, others_part);
}

/// The way forwards: log2 P messages of b · B values, where gathering all activations would cost
/// P − 1 of them.
///
///     x_0 ──D──●──D──●──D──●  y_0        stage 0 crosses neighbours, stage 1 pairs two apart, …:
///            ╲ ╱E    ╲   ╱E              each y depends on each x
///     x_1 ──D──●──   …
void ButterflyLayer::forward(Communicator& comm, ConstSlice parameters, std::size_t count,
                             Slice x) {
  EXPECTS(count <= capacity_ && x.size() == block_ * count, "a block of each sample goes in");
  for (int s = 0; s < stages_; ++s) {
    Stage& stage = at_[static_cast<std::size_t>(s)];
    compute(comm, Copy{stage.mine.first(x.size()), x});
    exchange(comm, onward, x, stage.partner, stage.theirs.first(x.size()), stage.partner);
    combine(comm, parameters, s, count, x);
  }
}

/// Takes what has come of the partner, and waits until its step `least` is there.
void ButterflyLayer::take_in(Communicator& comm, Stage& stage, std::int64_t least,
                             std::size_t values) {
  while (stage.taken <= stage.begun) {
    if (!stage.receiving)
      stage.receiving =
          comm.irecv(stage.partner, onward.at(stage.taken), stage.arriving.first(values));
    const Seconds until = stage.taken <= least ? forever : comm.now();
    if (!wait_until(comm, stage.receiving, until)) return;
    compute(comm, Copy{stage.theirs.first(values), stage.arriving.first(values)});
    ++stage.taken;
  }
}

void ButterflyLayer::forward_stale(Communicator& comm, ConstSlice parameters, std::size_t count,
                                   Slice x, std::int64_t bound) {
  EXPECTS(count <= capacity_ && x.size() == block_ * count, "a block of each sample goes in");
  for (int s = 0; s < stages_; ++s) {
    Stage& stage = at_[static_cast<std::size_t>(s)];
    const auto turns = static_cast<std::size_t>(bound) + 1;
    while (stage.leaving.size() < turns) {
      stage.leaving.emplace_back(x, block_ * capacity_);
      stage.sending.emplace_back();
    }
    const std::size_t turn = static_cast<std::size_t>(stage.begun) % turns;
    if (stage.sending[turn]) wait(comm, std::move(stage.sending[turn]));
    const Slice copy = stage.leaving[turn].first(x.size());
    compute(comm, Copy{copy, x});
    compute(comm, Copy{stage.mine.first(x.size()), x});
    stage.sending[turn] = comm.isend(stage.partner, onward.at(stage.begun), copy);
    take_in(comm, stage, std::max<std::int64_t>(0, stage.begun - bound), x.size());
    ++stage.begun;
    combine(comm, parameters, s, count, x);
  }
}

int ButterflyLayer::finish(Communicator& comm) {
  int late = 0;
  for (Stage& stage : at_) {
    for (; stage.taken < stage.begun; ++stage.taken, ++late) {
      if (!stage.receiving)
        stage.receiving = comm.irecv(stage.partner, onward.at(stage.taken), stage.arriving.all());
      wait(comm, std::move(stage.receiving));
    }
    for (Request& sending : stage.sending)
      if (sending) wait(comm, std::move(sending));
  }
  return late;
}

/// The way back: the stages in reverse.
void ButterflyLayer::backward(Communicator& comm, ConstSlice parameters, std::size_t count, Slice g,
                              Slice gradient) {
  EXPECTS(g.size() == block_ * count && (gradient.empty() || gradient.size() == size()),
          "gradients have their sizes");
  const Scratch theirs{g, g.size()}, mine{g, g.size()};
  for (int s = stages_ - 1; s >= 0; --s) {
    const Stage& stage = at_[static_cast<std::size_t>(s)];
    Gemm outer{.m = block_, .n = block_, .k = count, .a = g, .transpose_b = true};
    for (const bool is_own : {true, false}) {
      if (gradient.empty()) break;
      outer.b = (is_own ? stage.mine : stage.theirs).first(g.size());
      outer.c = is_own ? own(gradient, s) : other(gradient, s);
      compute(comm, outer);
    }
    exchange(comm, back, g, stage.partner, theirs.all(), stage.partner);
    compute(comm, Copy{mine.all(), g});
    Gemm inner{.m = block_, .n = count, .k = block_, .c = g, .transpose_a = true};
    inner.a = own(parameters, s);
    inner.b = mine.all();
    compute(comm, inner);
    inner.a = stage.partners_factor.all();
    inner.b = theirs.all();
    inner.beta = 1;
    compute(comm, inner);
  }
}

void ButterflyLayer::share_factors(Communicator& comm, ConstSlice parameters) {
  WaitSet messages;
  for (int s = 0; s < stages_; ++s) {
    const Stage& stage = at_[static_cast<std::size_t>(s)];
    messages.add(comm.irecv(stage.partner, factor, stage.partners_factor.all()));
    messages.add(comm.isend(stage.partner, factor, other(parameters, s)));
  }
  wait_all(comm, messages);
}

}  // namespace troupe::algorithms
