#include "algorithms/fold.hpp"

namespace troupe::algorithms {

namespace {
constexpr Tag tag{1};
}

Fold::Fold(Communicator& comm, int core) : comm_{comm}, core_{core}, folded_{comm.size() - core} {
  EXPECTS(0 <= folded_ && folded_ <= core, "a fold has core <= ranks <= 2 core");
  const Rank me = comm.rank();
  if (me >= 2 * folded_) position_ = me - folded_;
  else position_ = me % 2 == 0 ? -1 : me / 2;
}

Slice Fold::blocks(const Partition& block, int first, int width) const {
  const auto begin = [&](int position) {
    return position < folded_ ? 2 * position : position + folded_;
  };
  return block.range(begin(first), begin(first + width));
}

Rank Fold::partner() const noexcept {
  return comm_.rank() < 2 * folded_ ? comm_.rank() ^ 1 : any_rank;
}

void Fold::in(Slice vector, Op op) const {
  if (partner() == any_rank) return;
  if (!active()) return send(comm_, partner(), tag, vector);
  const Scratch incoming{vector, vector.size()};
  receive(comm_, partner(), tag, incoming.all());
  compute(comm_, Reduce{op, vector, incoming.all()});
}

void Fold::out(Slice vector) const {
  if (partner() == any_rank) return;
  if (active()) send(comm_, partner(), tag, vector);
  else receive(comm_, partner(), tag, vector);
}

}  // namespace troupe::algorithms
