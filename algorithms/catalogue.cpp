#include "algorithms/catalogue.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "algorithms/tables.hpp"
#include "core/text.hpp"

namespace troupe::algorithms {

namespace {

constexpr std::array<std::string_view, 10> collective_names{
    "allreduce", "reduce_scatter", "allgather",  "broadcast",    "reduce",
    "scatter",   "gather",         "all_to_all", "all_to_all_v", "barrier"};

}  // namespace

std::string_view name_of(Collective collective) noexcept {
  return collective_names[static_cast<std::size_t>(collective)];
}

Collective collective_named(std::string_view name) {
  using enum Collective;
  static constexpr std::array<std::pair<std::string_view, Collective>, 10> also{
      {{"all_reduce", allreduce},
       {"reducescatter", reduce_scatter},
       {"all_gather", allgather},
       {"bcast", broadcast},
       {"alltoall", all_to_all},
       {"all_to_allv", all_to_all_v},
       {"alltoallv", all_to_all_v},
       {"alltoall_v", all_to_all_v},
       {"reduce-scatter", reduce_scatter},
       {"all-to-all", all_to_all}}};
  for (std::size_t i = 0; i < collective_names.size(); ++i)
    if (collective_names[i] == name) return static_cast<Collective>(i);
  for (const auto& [alias, collective] : also)
    if (alias == name) return collective;
  const std::vector<std::string> known(collective_names.begin(), collective_names.end());
  throw BadInput("no collective is called \"" + std::string{name} + '"' +
                 did_you_mean(name, known));
}

std::span<const Entry> catalogue() {
  static const std::vector<Entry> joined = [] {
    std::vector<Entry> all;
    for (const std::span<const Entry> table :
         {tables::allreduce(), tables::reduce_scatter(), tables::allgather(), tables::broadcast(),
          tables::reduce(), tables::scatter(), tables::gather(), tables::all_to_all(),
          tables::barrier()})
      all.insert(all.end(), table.begin(), table.end());
    return all;
  }();
  return joined;
}

std::vector<const Entry*> entries_of(Collective collective) {
  std::vector<const Entry*> found;
  for (const Entry& entry : catalogue())
    if (entry.collective == collective) found.push_back(&entry);
  return found;
}

const Entry& find_entry(Collective collective, std::string_view name) {
  std::vector<std::string> known;
  for (const Entry* entry : entries_of(collective)) {
    if (entry->name == name) return *entry;
    known.emplace_back(entry->name);
  }
  throw BadInput("no " + std::string{name_of(collective)} + " algorithm is called \"" +
                 std::string{name} + '"' + did_you_mean(name, known));
}

}  // namespace troupe::algorithms
