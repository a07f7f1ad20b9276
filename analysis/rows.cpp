#include "analysis/rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "analysis/targets.hpp"

namespace troupe::analysis {
namespace {

using Json = nlohmann::ordered_json;

Cell whole(std::uint64_t number) { return static_cast<std::int64_t>(number); }
Cell whole(const std::optional<std::uint64_t>& number) { return number ? whole(*number) : Cell{}; }
Cell optional(const std::optional<double>& number) { return number ? Cell{*number} : Cell{}; }

/// The text at a JSON pointer of the scenario, or nothing.
Cell text_at(const Json& scenario, const char* pointer) {
  const Json::json_pointer at{pointer};
  if (!scenario.contains(at) || !scenario[at].is_string()) return {};
  return scenario[at].get<std::string>();
}

void add_shares(const ShareOfTime& shares, Row& row) {
  row.add("compute_share", shares.compute);
  row.add("communication_share", shares.communication);
  row.add("waiting_share", shares.waiting);
  if (shares.hottest_links.empty()) return;
  std::string text;  // "star_link_0_UP 99 %, …"
  for (const auto& link : shares.hottest_links)
    text +=
        fmt::format("{}{} {:.0f} %", text.empty() ? "" : ", ", link.name, 100 * link.busy_share);
  row.add("hottest_links", text);
  row.add("hottest_link_share", shares.hottest_links.front().busy_share);
}

void add_activity(const Report& report, Row& row) {
  ShareOfTime shares;
  double compute = 0, communication = 0, waiting = 0;
  for (const auto& rank : report.ranks) {
    compute += rank.compute.count();
    communication += rank.communication.count();
    waiting += rank.waiting.count();
  }
  if (const auto busy = busy_shares(report)) {
    shares = {busy->compute, busy->communication, busy->waiting, {}};
  } else if (const double all = compute + communication + waiting; all > 0) {
    shares = {compute / all, communication / all, waiting / all, {}};
  } else {
    return;
  }
  for (const auto& link : report.links)
    shares.hottest_links.push_back({link.name, link.busy_share});
  keep_hottest(shares);
  add_shares(shares, row);
}

Row collective_row(const CollectiveResult& r) {
  Row row;
  row.add("op", r.op);
  row.add("algorithm", r.algorithm);
  row.add("dtype", r.dtype);
  row.add("redop", r.redop);
  row.add("ranks", std::int64_t{r.ranks});
  if (r.in_place) row.add("in_place", std::int64_t{1});
  row.add("bytes", whole(r.bytes));
  const double time = r.time.count();
  row.add("time_s", time);
  row.add("busbw_Bps", r.busbw.value);
  row.add("messages", whole(r.messages));
  row.add("sent_bytes", whole(r.sent_bytes));
  const auto share = [&](const char* name, const std::optional<Seconds>& part) {
    row.add(name, part && time > 0 ? Cell{part->count() / time} : Cell{});
  };
  row.add("bound_ratio", r.bound && r.bound->count() > 0 ? Cell{time / r.bound->count()} : Cell{});
  if (r.model_parts) {
    share("latency_share", r.model_parts->latency);
    share("bandwidth_share", r.model_parts->bandwidth);
    share("reduction_share", r.model_parts->reduction);
  }
  if (r.model && time > 0) {
    const double rest = 1 - r.model->count() / time;
    row.add("contention_share", std::abs(rest) < 1e-9 ? 0 : rest);  // a clock that rounds
  }
  if (r.on_device) row.add("device_s", r.on_device->count());
  if (r.wrong) row.add("wrong", whole(r.wrong));
  if (r.shares) add_shares(*r.shares, row);
  return row;
}

void add_target(const Report& report, const Target& target, Row& row) {
  const auto found = reached(report, target);
  const auto name = fmt::format("_to_{}_{:g}", target.figure, target.value);
  row.add("time" + name + "_s", found ? Cell{found->time.count()} : Cell{});
  row.add("steps" + name, found ? Cell{found->step} : Cell{});
  row.add("sent" + name + "_bytes", found ? optional(found->sent_bytes) : Cell{});
  row.add("messages" + name, found ? optional(found->messages) : Cell{});
}

Row training_row(const Report& report, const std::vector<Target>& asked) {
  Row row;
  const Json scenario = Json::parse(report.scenario);
  for (const auto& [name, pointer] : {std::pair{"strategy", "/training/strategy"},
                                      std::pair{"collective", "/training/collective"},
                                      std::pair{"model", "/training/model/kind"}})
    if (auto cell = text_at(scenario, pointer); !std::holds_alternative<std::monostate>(cell))
      row.add(name, std::move(cell));
  const auto ranks = environment_of(report, "ranks");
  if (!ranks.empty()) row.add("ranks", std::int64_t{std::stoll(std::string{ranks})});
  if (!report.training.empty()) {
    const auto& last = report.training.back();
    row.add("steps", last.step);
    for (const auto& [name, value] : last.values)
      if (name != "messages" && name != "sent_bytes" && name != "device_s")  // among the totals
        row.add(name, std::isfinite(value) ? Cell{value} : Cell{});
  }
  for (const auto& [name, value] : report.totals)
    row.add(name, std::isfinite(value) ? Cell{value} : Cell{});
  std::vector<Target> targets = asked;
  for (const auto& result : report.targets)
    if (std::ranges::find(targets, result.target) == targets.end())
      targets.push_back(result.target);
  for (const auto& target : targets) add_target(report, target, row);
  return row;
}

}  // namespace

const Cell* Row::find(std::string_view name) const noexcept {
  for (const auto& [known, cell] : cells)
    if (known == name) return &cell;
  return nullptr;
}

std::vector<Row> rows_of(const Report& report, const std::vector<Target>& asked) {
  std::vector<Row> rows;
  for (const auto& result : report.results) rows.push_back(collective_row(result));
  if (report.results.empty()) rows.push_back(training_row(report, asked));
  if (rows.size() == 1 && !rows.front().find("compute_share")) add_activity(report, rows.front());
  return rows;
}

std::vector<std::string> columns_of(const std::vector<Row>& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows)
    for (const auto& [name, cell] : row.cells)
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  return names;
}

Json to_json(const Cell& cell) {
  return std::visit(
      [](const auto& value) -> Json {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>) return nullptr;
        else return value;
      },
      cell);
}

Json to_json(const Row& row) {
  Json object = Json::object();
  for (const auto& [name, cell] : row.cells) object[name] = to_json(cell);
  return object;
}

Cell cell_from(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  return value.dump();
}

Row row_from(const Json& object) {
  Row row;
  for (const auto& [name, value] : object.items()) row.add(name, cell_from(value));
  return row;
}

std::optional<double> number_of(const Cell& cell) noexcept {
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*number);
  return {};
}

}  // namespace troupe::analysis
