#pragma once
// Models cut into stages of neighbouring layers, each with a way forwards and a way back of its
// own: what pipelines are made of.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "algorithms/models/model.hpp"
#include "core/communicator.hpp"

namespace troupe::algorithms {

class Stage {
 public:
  virtual ~Stage() = default;
  virtual std::size_t parameters() const = 0;
  /// Values of a sample that come in, and that go out.
  virtual std::size_t inputs() const = 0;
  virtual std::size_t outputs() const = 0;
  /// Values a sample leaves here between its way forwards and its way back.
  virtual std::size_t activations() const = 0;

  /// A micro-batch between its way forwards and its way back.
  class Flight {
   public:
    virtual ~Flight() = default;
    /// outputs × count, of the last forward, and room for their gradient.
    virtual Slice outputs() = 0;
    virtual Slice output_gradient() = 0;
  };
  /// Room for `capacity` samples in memory like `like`.
  virtual std::unique_ptr<Flight> make_flight(ConstSlice like, std::size_t capacity) const = 0;
  /// The inputs (inputs × count) must live until backward.
  virtual void forward(Communicator& comm, ConstSlice parameters, ConstSlice inputs,
                       std::size_t count, Flight& flight) const = 0;
  /// From flight.output_gradient(): into += the gradient of the parameters; `input_gradient`
  /// (inputs × count) is written unless empty.
  virtual void backward(Communicator& comm, ConstSlice parameters, Flight& flight, Slice into,
                        Slice input_gradient) const = 0;
};

/// A model in stages, which hold its parameters in their order.
struct StagedModel {
  std::vector<std::unique_ptr<Stage>> stages;
  /// What the last outputs of some samples are worth: writes the loss of each to `losses` (count
  /// values) and weight · its gradient to the flight's output_gradient().
  std::function<void(Communicator&, Stage::Flight& last, const Batch& batch, double weight,
                     Slice losses)>
      loss;
};

/// Cuts a network or a phantom model so that the stage with most arithmetic has as little as can
/// be. The model must outlive it. EXPECTS refusal_of_stages to be empty.
StagedModel cut(const Model& model, std::size_t inputs, std::size_t stages);

/// Why the model cannot be cut into so many stages, or empty.
std::string refusal_of_stages(const Model& model, std::string_view kind, std::size_t stages);

/// The ends of `parts` runs of neighbours whose largest sum of weights is as small as can be; no
/// run is empty. EXPECTS at least as many weights as parts.
std::vector<std::size_t> balanced_ends(const std::vector<double>& weights, std::size_t parts);

}  // namespace troupe::algorithms
