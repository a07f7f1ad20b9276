// Names of dtypes, reductions and the like, ours and those of nccl-tests.

#include <fmt/format.h>

#include <array>
#include <utility>

#include "core/text.hpp"
#include "scenarios/scenario.hpp"

namespace troupe::scenarios {
namespace {

template <class Value, std::size_t N>
const Value& found(const std::array<std::pair<std::string_view, Value>, N>& table,
                   const std::string& name, std::string_view kind) {
  std::vector<std::string> names;
  for (const auto& [known, value] : table) {
    if (known == name) return value;
    names.emplace_back(known);
  }
  throw BadInput{fmt::format("unknown {} \"{}\"{} (one of {})", kind, name,
                             did_you_mean(name, names), fmt::join(names, ", "))};
}

}  // namespace

Dtype dtype_named(const std::string& name) {
  static constexpr std::array<std::pair<std::string_view, Dtype>, 11> table{
      {{"float32", Dtype::float32},
       {"float64", Dtype::float64},
       {"int32", Dtype::int32},
       {"int64", Dtype::int64},
       {"uint32", Dtype::uint32},
       {"uint8", Dtype::uint8},
       {"float16", Dtype::float16},
       {"bfloat16", Dtype::bfloat16},
       {"float", Dtype::float32},
       {"double", Dtype::float64},
       {"half", Dtype::float16}}};
  return found(table, name, "dtype");
}

Reduction reduction_named(const std::string& name) {
  static constexpr std::array<std::pair<std::string_view, Reduction>, 7> table{
      {{"sum", {Op::sum, false}},
       {"prod", {Op::product, false}},
       {"product", {Op::product, false}},
       {"min", {Op::min, false}},
       {"max", {Op::max, false}},
       {"avg", {Op::sum, true}},
       {"average", {Op::sum, true}}}};
  return found(table, name, "reduction");
}

std::string name_of(Reduction reduction) {
  if (reduction.average) return "avg";
  return reduction.op == Op::product ? "prod" : std::string{troupe::name_of(reduction.op)};
}

bool reduces(algorithms::Collective collective) noexcept {
  using enum algorithms::Collective;
  return collective == allreduce || collective == reduce_scatter || collective == reduce;
}
bool is_rooted(algorithms::Collective collective) noexcept {
  using enum algorithms::Collective;
  return collective == broadcast || collective == reduce || collective == scatter ||
         collective == gather;
}

}  // namespace troupe::scenarios
