#pragma once
// What can be run, in order, and the page of the documentation that says so.

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "algorithms/settings.hpp"
#include "scenarios/algorithm_table.hpp"

namespace troupe::cli {

/// The operations, in the order in which they are listed.
inline constexpr std::array<algorithms::Collective, 10> all_collectives{
    algorithms::Collective::allreduce,    algorithms::Collective::reduce_scatter,
    algorithms::Collective::allgather,    algorithms::Collective::broadcast,
    algorithms::Collective::reduce,       algorithms::Collective::scatter,
    algorithms::Collective::gather,       algorithms::Collective::all_to_all,
    algorithms::Collective::all_to_all_v, algorithms::Collective::barrier};

/// What a strategy is put together with.
struct Part {
  std::string_view plural, singular, pointer;
  std::span<const algorithms::Kind> kinds;
};
std::array<Part, 3> parts();

/// A call of `ranks` ranks with 1 MiB on a machine of 1 us and 10 GB/s: what costs are shown for.
algorithms::Problem example_problem(algorithms::Collective collective, int ranks);

/// "a whole number from 1 to 8; 1 if not given".
std::string expectation_and_default(const algorithms::AnySetting& setting);

/// All collectives with their closed forms and costs, all strategies, models, data sets and
/// optimisers with their settings, in Markdown.
std::string catalogue_page(const scenarios::AlgorithmTable& table);

}  // namespace troupe::cli
