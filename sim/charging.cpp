#include "sim/charging.hpp"

#include <algorithm>

#include "sim/measured_times.hpp"

namespace troupe::sim {

namespace {

bool is_double(const Kernel& kernel) {
  const Operands slices = operands(kernel);
  const auto wide = [](const auto& slice) { return slice.dtype() == Dtype::float64; };
  return std::ranges::any_of(slices.writes, wide) || std::ranges::any_of(slices.reads, wide);
}

/// The rate of a kernel's arithmetic.
FlopsPerSecond speed_of(const Processor& processor, const Kernel& kernel) {
  const auto* product = std::get_if<Gemm>(&kernel);
  if (product && product->a.dtype() == Dtype::bfloat16 && processor.bfloat16_speed.value > 0)
    return processor.bfloat16_speed;
  return processor.double_speed.value > 0 && is_double(kernel) ? processor.double_speed
                                                               : processor.speed;
}

}  // namespace

KernelCost cost(Compute model, const Processor& processor, const Kernel& kernel, const Work& done) {
  if (model == Compute::none) return {};
  const bool anything = done.flops.value > 0 || done.bytes.value > 0;
  if (model == Compute::roofline && processor.measured && anything) {
    const HostTimes& host = processor.measured->host();
    if (const auto* code = std::get_if<Opaque>(&kernel); code && code->body && host.is_apart())
      return {.launching = host.time(*code) / processor.pace, .running = {}, .waits = true};
    if (const auto measured = processor.measured->cost_of(shape_of(kernel)))
      return {measured->launching / processor.pace, measured->running / processor.pace};
  }
  Seconds time{0};
  if (done.flops.value > 0 && processor.speed.value > 0)
    time = done.flops / speed_of(processor, kernel);
  if (model == Compute::flops) return {.launching = {}, .running = time};
  if (processor.memory_bandwidth.value > 0)
    time = std::max(time, done.bytes / processor.memory_bandwidth);
  return {.launching = {}, .running = anything ? time + processor.launch : time};
}

Seconds charge(Compute model, const Processor& processor, const Kernel& kernel, const Work& done) {
  const KernelCost all = cost(model, processor, kernel, done);
  return all.launching + all.running;
}

Seconds charge(Compute model, const Processor& processor, const Kernel& kernel) {
  return charge(model, processor, kernel, work(kernel));
}

Seconds charge_copy(Compute model, const Processor& processor, Bytes amount) {
  if (model != Compute::roofline || processor.memory_bandwidth.value <= 0) return Seconds{0};
  return (2 * amount) / processor.memory_bandwidth;
}

}  // namespace troupe::sim
