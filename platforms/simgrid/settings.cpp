#include "platforms/simgrid/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <vector>

#include "core/errors.hpp"
#include "core/text.hpp"
#include "platforms/simgrid/compat.hpp"

namespace troupe::platforms {
namespace {

constexpr const char* model_key = "network/model";

/// The SMPI and IB models of SimGrid 3.32 have names of their own for a factor; newer ones have
/// one.
struct FactorNames {
  const char* network;
  const char* smpi;
};
constexpr FactorNames latency_names{"network/latency-factor", "smpi/lat-factor"};
constexpr FactorNames bandwidth_names{"network/bandwidth-factor", "smpi/bw-factor"};

bool is_factor(const std::string& name) {
  return name == latency_names.network || name == latency_names.smpi ||
         name == bandwidth_names.network || name == bandwidth_names.smpi;
}

/// Whether the engine has it from its own command line; no for names that do not exist.
bool is_set(const std::string& name) {
  try {
    return !simgrid::config::is_default(name.c_str());
  } catch (const std::out_of_range&) {
    return false;
  }
}

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

/// The number a text begins with, NaN where it begins with none.
double number_of(const char* text) {
  char* end = nullptr;
  const double number = std::strtod(text, &end);
  return end == text ? std::nan("") : number;
}

/// "0:0.8;1500:0.9".
FactorBySize factor_by_size(const std::string& text) {
  FactorBySize factor;
  std::istringstream parts{text};
  for (std::string part; std::getline(parts, part, ';');)
    factor.steps.push_back(
        {.above = std::strtod(part.c_str(), nullptr),
         .factor = number_of(part.c_str() + std::min(part.find(':') + 1, part.size()))});
  std::ranges::sort(factor.steps, {}, &FactorBySize::Step::above);
  return factor;
}

/// SimGrid takes any, and ends the process when a message sets out or reckons on.
void refuse_impossible_factor(const std::string& name, const std::string& text, bool above_zero) {
  const bool by_size = text.find(':') != text.npos;
  const auto steps = by_size ? factor_by_size(text).steps
                             : std::vector{FactorBySize::Step{0, number_of(text.c_str())}};
  for (const auto& step : steps)
    if (!(step.factor >= 0) || (above_zero && step.factor == 0))
      throw BadPlatform(fmt::format(
          "{}: a factor of {}; expected {}", name,
          std::isnan(step.factor) ? fmt::format("\"{}\"", text) : fmt::format("{:g}", step.factor),
          above_zero ? "more than 0" : "0 or more"));
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

Settings::Settings(const PlatformSpec& spec, std::span<const std::string> command_line)
    : engine_chose_model_{!simgrid::config::is_default(model_key)} {
  for (const auto& [name, value] : spec.cfg) values_[name] = {value, "scenario cfg"};
  const auto add_factor = [this](const FactorNames& names, double factor) {
    const std::string text = fmt::format("{}", factor);
    values_[names.network] = {text, "scenario"};
    values_[names.smpi] = {"0:" + text, "scenario"};
  };
  if (spec.latency_factor) add_factor(latency_names, *spec.latency_factor);
  if (spec.bandwidth_factor) add_factor(bandwidth_names, *spec.bandwidth_factor);
  std::erase_if(values_, [](const auto& value) { return is_set(value.first); });

  for (const std::string& item : command_line) {
    const auto colon = item.find(':');
    if (colon == item.npos || colon == 0)
      throw BadPlatform(fmt::format("--cfg={}: expected NAME:VALUE", item));
    const std::string name = item.substr(0, colon);
    for (const FactorNames& names : {latency_names, bandwidth_names})
      if (name == names.network || name == names.smpi) {
        values_.erase(names.network);
        values_.erase(names.smpi);
      }
    values_[name] = {item.substr(colon + 1), "--cfg"};
  }
}

std::vector<std::string> Settings::outlive(std::span<const Profile> profiles,
                                           std::span<const XmlTag> tags) {
  std::vector<std::string> chosen;
  const auto choose = [&](const char* name, const char* value) {
    const bool said = values_.contains(name) || is_set(name) ||
                      std::ranges::any_of(tags, [name](const XmlTag& tag) {
                        return tag.name == "prop" && tag["id"] == name;
                      });
    if (said) return;
    values_[name] = {value, "profiles"};
    chosen.push_back(fmt::format("{}:{}", name, value));
  };
  const auto any = [&](Profile::Of of) {
    return std::ranges::find(profiles, of, &Profile::of) != profiles.end();
  };
  if (any(Profile::Of::bandwidth) || any(Profile::Of::latency)) choose("network/weight-S", "0");
  if (any(Profile::Of::latency)) choose("network/optim", "Full");
  return chosen;
}

void Settings::apply(bool ours) const {
  for (const auto& [name, value] : values_)
    if (!keeps_factors_ || !is_factor(name)) set(name, value.text, value.origin);
  if (!ours) return;
  for (const auto& [name, value] : our_model)
    if (simgrid::config::is_default(name)) set(name, value, "generator");
}

NetworkModel Settings::network() const {
  if (const auto hosts = simgrid::config::get_value<std::string>("host/model");
      hosts == "ptask_L07")
    throw BadPlatform{
        "host/model ptask_L07: expected default or compound: parallel tasks know no network model, "
        "by which messages are reckoned here"};
  NetworkModel network;
  network.name = simgrid::config::get_value<std::string>(model_key);
  const bool of_smpi = network.name == "SMPI" || network.name == "IB";
  const auto read = [&](const FactorNames& names, double& factor, FactorBySize& by_size) {
    const auto kept = values_.find(of_smpi ? names.smpi : names.network);
    const std::string text = keeps_factors_ && kept != values_.end() ? kept->second.text
                             : of_smpi ? compat::smpi_factor(names.smpi)
                                       : compat::network_factor(names.network);
    refuse_impossible_factor(of_smpi ? names.smpi : names.network, text,
                             &factor == &network.bandwidth_factor);
    if (text.find(':') == text.npos) {
      factor = std::strtod(text.c_str(), nullptr);
      by_size.steps = {{0, factor}};
      return;
    }
    network.factors_by_size = true;
    by_size = factor_by_size(text);
    factor = by_size.at(typical_message);
  };
  FactorsBySize by_size;
  read(latency_names, network.latency_factor, by_size.latency);
  read(bandwidth_names, network.bandwidth_factor, by_size.bandwidth);
  network.by_size.fill(by_size);
  network.tcp_window = simgrid::config::get_value<double>("network/TCP-gamma");
  network.cross_traffic = simgrid::config::get_value<bool>("network/crosstraffic");
  if (const auto value = values_.find(model_key); value != values_.end())
    network.chosen_by = value->second.origin;
  else if (engine_chose_model_) network.chosen_by = "--cfg";
  else if (simgrid::config::is_default(model_key)) network.chosen_by = "SimGrid's default";
  else network.chosen_by = "platform";
  return network;
}

}  // namespace troupe::platforms
