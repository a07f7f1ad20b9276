#include "algorithms/butterfly/subnet_messages.hpp"

#include <algorithm>

#include "algorithms/butterfly/subnet_training.hpp"
#include "algorithms/models/model.hpp"

namespace troupe::algorithms {

SubnetMessages::SubnetMessages(const TrainingProblem& problem,
                               std::span<const std::size_t> widths) {
  const auto rank = static_cast<std::size_t>(problem.strategy[SubnetTraining::rank]);
  const double penalty = problem.strategy[SubnetTraining::penalty];
  const Buffer like = make_buffer(problem, 0);
  std::size_t size = 0, largest = 0;
  for (std::size_t layer = 0; layer + 1 < widths.size(); ++layer) {
    const std::size_t m = widths[layer + 1], n = widths[layer];
    if (rank > 0) {
      Part matrix{.offset = size, .count = m * n, .words = m * n, .factors = {}};
      if (rank * (m + n) < m * n) {
        matrix.factors.emplace(m, n, rank, penalty, like);
        matrix.words = matrix.factors->words();
      }
      words_ += matrix.words + m;
      parts_.push_back(std::move(matrix));
      parts_.push_back({.offset = size + m * n, .count = m, .words = m, .factors = {}});
    }
    size += m * n + m;
    largest = std::max(largest, m * n);
  }
  if (is_plain()) {
    words_ = size;
    return;
  }
  message_.emplace(like, words_);
  change_.emplace(like, largest);
}

ConstSlice SubnetMessages::pack(Communicator& comm, ConstSlice before, Slice after) {
  if (is_plain()) return after;
  compute(comm, Axpy{-1, before, after});
  std::size_t at = 0;
  for (const Part& part : parts_) {
    const Slice words = message_->all().subslice(at, part.words);
    const Slice change = after.subslice(part.offset, part.count);
    if (part.factors) part.factors->encode(comm, change, words);
    else compute(comm, Copy{words, change});
    at += part.words;
  }
  return message_->all();
}

void SubnetMessages::unpack(Communicator& comm, ConstSlice message, Slice subnet) {
  if (is_plain()) return compute(comm, Copy{subnet, message});
  std::size_t at = 0;
  for (const Part& part : parts_) {
    ConstSlice change = message.subslice(at, part.words);
    if (part.factors) {
      part.factors->decode(comm, change, change_->first(part.count));
      change = change_->first(part.count);
    }
    compute(comm, Axpy{1, change, subnet.subslice(part.offset, part.count)});
    at += part.words;
  }
}

}  // namespace troupe::algorithms
