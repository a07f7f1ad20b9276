#include "real_backend/cuda/convolution_plan.hpp"

#ifdef TROUPE_HAS_CUDNN

#include <cudnn.h>

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

namespace troupe::cuda {

namespace {

/// cuDNN has no such descriptor or plan.
struct Refused {};
void expect(cudnnStatus_t status) {
  if (status != CUDNN_STATUS_SUCCESS) throw Refused{};
}

/// A descriptor of the graph interface: attributes are set, then it is finished.
class Node {
 public:
  explicit Node(cudnnBackendDescriptorType_t type) {
    cudnnBackendDescriptor_t node = nullptr;
    expect(cudnnBackendCreateDescriptor(type, &node));
    node_.reset(node);
  }
  cudnnBackendDescriptor_t get() const noexcept { return node_.get(); }

  template <class T>
  Node& set_all(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                std::span<T> values) {
    expect(cudnnBackendSetAttribute(get(), name, type, static_cast<std::int64_t>(values.size()),
                                    values.data()));
    return *this;
  }
  template <class T>
  Node& set(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, const T& value) {
    return set_all(name, type, std::span{&value, 1});
  }
  Node& set(cudnnBackendAttributeName_t name, std::span<const std::int64_t> values) {
    return set_all(name, CUDNN_TYPE_INT64, values);
  }
  Node& set(cudnnBackendAttributeName_t name, const Node& other) {
    return set(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, other.get());
  }
  Node& finish() {
    expect(cudnnBackendFinalize(get()));
    return *this;
  }

  /// Up to into.size() values of an attribute; how many there are.
  template <class T>
  std::size_t get(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
                  std::span<T> into) const {
    std::int64_t count = 0;
    expect(cudnnBackendGetAttribute(get(), name, type, static_cast<std::int64_t>(into.size()),
                                    &count, into.data()));
    return static_cast<std::size_t>(count);
  }

 private:
  struct Destroy {
    void operator()(cudnnBackendDescriptor_t node) const { cudnnBackendDestroyDescriptor(node); }
  };
  std::unique_ptr<void, Destroy> node_;
};

/// Names by which operands are found again when a plan is launched.
enum Operand : std::int64_t { of_input = 1, of_filter, of_output };

using Sizes = std::array<std::size_t, 4>;
Node tensor(Operand name, const Sizes& sizes, std::size_t alignment, cudnnDataType_t type) {
  std::array<std::int64_t, 4> dimensions{}, strides{1, 1, 1, 1};
  std::ranges::transform(sizes, dimensions.begin(),
                         [](std::size_t size) { return static_cast<std::int64_t>(size); });
  for (std::size_t i = 3; i-- > 0;) strides[i] = strides[i + 1] * dimensions[i + 1];
  const std::int64_t id = name, aligned = static_cast<std::int64_t>(alignment);
  Node node{CUDNN_BACKEND_TENSOR_DESCRIPTOR};
  node.set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, type)
      .set(CUDNN_ATTR_TENSOR_DIMENSIONS, dimensions)
      .set(CUDNN_ATTR_TENSOR_STRIDES, strides)
      .set(CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, id)
      .set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, aligned)
      .finish();
  return node;
}

Node sliding(const Windows& windows, cudnnDataType_t type) {
  const auto both = [](std::size_t size) {
    return std::array{static_cast<std::int64_t>(size), static_cast<std::int64_t>(size)};
  };
  Node node{CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR};
  node.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, std::int64_t{2})
      .set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, type)
      .set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, CUDNN_CROSS_CORRELATION)
      .set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, both(windows.padding))
      .set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, both(windows.padding))
      .set(CUDNN_ATTR_CONVOLUTION_DILATIONS, both(1))
      .set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, both(windows.stride))
      .finish();
  return node;
}

/// How the graph interface calls a pass and what it is told of it.
struct Names {
  cudnnBackendDescriptorType_t operation;
  cudnnBackendAttributeName_t input, filter, output, sliding, alpha, beta;
};
constexpr std::array<Names, 3> names_of_passes{
    {{CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
      CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
      CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,
      CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
      CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
      CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA},
     {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA},
     {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA}}};

/// A graph of one operation, and what it is made of.
struct Graph {
  Node input, filter, output, window, operation, graph;
};
Graph graph_of(cudnnHandle_t cudnn, ConvolutionPass pass, const ConvolutionShape& shape,
               const std::array<std::size_t, 3>& alignments) {
  const auto& [w, filters, batch, dtype] = shape;
  const bool single = dtype == Dtype::float32;
  const cudnnDataType_t type = single ? CUDNN_DATA_FLOAT : CUDNN_DATA_DOUBLE;
  const Names& names = names_of_passes[static_cast<std::size_t>(pass)];
  Graph made{
      tensor(of_input, {batch, w.channels, w.height, w.width}, alignments[0], type),
      tensor(of_filter, {filters, w.channels, w.window_height, w.window_width}, alignments[1],
             type),
      tensor(of_output, {batch, filters, w.out_height(), w.out_width()}, alignments[2], type),
      sliding(w, type),
      Node{names.operation},
      Node{CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR}};
  made.operation.set(names.input, made.input)
      .set(names.filter, made.filter)
      .set(names.output, made.output)
      .set(names.sliding, made.window);
  if (single)
    made.operation.set(names.alpha, CUDNN_TYPE_FLOAT, 1.0F).set(names.beta, CUDNN_TYPE_FLOAT, 0.0F);
  else
    made.operation.set(names.alpha, CUDNN_TYPE_DOUBLE, 1.0).set(names.beta, CUDNN_TYPE_DOUBLE, 0.0);
  made.operation.finish();
  made.graph.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, cudnn)
      .set(CUDNN_ATTR_OPERATIONGRAPH_OPS, made.operation)
      .finish();
  return made;
}

