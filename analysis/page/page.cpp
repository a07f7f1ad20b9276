#include "analysis/page/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "analysis/page/assets.hpp"
#include "analysis/report_json.hpp"
#include "core/errors.hpp"
#include "core/version.hpp"

namespace troupe::analysis {
namespace {

using Json = nlohmann::ordered_json;

/// A report as it is on disk, but for the traffic: four numbers a cell, [from, to, messages,
/// bytes].
Json compact(const Report& report) {
  auto json = Json::parse(to_json(report));
  for (auto& cell : json["traffic"])
    cell = Json::array({cell["from"], cell["to"], cell["messages"], cell["bytes"]});
  return json;
}

std::size_t report_of(const Trace& trace, const std::string& name,
                      const std::vector<PageReport>& reports) {
  const auto found = std::ranges::find_if(
      reports, [&](const PageReport& shown) { return shown.report.digest == trace.digest; });
  if (found == reports.end())
    throw BadInput{fmt::format(
        "{}: a trace of the scenario \"{}\" (digest {}), which none of the reports is of", name,
        trace.name, trace.digest)};
  return static_cast<std::size_t>(found - reports.begin());
}

/// The links that were used most, in the order of the trace: of each part of the time its share of
/// the bandwidth in 64ths, one character from "0" on.
Json links_of(const Trace& trace) {
  constexpr std::size_t most_links = 32;
  const auto sum = [](const LinkUse& link) {
    return std::accumulate(link.shares.begin(), link.shares.end(), 0.0);
  };
  std::vector<double> sums;
  for (const auto& link : trace.links) sums.push_back(sum(link));
  std::ranges::sort(sums, std::ranges::greater{});
  const double least = sums.size() > most_links ? sums[most_links - 1] : 0;
  Json links = Json::array();
  for (const auto& link : trace.links) {
    if (sum(link) < least || sum(link) <= 0 || links.size() == most_links) continue;
    std::string levels;
    for (const double share : link.shares)
      levels += static_cast<char>('0' + std::lround(64 * std::clamp(share, 0.0, 1.0)));
    links.push_back({{"name", link.name}, {"levels", levels}});
  }
  return links;
}

Json to_json(const Trace& trace, std::size_t report) {
  Json phases = Json::array();  // of rank 0, for orientation
  for (const auto& phase : trace.phases)
    if (phase.rank == 0)
      phases.push_back({phase.name, phase.detail, phase.begin.count(), phase.end.count()});
  return {{"report", report},
          {"ranks", trace.ranks},
          {"simulated", trace.simulated},
          {"end_s", trace.end.count()},
          {"left_out", trace.left_out},
          {"kernels", trace.kernels},
          {"phases", phases},
          {"spans", trace.spans.size() + trace.devices.size()},
          {"devices", trace.devices.size()},
          {"packed", packed(trace)},
          {"links", links_of(trace)}};
}

/// The template with {{name}} replaced. What is put in is not looked at again.
std::string filled(std::string_view html,
                   const std::vector<std::pair<std::string_view, std::string_view>>& values) {
  std::string page;
  while (!html.empty()) {
    const auto open = html.find("{{");
    const auto close = html.find("}}", open);
    page += html.substr(0, open);
    if (open == html.npos || close == html.npos) break;
    const auto name = html.substr(open + 2, close - open - 2);
    const auto value = std::ranges::find(values, name, [](const auto& pair) { return pair.first; });
    EXPECTS(value != values.end(), "the page names only what it is given");
    page += value->second;
    html.remove_prefix(close + 2);
  }
  return page;
}

std::string in_html(std::string_view text) {
  std::string result;
  for (const char c : text) switch (c) {
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '&': result += "&amp;"; break;
      case '"': result += "&quot;"; break;
      default: result += c;
    }
  return result;
}

std::string title_of(const std::vector<PageReport>& reports) {
  const auto name = environment_of(reports.front().report, "name");
  const std::string first{name.empty() ? std::string_view{reports.front().name} : name};
  return reports.size() == 1 ? first : fmt::format("{} and {} more", first, reports.size() - 1);
}

}  // namespace

std::string within_script(std::string json) {
  // "<" stands in JSON only within strings, where it may be written so.
  for (auto at = json.find('<'); at != json.npos; at = json.find('<', at))
    json.replace(at, 1, "\\u003c");
  return json;
}

std::string to_page(const std::vector<PageReport>& reports, const Trace* trace,
                    const std::string& trace_name) {
  EXPECTS(!reports.empty(), "a page shows at least one report");
  Json data{{"version", version}, {"reports", Json::array()}, {"trace", nullptr}};
  for (const auto& [name, report] : reports)
    data["reports"].push_back({{"file", name}, {"report", compact(report)}});
  if (trace) data["trace"] = to_json(*trace, report_of(*trace, trace_name, reports));
  const auto json =
      within_script(data.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
  const auto title = in_html(title_of(reports));
  return filled(assets::html, {{"title", title},
                               {"style", assets::css},
                               {"chart.js", assets::chart_js},
                               {"script", assets::javascript},
                               {"data", json}});
}

}  // namespace troupe::analysis
