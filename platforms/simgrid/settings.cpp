#include "platforms/simgrid/settings.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <sstream>
#include <vector>

#include "core/errors.hpp"
#include "core/text.hpp"
#include "platforms/simgrid/compat.hpp"

namespace troupe::platforms {
namespace {

constexpr const char* model_key = "network/model";
constexpr double typical_message = 1 << 20;  // bytes for which factors by size are quoted

/// What the platforms we make are meant for: the textbook network, exact and without TCP.
constexpr std::pair<const char*, const char*> our_model[] = {
    {model_key, "CM02"}, {"network/crosstraffic", "no"}, {"network/TCP-gamma", "0"}};

void set(const std::string& name, const std::string& value, const std::string& origin) {
  try {
    simgrid::config::set_as_string(name.c_str(), value);
  } catch (const std::out_of_range& error) {
    throw BadPlatform(fmt::format("{} {}:{}: SimGrid has no setting of this name{}", origin, name,
                                  value, did_you_mean(name, listed_settings(error.what()))));
  } catch (const std::exception& error) {
    throw BadPlatform(
        fmt::format("{} {}:{}: SimGrid refuses this value: {}", origin, name, value, error.what()));
  }
}

/// "1.5", or "0:0.8;1500:0.9": the factor from the greatest threshold the message reaches.
double factor_for(const std::string& text, double bytes) {
  if (text.find(':') == text.npos) return std::strtod(text.c_str(), nullptr);
  double factor = 1, reached = -1;
  std::istringstream parts{text};
  for (std::string part; std::getline(parts, part, ';');) {
    const double threshold = std::strtod(part.c_str(), nullptr);
    if (threshold > bytes || threshold < reached) continue;
    reached = threshold;
    factor = std::strtod(part.c_str() + part.find(':') + 1, nullptr);
  }
  return factor;
}

}  // namespace

// Lines "  name: (type)value".
std::vector<std::string> listed_settings(const std::string& complaint) {
  std::vector<std::string> names;
  std::istringstream lines{complaint};
  for (std::string line; std::getline(lines, line);)
    if (const auto colon = line.find(": ("); line.starts_with("  ") && colon != line.npos)
      names.push_back(line.substr(2, colon - 2));
  return names;
}

Settings::Settings(const PlatformSpec& spec, std::span<const std::string> command_line) {
  for (const auto& [name, value] : spec.cfg) values_[name] = {value, "scenario cfg"};
  const auto add_factor = [this](const char* name, const char* of_smpi, double factor) {
    const std::string text = fmt::format("{}", factor);
    values_[name] = {text, "scenario"};
    values_[of_smpi] = {"0:" + text, "scenario"};  // SMPI and IB have names of their own for it
  };
  if (spec.latency_factor)
    add_factor("network/latency-factor", "smpi/lat-factor", *spec.latency_factor);
  if (spec.bandwidth_factor)
    add_factor("network/bandwidth-factor", "smpi/bw-factor", *spec.bandwidth_factor);
  for (const std::string& item : command_line) {
    const auto colon = item.find(':');
    if (colon == item.npos || colon == 0)
      throw BadPlatform(fmt::format("--cfg={}: expected NAME:VALUE", item));
    values_[item.substr(0, colon)] = {item.substr(colon + 1), "--cfg"};
  }
}

void Settings::apply(bool ours) const {
  for (const auto& [name, value] : values_) set(name, value.text, value.origin);
  if (!ours) return;
  for (const auto& [name, value] : our_model)
    if (simgrid::config::is_default(name)) set(name, value, "generator");
}

NetworkModel Settings::network() const {
  NetworkModel network;
  network.name = simgrid::config::get_value<std::string>(model_key);
  network.factors_by_size = network.name == "SMPI" || network.name == "IB";
  const auto factor = [&](const char* name, const char* of_smpi) {
    return factor_for(
        network.factors_by_size ? compat::smpi_factor(of_smpi) : compat::network_factor(name),
        typical_message);
  };
  network.latency_factor = factor("network/latency-factor", "smpi/lat-factor");
  network.bandwidth_factor = factor("network/bandwidth-factor", "smpi/bw-factor");
  network.tcp_window = simgrid::config::get_value<double>("network/TCP-gamma");
  network.cross_traffic = simgrid::config::get_value<bool>("network/crosstraffic");
  if (const auto value = values_.find(model_key); value != values_.end())
    network.chosen_by = value->second.origin;
  else if (simgrid::config::is_default(model_key)) network.chosen_by = "SimGrid's default";
  else network.chosen_by = "platform";
  return network;
}

}  // namespace troupe::platforms
