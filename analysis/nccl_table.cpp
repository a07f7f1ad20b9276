#include "analysis/nccl_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace troupe::analysis {
namespace {

/// nccl-tests narrows what is too wide: decimals first, then an exponent.
std::string narrowed(double value, std::size_t width, const char* exponent) {
  for (const char* format : {"{:.2f}", "{:.1f}", "{:.0f}"})
    if (auto text = fmt::format(fmt::runtime(format), value); text.size() <= width) return text;
  return fmt::format(fmt::runtime(exponent), value);
}

std::string half(const CollectiveResult& r) {
  const auto numbers = fmt::format(
      "  {:>7}  {:>6}  {:>6}", narrowed(r.time.count() * 1e6, 7, "{:.1e}"),
      narrowed(r.algbw.value * 1e-9, 6, "{:.0e}"), narrowed(r.busbw.value * 1e-9, 6, "{:.0e}"));
  return numbers + (r.wrong ? fmt::format("  {:>6g}", static_cast<double>(*r.wrong)) : "    N/A");
}

std::string type_name(const std::string& dtype) {
  static const std::map<std::string, std::string, std::less<>> names{
      {"float32", "float"}, {"float64", "double"}, {"float16", "half"}};
  const auto at = names.find(dtype);
  return at == names.end() ? dtype : at->second;
}

/// nccl-tests counts the elements of one rank where the size is that of all of them.
std::uint64_t count_column(const CollectiveResult& r) {
  const bool shared = r.op == "allgather" || r.op == "reduce_scatter" || r.op == "gather" ||
                      r.op == "scatter" || r.op == "all_to_all";
  return shared && r.ranks > 0 ? r.count / static_cast<std::uint64_t>(r.ranks) : r.count;
}

/// The rank of the root as the scenario has it; -1 where there is none.
std::int64_t root_column(const CollectiveResult& r, const std::string& scenario) {
  const bool rooted =
      r.op == "broadcast" || r.op == "reduce" || r.op == "gather" || r.op == "scatter";
  if (!rooted) return -1;
  const auto json = nlohmann::json::parse(scenario);
  const nlohmann::json::json_pointer root{"/collective/root"};
  return json.contains(root) && json[root].is_number_integer() ? json[root].get<std::int64_t>() : 0;
}

std::string head() {
  return fmt::format(
             "# {:>10}  {:>12}  {:>8}  {:>6}  {:>6}           out-of-place"
             "                       in-place          \n",
             "", "", "", "", "") +
         fmt::format(
             "# {:>10}  {:>12}  {:>8}  {:>6}  {:>6}  {:>7}  {:>6}  {:>6}  {:>6}"
             "  {:>7}  {:>6}  {:>6}  {:>6} \n",
             "size", "count", "type", "redop", "root", "time", "algbw", "busbw", "#wrong", "time",
             "algbw", "busbw", "#wrong") +
         fmt::format(
             "# {:>10}  {:>12}  {:>8}  {:>6}  {:>6}  {:>7}  {:>6}  {:>6}  {:>6}"
             "  {:>7}  {:>6}  {:>6}  {:>6} \n",
             "(B)", "(elements)", "", "", "", "(us)", "(GB/s)", "(GB/s)", "", "(us)", "(GB/s)",
             "(GB/s)", "");
}

}  // namespace

std::string nccl_table(const Report& report) {
  std::vector<std::string> algorithms;
  for (const auto& r : report.results)
    if (std::find(algorithms.begin(), algorithms.end(), r.algorithm) == algorithms.end())
      algorithms.push_back(r.algorithm);
  std::string text;
  for (const auto& algorithm : algorithms) {
    std::vector<std::pair<const CollectiveResult*, const CollectiveResult*>> lines;
    std::uint64_t wrong = 0;
    double busbw = 0;
    std::size_t measured = 0;
    for (const auto& r : report.results) {
      if (r.algorithm != algorithm) continue;
      wrong += r.wrong.value_or(0);
      busbw += r.busbw.value * 1e-9;
      ++measured;
      const auto same = std::find_if(lines.begin(), lines.end(),
                                     [&](auto& line) { return line.first->bytes == r.bytes; });
      if (same == lines.end()) lines.emplace_back(&r, &r);
      else (r.in_place ? same->second : same->first) = &r;
    }
    text += fmt::format("# {}\n#\n{}", algorithm, head());
    for (const auto& [out, in] : lines)
      text += fmt::format("{:>12}  {:>12}  {:>8}  {:>6}  {:>6}{}{}\n", out->bytes,
                          count_column(*out), type_name(out->dtype), out->redop,
                          root_column(*out, report.scenario), half(*out), half(*in));
    text +=
        fmt::format("# {:<20} : {} {}\n", "Out of bounds values", wrong, wrong ? "FAILED" : "OK");
    text += fmt::format("# {:<20} : {:g} \n#\n", "Avg bus bandwidth",
                        measured ? busbw / static_cast<double>(measured) : 0.0);
  }
  return text;
}

}  // namespace troupe::analysis
