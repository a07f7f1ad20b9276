#include "algorithms/parameter_server/keys.hpp"

#include <numeric>

#include "algorithms/models/model.hpp"
#include "core/random.hpp"

namespace troupe::algorithms {
namespace {

Rank server_of(std::size_t key, int servers) {
  return static_cast<Rank>(SplitMix64::finalised(key + 1) % static_cast<std::uint64_t>(servers));
}

/// into[i] ← from[at[i]]
template <class T>
void pick(const std::vector<std::size_t>& at, ConstSlice from, Slice into) {
  for (std::size_t i = 0; i < at.size(); ++i) into.host<T>()[i] = from.host<T>()[at[i]];
}
/// into[at[i]] ← from[i]
template <class T>
void put(const std::vector<std::size_t>& at, ConstSlice from, Slice into) {
  for (std::size_t i = 0; i < at.size(); ++i) into.host<T>()[at[i]] = from.host<T>()[i];
}

}  // namespace

Keys::Keys(std::size_t size, int servers, bool hashed) {
  if (!hashed || servers == 1) {
    const Partition ranges{Slice::phantom(size), servers};
    for (Rank server = 0; server <= servers; ++server) begin_.push_back(ranges.offset(server));
    return;
  }
  for (Rank server = 0; server < servers; ++server) {
    begin_.push_back(order_.size());
    for (std::size_t key = 0; key < size; ++key)
      if (server_of(key, servers) == server) order_.push_back(key);
  }
  begin_.push_back(size);
}

DealtVector::DealtVector(const TrainingProblem& problem, std::shared_ptr<const Keys> keys,
                         std::size_t extra)
    : keys_{std::move(keys)}, whole_{make_buffer(problem, keys_->size() + extra)} {
  if (!keys_->order().empty()) parts_ = make_buffer(problem, keys_->size() + extra);
}

Slice DealtVector::part(Rank server) const {
  const Slice dealt = keys_->order().empty() ? whole_.slice() : parts_.slice();
  const bool last = server == keys_->servers() - 1;
  return dealt.subslice(keys_->begin(server),
                        (last ? dealt.size() : keys_->begin(server + 1)) - keys_->begin(server));
}

void DealtVector::deal(Communicator& comm) const {
  if (keys_->order().empty()) return;
  const auto body = [this] {
    if (whole_.slice().dtype() == Dtype::float64) pick<double>(keys_->order(), whole_, parts_);
    else pick<float>(keys_->order(), whole_, parts_);
  };
  compute(
      comm,
      Opaque{
          .reads = {whole_}, .writes = {parts_}, .work = work(Copy{parts_, whole_}), .body = body});
}

void DealtVector::collect(Communicator& comm) const {
  if (keys_->order().empty()) return;
  const auto body = [this] {
    if (whole_.slice().dtype() == Dtype::float64) put<double>(keys_->order(), parts_, whole_);
    else put<float>(keys_->order(), parts_, whole_);
  };
  compute(
      comm,
      Opaque{
          .reads = {parts_}, .writes = {whole_}, .work = work(Copy{whole_, parts_}), .body = body});
}

}  // namespace troupe::algorithms