/// Engines with their settings, as cuDNN ranks them for the graph.
std::vector<Node> configurations(const Graph& graph, cudnnBackendHeurMode_t mode) {
  Node ranking{CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR};
  ranking.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph.graph)
      .set(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, mode)
      .finish();
  const auto results = [&](std::span<cudnnBackendDescriptor_t> into) {
    return ranking.get(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, into);
  };
  std::vector<Node> all;
  std::vector<cudnnBackendDescriptor_t> into(results({}));
  for (auto& one : into) one = all.emplace_back(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR).get();
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(std::min(results(into), all.size())),
            all.end());
  return all;
}

/// Deterministic, by sums of exact products, and without a compiler at run time.
bool is_wanted(const Node& configuration) {
  const Node engine{CUDNN_BACKEND_ENGINE_DESCRIPTOR};
  cudnnBackendDescriptor_t into = engine.get();
  configuration.get(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                    std::span{&into, 1});
  std::vector<cudnnBackendNumericalNote_t> notes(CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
  std::vector<cudnnBackendBehaviorNote_t> habits(CUDNN_BEHAVIOR_NOTE_TYPE_COUNT);
  notes.resize(engine.get<cudnnBackendNumericalNote_t>(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                                                       CUDNN_TYPE_NUMERICAL_NOTE, notes));
  habits.resize(engine.get<cudnnBackendBehaviorNote_t>(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE,
                                                       CUDNN_TYPE_BEHAVIOR_NOTE, habits));
  // Every other note is of rounding, of another way to convolve or of an order that varies.
  std::erase(notes, CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP);
  return notes.empty() &&
         std::ranges::find(habits, CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION) == habits.end();
}

}  // namespace

std::array<std::size_t, 3> ConvolutionOperands::alignments() const {
  const auto of = [](const std::byte* address) {
    return std::size_t{1} << std::min(std::countr_zero(reinterpret_cast<std::uintptr_t>(address)),
                                      4);
  };
  return {of(input), of(filter), of(output)};
}

/// A plan is finished once it is here; the others must live as long as it.
struct ConvolutionPlan::Made {
  std::shared_ptr<const Graph> graph;
  Node configuration, plan;
};

std::vector<ConvolutionPlan> ConvolutionPlan::all(cudnnContext* cudnn, ConvolutionPass pass,
                                                  const ConvolutionShape& shape,
                                                  const std::array<std::size_t, 3>& alignments) {
  std::vector<ConvolutionPlan> plans;
  const auto add = [&](const std::shared_ptr<const Graph>& graph, Node configuration) {
    if (!is_wanted(configuration)) return;
    Node plan{CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR};
    plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE, cudnn)
        .set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration)
        .finish();
    std::int64_t bytes = 0;
    plan.get(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64,
             std::span<std::int64_t>{&bytes, 1});
    plans.push_back(ConvolutionPlan{
        std::make_shared<const Made>(graph, std::move(configuration), std::move(plan)),
        static_cast<std::size_t>(bytes)});
  };
  try {
    const auto graph = std::make_shared<const Graph>(graph_of(cudnn, pass, shape, alignments));
    for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK})
      for (Node& configuration : configurations(*graph, mode)) try {
          add(graph, std::move(configuration));
        } catch (const Refused&) {
          continue;  // an engine that cannot after all
        }
  } catch (const Refused&) {
    return plans;
  }
  return plans;
}

bool ConvolutionPlan::launch(cudnnContext* cudnn, const ConvolutionOperands& operands,
                             void* room) const {
  const std::array<std::int64_t, 3> names{of_input, of_filter, of_output};
  const auto writable = [](const std::byte* address) {
    return static_cast<void*>(const_cast<std::byte*>(address));
  };
  const std::array<void*, 3> addresses{writable(operands.input), writable(operands.filter),
                                       writable(operands.output)};
  try {
    Node pack{CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR};
    pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, names)
        .set_all(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR,
                 std::span<void* const>{addresses})
        .set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, room)
        .finish();
    expect(cudnnBackendExecute(cudnn, made_->plan.get(), pack.get()));
  } catch (const Refused&) {
    return false;
  }
  return true;
}

}  // namespace troupe::cuda

#endif
