#pragma once
// Which server has which of the parameters, and vectors that are cut so.

#include <cstddef>
#include <memory>
#include <vector>

#include "algorithms/training_problem.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

/// The keys 0 … size−1, dealt to servers.
class Keys {
 public:
  /// In ranges of equal length (to one), or, hashed, each to the server that a hash of it names.
  Keys(std::size_t size, int servers, bool hashed);

  int servers() const { return static_cast<int>(begin_.size()) - 1; }
  std::size_t size() const { return begin_.back(); }
  /// Where the keys of a server begin, 0 ≤ server ≤ servers, in the order server by server.
  std::size_t begin(Rank server) const { return begin_[static_cast<std::size_t>(server)]; }
  std::size_t size_of(Rank server) const { return begin(server + 1) - begin(server); }
  /// The keys in that order; empty where that is their own.
  const std::vector<std::size_t>& order() const { return order_; }

 private:
  std::vector<std::size_t> begin_, order_;
};

/// A vector with a value for each key, whole as a model has it and in parts as servers have them.
/// Where the parts are ranges of the whole, they are the same memory.
class DealtVector {
 public:
  DealtVector() = default;
  /// With `extra` values behind the keys, which go to the last server.
  DealtVector(const TrainingProblem& problem, std::shared_ptr<const Keys> keys,
              std::size_t extra = 0);

  Slice whole() const { return whole_; }
  Slice part(Rank server) const;
  /// Brings the parts what the whole is.
  void deal(Communicator& comm) const;
  /// Brings the whole what the parts are.
  void collect(Communicator& comm) const;

 private:
  std::shared_ptr<const Keys> keys_;
  Buffer whole_, parts_;
};

}  // namespace troupe::algorithms
