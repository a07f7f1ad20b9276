#include "algorithms/data_parallel/buckets.hpp"

namespace troupe::algorithms {
namespace {

constexpr Tag finished{63};  // in the context of the flow's parent, from a rank to itself

}  // namespace

std::vector<Bucket> buckets_of(std::span<const Layer> layers, Dtype dtype, Bytes first,
                               Bytes limit) {
  std::vector<Bucket> buckets;
  bool open = false;
  for (std::size_t layer = layers.size(); layer-- > 0;) {
    if (!open) buckets.emplace_back();
    Bucket& bucket = buckets.back();
    bucket.first_layer = layer;
    bucket.offset = layers[layer].offset;
    bucket.count += layers[layer].count;
    open = bucket.count * size_of(dtype) < (buckets.size() == 1 ? first : limit).value;
  }
  return buckets;
}

BucketReduction::BucketReduction(Communicator& comm, const Entry& allreduce, const Problem& vector,
                                 std::span<const Bucket> buckets, Slice gradient)
    : comm_{comm}, allreduce_{allreduce}, vector_{vector}, buckets_{buckets}, gradient_{gradient} {}

void BucketReduction::begin() {
  next_ = 0;
  flow_ = comm_.spawn([this, context = comm_.context()](Communicator& flow) {
    for (const Bucket& bucket : buckets_) {
      receive(flow, flow.rank(), finished.in(context), Payload{});
      reduce(flow, bucket);
    }
  });
}

void BucketReduction::ready(std::size_t layer) {
  if (layer != buckets_[next_].first_layer) return;
  ++next_;
  signals_.add(comm_.isend(comm_.rank(), finished, ConstPayload{}));
}

void BucketReduction::finish() {
  wait_all(comm_, signals_);
  wait(comm_, std::move(flow_));
}

void BucketReduction::reduce(Communicator& flow, const Bucket& bucket) const {
  Problem part = vector_;
  part.count = bucket.count;
  const Slice values = gradient_.subslice(bucket.offset, bucket.count);
  allreduce_.run(flow, part, {values, values});
}

}  // namespace troupe::algorithms
