#pragma once
// A platform in the one engine of a test's process.

#include <simgrid/s4u.hpp>
#include <string>
#include <vector>

#include "platforms/simgrid/compat.hpp"
#include "platforms/simgrid/simgrid_platform.hpp"

namespace troupe::platforms {

inline PlatformSpec shipped(const std::string& name) {
  return platform_file(std::filesystem::path{TROUPE_PLATFORMS_DIRECTORY} / name);
}
inline PlatformSpec generated(const std::string& json) {
  PlatformSpec spec;
  spec.generator = json;
  return spec;
}

struct Loaded {
  explicit Loaded(const PlatformSpec& spec, const std::vector<std::string>& cfg = {})
      : platform{engine, spec, cfg} {}

  /// Seconds until `bytes` from rank to rank have arrived. Once a process.
  double time_of_message(int from, int to, double bytes) {
    simgrid::s4u::Mailbox* const mailbox = simgrid::s4u::Mailbox::by_name("message");
    int payload = 0;
    double end = 0;
    const auto ranks = platform.ranks();
    compat::add_actor("sender", ranks[static_cast<std::size_t>(from)].host,
                      [&] { mailbox->put(&payload, static_cast<std::uint64_t>(bytes)); });
    compat::add_actor("receiver", ranks[static_cast<std::size_t>(to)].host, [&] {
      mailbox->get<int>();
      end = simgrid::s4u::Engine::get_clock();
    });
    engine.run();
    return end;
  }

  simgrid::s4u::Engine engine{"test"};
  SimGridPlatform platform;
};

}  // namespace troupe::platforms
