#pragma once
// Kernels of optimisers: one step over parameters θ, gradient g and state, in one pass over memory.
// All operands are float32 or float64, of one dtype and one size, updated in place. Plain gradient
// descent is Axpy; what rate to take, and when, is the optimiser's business and not known here.

#include <cstdint>

#include "core/slice.hpp"

namespace troupe {

/// v ← βv + (1−d)g;  θ ← θ − αv, or with `nesterov` θ ← θ − α((1−d)g + βv).
/// d = 0 is the heavy ball (Polyak 1964), d = β the exponential mean of gradients, which is the
/// heavy ball with a rate of α(1−β).
struct MomentumStep {
  double rate = 0, momentum = 0, dampening = 0;
  bool nesterov = false;
  ConstSlice gradient{};
  Slice velocity{}, parameters{};
};

/// m ← β₁m + (1−β₁)g;  s ← β₂s + (1−β₂)g²;  θ ← θ − α(m/(1−β₁ᵗ) / (√(s/(1−β₂ᵗ)) + ε) + λθ), t =
/// step ≥ 1 (Kingma and Ba 2015; λ > 0: decoupled weight decay, AdamW of Loshchilov and Hutter
/// 2019).
struct AdamStep {
  double rate = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
  std::int64_t step = 1;
  ConstSlice gradient{};
  Slice mean{}, squares{}, parameters{};
};

/// s ← s + g²;  θ ← θ − αg / (√s + ε) (Duchi, Hazan and Singer 2011).
struct AdaGradStep {
  double rate = 0, epsilon = 1e-10;
  ConstSlice gradient{};
  Slice squares{}, parameters{};
};

/// g ← g + λ g²(θ − θ̂): the gradient taken at the old parameters θ̂ brought to today's, with g² for
/// the Hessian's diagonal (Zheng et al. 2017). With `squares` (s ← ms + (1−m)g², m = decay) λ
/// becomes λ/√(s + ε), element by element; without (empty) it is constant.
struct DelayCompensation {
  double strength = 0.04, decay = 0.95, epsilon = 1e-7;
  ConstSlice parameters{}, old_parameters{};
  Slice squares{}, gradient{};
};

/// into ← into + weight (from − into): a running mean (weight 1/k), an exponential one, a pull
/// towards a common centre.
struct Interpolate {
  double weight = 0;
  ConstSlice from{};
  Slice into{};
};

}  // namespace troupe
