#include "analysis/osu_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace troupe::analysis {
namespace {

/// The version whose tables these are.
constexpr std::string_view imitated = "7.0";

std::string_view title_of(std::string_view op) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> titles{
      {{"allreduce", "Allreduce"},
       {"reduce_scatter", "Reduce_scatter"},
       {"allgather", "Allgather"},
       {"broadcast", "Broadcast"},
       {"reduce", "Reduce"},
       {"scatter", "Scatter"},
       {"gather", "Gather"},
       {"all_to_all", "All-to-All Personalized Exchange"},
       {"all_to_all_v", "All-to-Allv Personalized Exchange"},
       {"barrier", "Barrier"}}};
  for (const auto& [name, title] : titles)
    if (name == op) return title;
  return op;
}

std::uint64_t size_column(const CollectiveResult& r) {
  const bool of_a_rank = r.op == "allgather" || r.op == "gather" || r.op == "scatter" ||
                         r.op == "all_to_all" || r.op == "all_to_all_v";
  return of_a_rank && r.ranks > 0 ? r.bytes / static_cast<std::uint64_t>(r.ranks) : r.bytes;
}

std::string lines_of(const Report& report, const std::string& algorithm) {
  std::string text;
  for (const auto& r : report.results) {
    if (r.algorithm != algorithm) continue;
    const bool barrier = r.op == "barrier";
    if (text.empty()) {
      text = fmt::format("# algorithm: {}\n\n# OSU MPI {} Latency Test v{}\n", algorithm,
                         title_of(r.op), imitated);
      text += barrier ? "# Avg Latency(us)\n"
                      : fmt::format("{:<10}{:>18}\n", "# Size", "Avg Latency(us)");
    }
    const double us = r.time.count() * 1e6;
    text += barrier ? fmt::format("{:>17.2f}\n", us)
                    : fmt::format("{:<10}{:>18.2f}\n", size_column(r), us);
  }
  return text;
}

}  // namespace

std::string osu_table(const Report& report) {
  std::string text;
  std::vector<std::string> done;
  for (const auto& r : report.results) {
    if (std::ranges::find(done, r.algorithm) != done.end()) continue;
    done.push_back(r.algorithm);
    text += lines_of(report, r.algorithm);
  }
  return text;
}

}  // namespace troupe::analysis
