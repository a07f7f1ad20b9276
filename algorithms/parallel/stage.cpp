#include "algorithms/parallel/stage.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "algorithms/models/network_model.hpp"
#include "algorithms/models/phantom_model.hpp"

namespace troupe::algorithms {
namespace {

class NetworkStage final : public Stage {
 public:
  explicit NetworkStage(Network network) : network_{std::move(network)} {}
  std::size_t parameters() const override { return network_.size(); }
  std::size_t inputs() const override { return network_.inputs(); }
  std::size_t outputs() const override { return network_.outputs(); }
  std::size_t activations() const override { return network_.activations(); }

  struct NetworkFlight final : Flight {
    NetworkFlight(const Network& network, ConstSlice like, std::size_t capacity)
        : pass{network, like, capacity} {}
    Slice outputs() override { return pass.outputs(); }
    Slice output_gradient() override { return pass.output_gradient(); }
    Pass pass;
  };
  std::unique_ptr<Flight> make_flight(ConstSlice like, std::size_t capacity) const override {
    return std::make_unique<NetworkFlight>(network_, like, capacity);
  }
  void forward(Communicator& comm, ConstSlice parameters, ConstSlice inputs, std::size_t count,
               Flight& flight) const override {
    network_.forward(comm, parameters, inputs, count, static_cast<NetworkFlight&>(flight).pass);
  }
  void backward(Communicator& comm, ConstSlice parameters, Flight& flight, Slice into,
                Slice input_gradient) const override {
    network_.backward(comm, parameters, static_cast<NetworkFlight&>(flight).pass, into, 1,
                      input_gradient);
  }

 private:
  Network network_;
};

/// Layers of which nothing but sizes is known; forwards and backwards cost as PhantomModel says.
class PhantomStage final : public Stage {
 public:
  PhantomStage(std::size_t inputs, std::span<const PhantomLayer> layers)
      : inputs_{inputs}, outputs_{layers.back().activations} {
    for (const PhantomLayer& layer : layers) {
      parameters_ += layer.parameters;
      flops_ += layer.forward.value;
      activations_ += layer.activations;
    }
  }
  std::size_t parameters() const override { return parameters_; }
  std::size_t inputs() const override { return inputs_; }
  std::size_t outputs() const override { return outputs_; }
  std::size_t activations() const override { return activations_; }

  struct PhantomFlight final : Flight {
    PhantomFlight(std::size_t its_width, Dtype its_dtype) : width{its_width}, dtype{its_dtype} {}
    Slice outputs() override { return Slice::phantom(width * count, dtype); }
    Slice output_gradient() override { return Slice::phantom(width * count, dtype); }
    std::size_t width, count = 0;
    Dtype dtype;
  };
  std::unique_ptr<Flight> make_flight(ConstSlice like, std::size_t) const override {
    return std::make_unique<PhantomFlight>(outputs_, like.dtype());
  }
  void forward(Communicator& comm, ConstSlice parameters, ConstSlice inputs, std::size_t count,
               Flight& flight) const override {
    static_cast<PhantomFlight&>(flight).count = count;
    charge(comm, 1, count, {parameters, inputs}, {flight.outputs()});
  }
  void backward(Communicator& comm, ConstSlice parameters, Flight& flight, Slice into,
                Slice input_gradient) const override {
    const std::size_t count = static_cast<PhantomFlight&>(flight).count;
    charge(comm, 2, count, {parameters, flight.output_gradient()}, {into, input_gradient});
  }

 private:
  void charge(Communicator& comm, double times, std::size_t count, std::vector<ConstSlice> reads,
              std::vector<Slice> writes) const {
    const auto samples = static_cast<double>(count);
    const std::size_t values = parameters_ + count * (inputs_ + activations_);
    const std::size_t bytes = values * size_of(reads.front().dtype());
    compute(comm, Opaque{.reads = std::move(reads),
                         .writes = std::move(writes),
                         .work = {Flops{times * samples * flops_},
                                  Bytes{static_cast<std::uint64_t>(times) * bytes}}});
  }

