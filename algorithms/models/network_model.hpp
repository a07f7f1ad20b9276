#pragma once
// A network with a loss: a model. With N samples and λ the decay, F(θ) = (1/N) Σ ℓ + ½ λ ‖θ‖².

#include <memory>
#include <optional>

#include "algorithms/models/network.hpp"

namespace troupe::algorithms {

class NetworkModel : public Model {
 public:
  /// EXPECTS one output for binary cross-entropy.
  NetworkModel(Network network, LossKind loss, double decay = 0);

  const Network& network() const { return network_; }
  LossKind loss() const { return loss_; }
  double decay() const { return decay_; }

  std::size_t size() const override { return network_.size(); }
  std::size_t activations() const override { return network_.activations(); }
  std::span<const Layer> layers() const override { return network_.layers(); }
  void initialise(Communicator& comm, Slice parameters, SplitMix64 draws) const override;
  void gradient(Communicator& comm, ConstSlice parameters, const Batch& batch, double weight,
                Slice into, const LayerReady& ready = {}) override;
  /// The largest output of a sample is its class; of one output, whether it is above 0.
  Score score(ConstSlice parameters, const Batch& batch) const override;

 private:
  Network network_;
  LossKind loss_;
  double decay_;
  std::optional<Pass> pass_;  // room for the largest batch so far
};

/// Σ of the losses of some samples, and how many of them are classified right (none with targets).
struct Tally {
  double loss = 0;
  std::optional<std::size_t> right{};
};
/// From what a network says (rows × count) to a batch: losses by `comm`, right answers on the host.
Tally tally(Communicator& comm, LossKind loss, std::size_t rows, ConstSlice outputs,
            const Batch& batch);
/// The score of a batch, counted some hundred samples at a time, with ½ λ ‖θ‖².
Score score_in_parts(const Batch& batch, const std::function<Tally(const Batch& part)>& count,
                     double decay, ConstSlice parameters);
/// The largest part that score_in_parts makes of so many samples.
std::size_t largest_part(std::size_t samples);

}  // namespace troupe::algorithms
