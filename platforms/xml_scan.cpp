#include "platforms/xml_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>
#include <string>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::platforms {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view after_name = " \t\r\n=/>";

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_{text} {}

  bool next(XmlTag& tag) {
    while (skip_to('<')) {
      if (skip_block("<!--", "-->") || skip_block("<![CDATA[", "]]>") || skip_block("<?", "?>") ||
          skip_block("<!", ">") || skip_block("</", ">"))
        continue;
      advance(1);
      tag = {.name = std::string{take_until(after_name)}, .attributes = {}, .line = line_};
      while (read_attribute(tag)) {
      }
      return !tag.name.empty();
    }
    return false;
  }

 private:
  void advance(std::size_t count) {
    count = std::min(count, rest_.size());
    line_ += static_cast<int>(std::ranges::count(rest_.substr(0, count), '\n'));
    rest_.remove_prefix(count);
  }
  bool skip_to(char c) {
    advance(rest_.find(c));
    return !rest_.empty();
  }
  bool skip_block(std::string_view open, std::string_view close) {
    if (!rest_.starts_with(open)) return false;
    const auto end = rest_.find(close, open.size());
    advance(end == rest_.npos ? end : end + close.size());
    return true;
  }
  void skip_blanks() { advance(rest_.find_first_not_of(blanks)); }
  std::string_view take_until(std::string_view ends) {
    const std::string_view taken = rest_.substr(0, rest_.find_first_of(ends));
    advance(taken.size());
    return taken;
  }
  bool read_attribute(XmlTag& tag) {
    skip_blanks();
    if (rest_.empty() || rest_.starts_with('>') || rest_.starts_with('/')) return false;
    const std::string name{take_until(after_name)};
    skip_blanks();
    if (name.empty() || !rest_.starts_with('=')) return false;
    advance(1);
    skip_blanks();
    if (!rest_.starts_with('"') && !rest_.starts_with('\'')) return false;
    const std::string_view quote = rest_.substr(0, 1);
    advance(1);
    tag.attributes.emplace(name, take_until(quote));
    advance(1);
    return true;
  }

  std::string_view rest_;
  int line_ = 1;
};

/// "4,4;1,2" with the separators ";" and ",": [[4, 4], [1, 2]]. Empty if anything else stands
/// there.
std::vector<std::vector<int>> number_lists(std::string_view text) {
  std::vector<std::vector<int>> lists(1);
  while (!text.empty()) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number < 1) return {};
    lists.back().push_back(number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (text.empty()) break;
    if (text.front() != ',' && text.front() != ';') return {};
    if (text.front() == ';') lists.emplace_back();
    text.remove_prefix(1);
  }
  return lists;
}

/// The number of hosts in a radical such as "0-15,20"; nothing if it is written otherwise.
std::optional<long> host_count(std::string_view radical) {
  long count = 0;
  for (std::string_view rest = radical; !rest.empty();) {
    const std::string_view range = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(range.size() + 1, rest.size()));
    long first = 0, last = 0;
    const char* const end = range.data() + range.size();
    const auto low = std::from_chars(range.data(), end, first);
    if (low.ec != std::errc{}) return std::nullopt;
    last = first;
    if (low.ptr != end) {
      const auto high = std::from_chars(low.ptr + 1, end, last);
      if (*low.ptr != '-' || high.ec != std::errc{} || high.ptr != end) return std::nullopt;
    }
    count += last - first + 1;
  }
  return count;
}

long product(const std::vector<int>& factors) {
  long result = 1;
  for (const int factor : factors) result *= factor;
  return result;
}

char to_lower(char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// What the attribute says, unless it is one of `names`.
std::optional<std::string> unknown_name(const XmlTag& tag, std::string_view attribute,
                                        std::span<const std::string> names) {
  const std::string_view value = tag[attribute];
  const auto same = [value](std::string_view name) {  // SimGrid takes capitals for small letters
    return std::ranges::equal(value, name, {}, to_lower, to_lower);
  };
  if (value.empty() || std::ranges::any_of(names, same)) return std::nullopt;
  return fmt::format("<{} {}=\"{}\">: expected one of {}{}", tag.name, attribute, value,
                     fmt::join(names, ", "), did_you_mean(value, names));
}

std::optional<std::string> topology_mistake(const XmlTag& cluster) {
  const std::string_view topology = cluster["topology"], parameters = cluster["topo_parameters"];
  const auto lists = number_lists(parameters);
  long hosts = 0;
  if (topology == "TORUS" && lists.size() == 1) hosts = product(lists[0]);
  if (topology == "FAT_TREE" && lists.size() == 4) hosts = product(lists[1]);
  if (topology == "DRAGONFLY" && lists.size() == 4) {
    hosts = 1;
    for (const auto& list : lists) hosts *= list.empty() ? 1 : list[0];
    if (lists[2].front() < lists[0].front())
      return fmt::format(
          "<cluster topo_parameters=\"{}\">: {} routers in a chassis for {} groups: SimGrid routes "
          "between groups by the router of the same number, and has to find it in each chassis",
          parameters, lists[2].front(), lists[0].front());
  }
  const auto declared = host_count(cluster["radical"]);
  if (hosts == 0 || !declared || *declared == hosts) return std::nullopt;
  return fmt::format("<cluster radical=\"{}\">: {} hosts, but topo_parameters=\"{}\" make {}",
                     cluster["radical"], *declared, parameters, hosts);
}

std::optional<std::string> mistake_in(const XmlTag& tag) {
  static const std::vector<std::string> routings{"Cluster",
                                                 "ClusterDragonfly",
                                                 "ClusterFatTree",
                                                 "ClusterTorus",
                                                 "Dijkstra",
                                                 "DijkstraCache",
                                                 "Floyd",
                                                 "Full",
                                                 "None",
                                                 "Vivaldi",
                                                 "Wifi"};
  static const std::vector<std::string> topologies{"DRAGONFLY", "FAT_TREE", "FLAT", "TORUS"};
  if (tag.name == "platform" && tag["version"] != "4" && tag["version"] != "4.1")
    return fmt::format("<platform version=\"{}\">: expected 4.1; simgrid_update_xml converts files",
                       tag["version"]);
  if (tag.name == "zone" || tag.name == "AS") return unknown_name(tag, "routing", routings);
  if (tag.name == "link" && tag["sharing_policy"] == "WIFI")
    return fmt::format(
        "<link id=\"{}\" sharing_policy=\"WIFI\">: stations of a Wi-Fi are given their rates by a "
        "program (Link::set_host_rate), not by a platform; expected a link of another kind",
        tag["id"]);
  if (tag.name != "cluster") return std::nullopt;
  if (const auto mistake = unknown_name(tag, "topology", topologies)) return mistake;
  return topology_mistake(tag);
}

}  // namespace

