#include "scenarios/collective_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace troupe::scenarios {
namespace {

using Ordered = nlohmann::ordered_json;
using algorithms::Collective;

/// Names must exist; whether an algorithm can serve the problem is known only with the ranks.
void check_algorithms(const Section& section, const std::string& key, const AlgorithmTable& table,
                      Collective op, const std::vector<std::string>& names) {
  const bool all_beside_baselines =
      names.front() == "all" &&
      std::all_of(names.begin() + 1, names.end(), [&](const std::string& name) {
        return std::ranges::any_of(table.baselines(),
                                   [&](const auto& known) { return known.name == name; });
      });
  for (const auto& name : names) {
    if (name == "all" || name == "auto" || name == "tuned") {
      if (names.size() > 1 && !all_beside_baselines)
        section.complain(
            key, fmt::format("\"{}\" stands alone, not in a list{}", name,
                             name == "all" ? " (first, with libraries' own behind it)" : ""));
      continue;
    }
    section.placed(key, [&] { return &table.find(op, name); });
  }
}

std::vector<PlannedSize> read_plan(const Section& section, const Origin& origin,
                                   const AlgorithmTable& table, Collective op) {
  std::vector<PlannedSize> plan;
  if (!section.has("plan")) return plan;
  const auto& list = section.value("plan");
  if (!list.is_array() || list.empty()) section.fail("plan", "a list of sizes and algorithms");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Section item{list[i], origin, fmt::format("{}/{}", section.pointer_to("plan"), i)};
    PlannedSize planned{.bytes = item.bytes("bytes", {}),
                        .algorithms = item.names("algorithms", {})};
    if (planned.algorithms.empty()) item.fail("algorithms", "a list of names");
    check_algorithms(item, "algorithms", table, op, planned.algorithms);
    item.close();
    plan.push_back(std::move(planned));
  }
  return plan;
}

}  // namespace

CollectiveStudy read_collective(const Section& section, const Origin& origin,
                                const AlgorithmTable& table, const std::string& folder) {
  CollectiveStudy study;
  const auto op = section.text("op", "allreduce");
  study.op = section.placed("op", [&] { return algorithms::collective_named(op); });
  study.algorithms = section.names("algorithm", study.algorithms);
  check_algorithms(section, "algorithm", table, study.op, study.algorithms);
  const auto dtype = section.text("dtype", "float32");
  study.dtype = section.placed("dtype", [&] { return dtype_named(dtype); });
  const auto redop = section.text("redop", "sum");
  const auto reduction = section.placed("redop", [&] { return reduction_named(redop); });
  study.redop = reduction.op;
  study.average = reduction.average;
  if (reduces(study.op) && !has_arithmetic(study.dtype))
    section.complain("dtype", fmt::format("{} cannot be reduced: it only travels",
                                          troupe::name_of(study.dtype)));
  study.sizes = section.sizes("sizes", "1K:16M");
  study.iterations = static_cast<int>(section.whole("iterations", 0, 1, 1'000'000));
  study.warmup = static_cast<int>(section.whole("warmup", -1, 0, 1'000'000));
  study.segments = static_cast<int>(section.whole("segments", 0, 0, 1'000'000));
  study.channels = static_cast<int>(section.whole("channels", 0, 0, 1024));
  for (const auto radix : section.wholes("radices", 2))
    study.radices.push_back(static_cast<int>(radix));
  const auto timing = section.text("timing", "isolated");
  study.timing = section.placed("timing", [&] { return analysis::timing_named(timing); });
  study.in_place = section.flag("in_place", false);
  const bool can = study.op == Collective::allreduce || study.op == Collective::reduce ||
                   study.op == Collective::broadcast;
  if (study.in_place && !can)
    section.complain("in_place", fmt::format("{} has no in-place form here (allreduce, reduce and "
                                             "broadcast have)",
                                             algorithms::name_of(study.op)));
  if (section.has("check")) study.check = section.flag("check", true);
  study.root = static_cast<Rank>(section.whole("root", 0, 0, INT32_MAX));
  study.tuning = section.text("tuning", "");
  if (!study.tuning.empty())
    study.tuning = (std::filesystem::path{folder} / study.tuning).lexically_normal().string();
  if (study.algorithms.front() == "tuned" && study.tuning.empty())
    section.complain("algorithm",
                     "\"tuned\" needs the table that troupe tune wrote (--tuning FILE)");
  study.plan = read_plan(section, origin, table, study.op);
  section.close();
  return study;
}

Ordered to_json(const CollectiveStudy& study) {
  Ordered json;
  json["op"] = algorithms::name_of(study.op);
  json["algorithm"] = study.algorithms;
  json["dtype"] = troupe::name_of(study.dtype);
  json["redop"] = name_of(Reduction{study.redop, study.average});
  json["sizes"] = Ordered::array();
  for (const auto size : study.sizes) json["sizes"].push_back(size.value);
  if (study.iterations > 0) json["iterations"] = study.iterations;
  if (study.warmup >= 0) json["warmup"] = study.warmup;
  json["segments"] = study.segments;
  json["channels"] = study.channels;
  if (!study.radices.empty()) json["radices"] = study.radices;
  json["timing"] = analysis::name_of(study.timing);
  json["in_place"] = study.in_place;
  if (study.check) json["check"] = *study.check;
  json["root"] = study.root;
  if (!study.tuning.empty()) json["tuning"] = study.tuning;
  if (!study.plan.empty()) {
    json["plan"] = Ordered::array();
    for (const auto& planned : study.plan)
      json["plan"].push_back(
          Ordered{{"bytes", planned.bytes.value}, {"algorithms", planned.algorithms}});
  }
  return json;
}

}  // namespace troupe::scenarios
