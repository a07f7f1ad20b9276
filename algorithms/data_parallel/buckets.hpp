#pragma once
// Gradients on their way: layers gathered into buckets, and buckets reduced in the order in which
// backward finishes them, while it goes on.

#include <cstddef>
#include <span>
#include <vector>

#include "algorithms/catalogue.hpp"
#include "algorithms/models/model.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// Some neighbouring layers: the part [offset, offset + count) of all parameters.
struct Bucket {
  std::size_t first_layer = 0;  ///< the one that backward finishes last
  std::size_t offset = 0, count = 0;
};

/// The layers from the last to the first, in buckets that are closed as soon as they have their
/// size: the first `first`, all others `limit` (PyTorch's DistributedDataParallel, Li et al., VLDB
/// 2020, §4.2).
std::vector<Bucket> buckets_of(std::span<const Layer> layers, Dtype dtype, Bytes first,
                               Bytes limit);

/// Sums the buckets of a gradient over all ranks, one after another, in a flow of its own: bucket b
/// starts when backward has finished it and bucket b − 1 has been summed. A rank tells its flow so
/// by an empty message to itself.
class BucketReduction {
 public:
  /// `vector` describes the allreduce of the whole gradient. The objects must outlive it.
  BucketReduction(Communicator& comm, const Entry& allreduce, const Problem& vector,
                  std::span<const Bucket> buckets, Slice gradient);

  /// Backward begins: from now on finished layers are reduced.
  void begin();
  /// Backward has finished the layer.
  void ready(std::size_t layer);
  /// Waits until all buckets are summed.
  void finish();
  /// Sums one bucket now.
  void reduce(Communicator& flow, const Bucket& bucket) const;

 private:
  Communicator& comm_;
  const Entry& allreduce_;
  const Problem& vector_;
  std::span<const Bucket> buckets_;
  Slice gradient_;
  Request flow_;
  WaitSet signals_;
  std::size_t next_ = 0;  // the bucket that backward works on
};

}  // namespace troupe::algorithms
