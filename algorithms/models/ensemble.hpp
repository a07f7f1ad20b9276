#pragma once
// K networks that answer together: f(x) = (1/K) Σ_k f_k(x), so that each gets the gradient (1/K)
// ∂ℓ/∂f. Made of the subnets of one network (subnets.hpp), it is the network decomposed: what is
// trained when nothing is exchanged.

#include <array>
#include <vector>

#include "algorithms/models/network_model.hpp"
#include "algorithms/models/perceptron.hpp"

namespace troupe::algorithms {

/// Parameters: those of the first network, of the second, …
class Ensemble final : public Model {
 public:
  static constexpr Whole subnets_setting{
      .name = "subnets",
      .fallback = 0,
      .least = 0,
      .help = "how many; 0: min(2^(hidden layers + 2), samples)"};
  static constexpr Wholes layers_setting{
      .name = "layers",
      .least = 1,
      .help = "widths of the network that is cut: [784, 100, 100, 10]"};
  static constexpr Number scale_setting{
      .name = "weight_scale",
      .fallback = 0,
      .help = "root mean square of each weight matrix at the start; 0: as drawn"};
  static constexpr std::array<AnySetting, 6> settings{
      &layers_setting,        &subnets_setting,        &NetworkSettings::activation,
      &NetworkSettings::loss, &NetworkSettings::decay, &scale_setting};
  static std::unique_ptr<Model> make(const TrainingProblem& problem, const DataShape& shape);
  static std::string refusal(const TrainingProblem& problem, const DataShape& shape);

  /// EXPECTS networks with the same inputs and outputs.
  Ensemble(std::vector<Network> members, LossKind loss, double decay = 0, double weight_scale = 0);

  std::size_t size() const override { return offsets_.back(); }
  /// "subnet0.dense0", …
  std::span<const Layer> layers() const override { return layers_; }
  std::span<const Network> members() const { return members_; }
  /// The part of member k.
  template <class S>
  S part(S parameters, std::size_t k) const {
    return parameters.subslice(offsets_[k], members_[k].size());
  }

  void initialise(Communicator& comm, Slice parameters, SplitMix64 draws) const override;
  void gradient(Communicator& comm, ConstSlice parameters, const Batch& batch, double weight,
                Slice into, const LayerReady& ready = {}) override;
  Score score(ConstSlice parameters, const Batch& batch) const override;

 private:
  /// mean (outputs × count) ← (1/K) Σ f_k
  void forward(Communicator& comm, ConstSlice parameters, const Batch& batch,
               std::vector<Pass>& passes, Slice mean) const;
  std::vector<Pass> passes_for(ConstSlice like, std::size_t capacity) const;

  std::vector<Network> members_;
  LossKind loss_;
  double decay_, weight_scale_;
  std::vector<std::size_t> offsets_{0};  // of the parameters of each member, and their end
  std::vector<Layer> layers_;
  std::vector<std::size_t> first_layer_;  // of each member
  std::vector<Pass> passes_;              // room for the largest batch so far
  std::optional<Scratch> mean_;
};

}  // namespace troupe::algorithms
