#pragma once
// A scenario written by options instead of a file: the same JSON, and which option gave what.

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "cli/options.hpp"
#include "core/float32_products.hpp"
#include "scenarios/section.hpp"

namespace troupe::cli {

/// Whether a flag is given that is about GPUs. Throws BadInput if it is, for another backend.
bool asked_of_gpus(const Options& options, const std::string& flag, std::string_view backend);
/// Declares --tf32 and --bf16.
void declare_products(Options& options);
/// What they say. Throws BadInput where both are given, or one for another backend than cuda.
Float32Products products_asked(const Options& options, std::string_view backend);
/// Declares the options that choose machine and backend, and how local work and payload are
/// treated.
void declare_machine(Options& options);
/// Declares the options of a collective.
void declare_collective(Options& options);

class Draft {
 public:
  Draft();
  /// Begins with a scenario file, `settings` ("/json/pointer=value") applied. Throws BadScenario.
  Draft(const std::string& file, const std::vector<std::string>& settings);
  ~Draft();

  /// Puts a platform, by name or file.
  void apply_platform(const std::string& platform);
  /// Puts what the options of declare_machine say over what is there.
  void apply_machine(const Options& options);
  /// Likewise of declare_collective.
  void apply_collective(const Options& options);

  const nlohmann::json& json() const { return *json_; }
  const scenarios::Origin& origin() const { return origin_; }
  /// What relative paths in the scenario are relative to.
  const std::string& folder() const { return folder_; }

 private:
  void set_text(const Options& options, const std::string& option, const std::string& pointer);
  void set_number(const Options& options, const std::string& option, const std::string& pointer);
  void set_flag(const Options& options, const std::string& option, const std::string& pointer);
  void put(const std::string& pointer, const nlohmann::json& value, const std::string& option);
  void apply_hosts(const Options& options);
  void apply_sizes(const Options& options);

  std::unique_ptr<nlohmann::json> json_;
  scenarios::Origin origin_;
  std::string folder_;
};

}  // namespace troupe::cli
