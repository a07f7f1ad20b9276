#pragma once
// SimGrid's settings: who may say what, and what is in force in the end.

#include <map>
#include <span>
#include <string>
#include <vector>

#include "platforms/facts.hpp"
#include "platforms/specification.hpp"
#include "platforms/xml_scan.hpp"

namespace troupe::platforms {

/// The names of all settings, from the complaint of SimGrid about one that it does not know.
std::vector<std::string> listed_settings(const std::string& complaint);

/// What was asked for before the platform is loaded.
class Settings {
 public:
  /// Each of `command_line` is "name:value"; throws BadPlatform for anything else. What the engine
  /// was given already (its own --cfg) counts as if it stood there too.
  Settings(const PlatformSpec& spec, std::span<const std::string> command_line);

  /// Factors on latencies and bandwidths are charged by a callback, which SimGrid wants alone: it
  /// is not told them.
  void keep_factors() { keeps_factors_ = true; }

  /// Of a file with such profiles: SimGrid 3.32 forgets a message whose latency has not passed when
  /// the bandwidth or latency of a link on its way changes, unless flows share links regardless of
  /// latency (network/weight-S:0) and, for latencies, all are looked at at each step
  /// (network/optim:Full). Sets these where nobody has said otherwise; returns which, for a person.
  std::vector<std::string> outlive(std::span<const Profile> profiles, std::span<const XmlTag> tags);

  /// Sets them in SimGrid, so that a file's <config> leaves them alone. With `ours`, also the model
  /// our own platforms run under, where nobody says otherwise. Throws BadPlatform for an unknown
  /// name, with the nearest one, and for a value that SimGrid refuses.
  void apply(bool ours) const;
  bool empty() const { return values_.empty(); }

  /// What is in force, once a platform is loaded. Throws BadPlatform for factors of latencies below
  /// zero, and of bandwidths not above it.
  NetworkModel network() const;

 private:
  struct Value {
    std::string text;
    std::string origin;  // "--cfg" or "scenario"
  };
  std::map<std::string, Value> values_;
  bool engine_chose_model_ = false, keeps_factors_ = false;
};

}  // namespace troupe::platforms