std::string_view XmlTag::operator[](std::string_view attribute) const {
  const auto found = attributes.find(attribute);
  return found == attributes.end() ? std::string_view{} : found->second;
}

std::vector<XmlTag> start_tags(std::string_view xml) {
  std::vector<XmlTag> tags;
  Scanner scanner{xml};
  for (XmlTag tag; scanner.next(tag);) tags.push_back(tag);
  return tags;
}

std::optional<XmlMistake> first_mistake(const std::vector<XmlTag>& tags) {
  for (const XmlTag& tag : tags)
    if (const auto what = mistake_in(tag)) return XmlMistake{.line = tag.line, .what = *what};
  return std::nullopt;
}

std::vector<Profile> profiles(const std::vector<XmlTag>& tags) {
  using enum Profile::Of;
  static constexpr std::pair<std::string_view, Profile::Of> attributes[] = {
      {"availability_file", speed},     {"speed_file", speed},
      {"speed_profile", speed},         {"bandwidth_file", bandwidth},
      {"bandwidth_profile", bandwidth}, {"latency_file", latency},
      {"latency_profile", latency},     {"state_file", state},
      {"state_profile", state}};
  static constexpr std::pair<std::string_view, Profile::Of> kinds[] = {
      {"SPEED", speed}, {"POWER", speed}, {"BANDWIDTH", bandwidth}, {"LATENCY", latency}};
  std::vector<Profile> all;
  for (const XmlTag& tag : tags) {
    if (tag.name == "trace" || tag.name == "trace_connect") {
      const auto kind =
          std::ranges::find(kinds, tag["kind"], [](const auto& one) { return one.first; });
      all.push_back({.of = kind == std::end(kinds) ? state : kind->second,
                     .line = tag.line,
                     .what = "<" + tag.name + ">"});
    }
    for (const auto& [attribute, of] : attributes)
      if (!tag[attribute].empty())
        all.push_back({.of = of, .line = tag.line, .what = std::string{attribute}});
  }
  return all;
}

std::vector<int> torus_dimensions(const std::vector<XmlTag>& tags) {
  const XmlTag* torus = nullptr;
  for (const XmlTag& tag : tags) {
    if (tag.name == "host" || (tag.name == "cluster" && torus != nullptr)) return {};
    if (tag.name == "cluster") torus = &tag;
  }
  if (torus == nullptr || (*torus)["topology"] != "TORUS") return {};
  const auto lists = number_lists((*torus)["topo_parameters"]);
  if (lists.size() != 1) return {};
  return {lists[0].rbegin(), lists[0].rend()};
}

namespace {

/// The property of the first zone, or nothing.
const XmlTag* zone_property(const std::vector<XmlTag>& tags, std::string_view id) {
  bool in_zone = false;
  for (const XmlTag& tag : tags) {
    if (in_zone && tag.name != "prop") return nullptr;
    if (in_zone && tag["id"] == id) return &tag;
    in_zone |= tag.name == "zone" || tag.name == "AS";
  }
  return nullptr;
}

}  // namespace

std::optional<Bytes> eager_limit(const std::vector<XmlTag>& tags) {
  const XmlTag* const property = zone_property(tags, "eager_limit");
  if (property == nullptr) return {};
  const std::string text{(*property)["value"]};
  try {
    if (const auto sizes = parse_sizes(text); sizes.size() == 1) return sizes.front();
  } catch (const BadInput&) {
  }
  throw BadPlatform{
      fmt::format("line {}: eager_limit \"{}\": expected a size in bytes", property->line, text)};
}

bool one_connection(const std::vector<XmlTag>& tags) {
  const XmlTag* const property = zone_property(tags, "connections");
  if (property == nullptr) return false;
  if ((*property)["value"] == "one_per_pair") return true;
  throw BadPlatform{fmt::format("line {}: connections \"{}\": expected \"one_per_pair\"",
                                property->line, (*property)["value"])};
}

}  // namespace troupe::platforms