  std::size_t parameters_ = 0, inputs_, outputs_, activations_ = 0;
  double flops_ = 0;
};

std::vector<double> weights_of(const Network& network) {
  std::vector<double> weights;
  for (const Block& block : network.blocks()) {
    double products = static_cast<double>(parameters_of(block));
    if (const auto* convolution = std::get_if<ConvolutionBlock>(&block))
      products *= static_cast<double>(outputs_of(block) / convolution->filters);
    weights.push_back(products);
  }
  return weights;
}

}  // namespace

std::vector<std::size_t> balanced_ends(const std::vector<double>& weights, std::size_t parts) {
  const std::size_t n = weights.size();
  EXPECTS(parts > 0 && parts <= n, "every part has something");
  std::vector<double> sums(n + 1, 0);
  std::partial_sum(weights.begin(), weights.end(), sums.begin() + 1);
  // least[k][i]: the largest sum where the first i weights make k parts; from[k][i]: the last cut
  const double never = std::numeric_limits<double>::infinity();
  std::vector least(parts + 1, std::vector<double>(n + 1, never));
  std::vector from(parts + 1, std::vector<std::size_t>(n + 1, 0));
  least[0][0] = 0;
  for (std::size_t k = 1; k <= parts; ++k)
    for (std::size_t i = k; i <= n; ++i)
      for (std::size_t j = k - 1; j < i; ++j) {
        const double largest = std::max(least[k - 1][j], sums[i] - sums[j]);
        if (largest < least[k][i]) {
          least[k][i] = largest;
          from[k][i] = j;
        }
      }
  std::vector<std::size_t> ends(parts);
  for (std::size_t k = parts, i = n; k > 0; i = from[k--][i]) ends[k - 1] = i;
  return ends;
}

StagedModel cut(const Model& model, std::size_t inputs, std::size_t stages) {
  StagedModel staged;
  if (const auto* whole = dynamic_cast<const NetworkModel*>(&model)) {
    std::size_t first = 0;
    for (const std::size_t end : balanced_ends(weights_of(whole->network()), stages)) {
      staged.stages.push_back(std::make_unique<NetworkStage>(whole->network().part(first, end)));
      first = end;
    }
    staged.loss = [whole](Communicator& comm, Stage::Flight& last, const Batch& batch,
                          double weight, Slice losses) {
      compute(comm, Loss{.kind = whole->loss(),
                         .rows = whole->network().outputs(),
                         .batch = batch.count,
                         .weight = weight,
                         .outputs = last.outputs(),
                         .targets = batch.targets,
                         .losses = losses,
                         .gradient = last.output_gradient()});
    };
    return staged;
  }
  const auto& phantom = dynamic_cast<const PhantomModel&>(model);
  std::vector<double> weights;
  for (const PhantomLayer& layer : phantom.table()) weights.push_back(layer.forward.value);
  std::size_t first = 0;
  for (const std::size_t end : balanced_ends(weights, stages)) {
    staged.stages.push_back(
        std::make_unique<PhantomStage>(inputs, phantom.table().subspan(first, end - first)));
    inputs = staged.stages.back()->outputs();
    first = end;
  }
  staged.loss = [](Communicator&, Stage::Flight&, const Batch&, double, Slice) {};
  return staged;
}

std::string refusal_of_stages(const Model& model, std::string_view kind, std::size_t stages) {
  std::size_t layers = 0;
  if (const auto* whole = dynamic_cast<const NetworkModel*>(&model)) {
    if (whole->decay() != 0) return "cuts networks without decay";
    layers = whole->network().blocks().size();
  } else if (const auto* phantom = dynamic_cast<const PhantomModel*>(&model)) {
    layers = phantom->table().size();
  } else {
    return "needs a model of layers, mlp, cnn or phantom; \"" + std::string{kind} + "\" given";
  }
  if (layers < stages)
    return std::to_string(layers) + " layers cannot be cut into " + std::to_string(stages) +
           " stages";
  return {};
}

}  // namespace troupe::algorithms
