#include "algorithms/data/sampler.hpp"

#include <algorithm>
#include <numeric>

#include "algorithms/choice.hpp"
#include "algorithms/data/draws.hpp"
#include "core/errors.hpp"

namespace troupe::algorithms {

const std::array<std::string, 4> sampling_orders{"with_replacement", "epochs", "in_order",
                                                 "distributed"};

DistributedSampler::DistributedSampler(std::size_t samples, Rank rank, int ranks,
                                       std::uint64_t seed)
    : samples_{samples},
      rank_{static_cast<std::size_t>(rank)},
      ranks_{static_cast<std::size_t>(ranks)},
      seed_{seed} {
  EXPECTS(0 <= rank && rank < ranks, "a rank is one of all ranks");
  if (samples == 0) throw BadInput("no sample can be dealt out of none");
}

std::vector<std::size_t> DistributedSampler::indices() const {
  SplitMix64 random{seed_ + epoch_};
  const std::vector<std::size_t> order = permutation(samples_, random);
  std::vector<std::size_t> mine(size());
  for (std::size_t i = 0; i < mine.size(); ++i) mine[i] = order[(rank_ + i * ranks_) % samples_];
  return mine;
}

namespace {

std::optional<DistributedSampler> dealer_of(const BatchSampler::Options& options,
                                            std::size_t samples, int shard) {
  if (options.order != "distributed" || options.batch == 0 || samples == 0) return {};
  return DistributedSampler{samples, shard, options.shards, options.seed};
}

}  // namespace

BatchSampler::BatchSampler(const Options& options, std::size_t samples, int shard)
    : dealer_{dealer_of(options, samples, shard)},
      samples_{dealer_ ? dealer_->size() : samples},
      batch_{options.batch},
      drawn_{options.order == "with_replacement" && options.batch > 0},
      shuffled_{options.order == "epochs" && options.batch > 0},
      drop_last_{options.drop_last},
      random_{SplitMix64::of_rank(options.seed, shard)} {
  expect_choice("sampling order", options.order, sampling_orders);
  if (samples == 0) throw BadInput("shard " + std::to_string(shard) + " has no samples to draw");
  if (!drawn_ && drop_last_ && batch_ > samples_)
    throw BadInput("shard " + std::to_string(shard) + " has " + std::to_string(samples_) +
                   " samples, which fill no batch of " + std::to_string(batch_) +
                   ": without the last short batch there is none");
  order_.resize(drawn_ ? batch_ : samples_);
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  if (shuffled_) shuffle(order_, random_);
  if (dealer_) order_ = dealer_->indices();
}

std::size_t BatchSampler::batches_of(std::size_t samples) const {
  if (batch_ == 0) return 1;
  const std::size_t whole = samples / batch_, all = (samples + batch_ - 1) / batch_;
  return drop_last_ && !drawn_ ? std::max<std::size_t>(whole, 1) : all;
}

std::size_t BatchSampler::batches_per_epoch() const { return batches_of(samples_); }

std::size_t BatchSampler::size_of(std::int64_t batch, std::size_t samples) const {
  if (drawn_) return batch_;
  if (batch_ == 0) return samples;
  const std::size_t in_epoch = static_cast<std::size_t>(batch) % batches_of(samples);
  return std::min(batch_, samples - in_epoch * batch_);
}

std::span<const std::size_t> BatchSampler::next() {
  const std::size_t size = next_size();
  const bool first = static_cast<std::size_t>(batches_) % batches_per_epoch() == 0;
  if (first && batches_ > 0 && shuffled_) shuffle(order_, random_);
  if (first && batches_ > 0 && dealer_) {
    dealer_->set_epoch(static_cast<std::uint64_t>(batches_) / batches_per_epoch());
    order_ = dealer_->indices();
  }
  ++batches_;
  if (drawn_) {
    for (std::size_t& sample : order_) sample = random_.below(samples_);
    return order_;
  }
  if (first) at_ = 0;
  at_ += size;
  return std::span{order_}.subspan(at_ - size, size);
}

}  // namespace troupe::algorithms
