#include "scenarios/tuning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "analysis/output.hpp"

namespace troupe::scenarios {
namespace {

void expect_same(const Tuning& tuning, std::string_view what, const std::string& there,
                 const std::string& here) {
  if (there != here)
    throw BadScenario{fmt::format("{} was tuned for {} {}, this run has {}: tune again",
                                  tuning.file, what, there, here)};
}

}  // namespace

Tuning tuning_from(const analysis::Report& report, const Machine& machine) {
  Tuning tuning{.file = {},
                .platform_digest = machine.digest,
                .platform = machine.platform,
                .ranks = machine.ranks,
                .op = {},
                .dtype = {},
                .sizes = {}};
  const auto best = analysis::fastest(report.results);
  for (std::size_t i = 0; i < report.results.size(); ++i) {
    const auto& result = report.results[i];
    tuning.op = result.op;
    tuning.dtype = result.dtype;
    if (best[i]) tuning.sizes.push_back({{result.bytes}, result.algorithm, result.time});
  }
  std::sort(tuning.sizes.begin(), tuning.sizes.end(),
            [](const auto& a, const auto& b) { return a.bytes < b.bytes; });
  return tuning;
}

std::string to_json(const Tuning& tuning) {
  nlohmann::ordered_json json{{"troupe_tuning", 1},
                              {"platform_digest", tuning.platform_digest},
                              {"platform", tuning.platform},
                              {"ranks", tuning.ranks},
                              {"op", tuning.op},
                              {"dtype", tuning.dtype},
                              {"sizes", nlohmann::ordered_json::array()}};
  for (const auto& size : tuning.sizes)
    json["sizes"].push_back({{"bytes", size.bytes.value},
                             {"algorithm", size.algorithm},
                             {"time_s", size.time.count()}});
  return json.dump(1) + "\n";
}

Tuning read_tuning(const std::string& file) {
  const auto json = parse_json(analysis::read_file(file), file);
  const Origin origin{file};
  const Section top{json, origin, ""};
  if (top.value("troupe_tuning") != 1)
    top.complain("", "no table of troupe tune (no \"troupe_tuning\": 1)");
  Tuning tuning;
  tuning.file = file;
  tuning.platform_digest = top.text("platform_digest", "");
  tuning.platform = top.text("platform", "");
  tuning.ranks = static_cast<int>(top.whole("ranks", 1, 1, INT32_MAX));
  tuning.op = top.text("op", "");
  tuning.dtype = top.text("dtype", "");
  const auto& sizes = top.value("sizes");
  if (!sizes.is_array() || sizes.empty()) top.fail("sizes", "a list of tuned sizes");
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const Section item{sizes[i], origin, fmt::format("/sizes/{}", i)};
    tuning.sizes.push_back({.bytes = item.bytes("bytes", {}),
                            .algorithm = item.text("algorithm", ""),
                            .time = Seconds{item.number("time_s", 0, 0)}});
    item.close();
  }
  top.close();
  return tuning;
}

std::string choose(const Tuning& tuning, const CollectiveStudy& study, const Machine& machine,
                   Bytes bytes) {
  expect_same(tuning, "platform", tuning.platform_digest, machine.digest);
  expect_same(tuning, "ranks", fmt::format("{}", tuning.ranks), fmt::format("{}", machine.ranks));
  expect_same(tuning, "collective", tuning.op, std::string{algorithms::name_of(study.op)});
  expect_same(tuning, "dtype", tuning.dtype, std::string{troupe::name_of(study.dtype)});
  const TunedSize* chosen = &tuning.sizes.front();
  for (const auto& size : tuning.sizes)
    if (size.bytes <= bytes) chosen = &size;
  return chosen->algorithm;
}

}  // namespace troupe::scenarios
