// The same table on memory that the host cannot touch: detached devices and GPUs, whose ranks are
// those of one MPI job for all strategies.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <variant>

#include "catalogue.hpp"
#include "scenarios/backend_loopback.hpp"

namespace troupe::written_once {
namespace {

using nlohmann::json;

/// What became of each case, by its name.
using Ends = std::map<std::string, json>;

Ends on_threads(int ranks) {
  Ends ends;
  for (const Case& one : catalogue(ranks))
    ends[one.name] =
        run(one, [](const auto& scenario) { return scenarios::make_loopback(scenario, {}); });
  return ends;
}

class File {
 public:
  explicit File(const std::string& name)
      : path_{std::filesystem::temp_directory_path() / fmt::format("{}.{}", name, getpid())} {}
  ~File() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }
  json read() const {
    std::ifstream in{path_};
    return json::parse(in);
  }

 private:
  std::filesystem::path path_;
};

#ifdef TROUPE_CATALOGUE_MPI
/// On detached devices ("detached") or GPUs ("cuda"); why not, where there is no GPU.
std::variant<Ends, std::string> on_devices(int ranks, const char* devices,
                                           const char* program = TROUPE_CATALOGUE_MPI) {
  const File file{"written_once_devices"};
  const int status = std::system(
      fmt::format("{} -n {} {} {} {} {}", MPIEXEC, ranks, program, ranks, file.path(), devices)
          .c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) return file.read().get<std::string>();
  EXPECT_EQ(status, 0);
  return status == 0 ? file.read().get<Ends>() : Ends{};
}
#endif

class WrittenOnceOnDevices : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Ranks, WrittenOnceOnDevices, testing::Values(2, 3, 4),
                         [](const auto& ranks) { return fmt::format("Among{}", ranks.param); });

/// Whatever a strategy touches is where it says: the memory of a detached device is not the host's,
/// and holds nothing that has not been written in order. The same bits; statistical where who comes
/// first decides: what one run lowered the loss by, the other did to within a quarter.
TEST_P(WrittenOnceOnDevices, TrainsAlikeOnThreadsAndOnDetachedDevices) {
#ifdef TROUPE_CATALOGUE_MPI
  const auto devices = std::get<Ends>(on_devices(GetParam(), "detached"));
  const auto threads = on_threads(GetParam());
  for (const Case& c : catalogue(GetParam())) {
    SCOPED_TRACE(c.name);
    ASSERT_TRUE(devices.contains(c.name));
    const json &a = threads.at(c.name), &b = devices.at(c.name);
    if (c.same_bits) {
      EXPECT_EQ(a["digest"], b["digest"]);
      EXPECT_NE(a["digest"], "");
      EXPECT_EQ(a["last"], b["last"]);
    } else {
      const auto lowered = [](const json& end) {
        return end["first"].get<double>() - end["last"].get<double>();
      };
      EXPECT_EQ(a["first"], b["first"]);
      EXPECT_NEAR(lowered(a) / lowered(b), 1, 0.25);
    }
  }
#else
  GTEST_SKIP() << "built without MPI";
#endif
}

/// The same loss where the strategy takes the same way everywhere, to what another order of
/// additions changes; else, where it settles, within a twentieth of what was gained.
TEST_P(WrittenOnceOnDevices, TrainsAlikeOnThreadsAndOnGpus) {
#ifdef TROUPE_CATALOGUE_CUDA
  const auto outcome = on_devices(GetParam(), "cuda", TROUPE_CATALOGUE_CUDA);
  if (const auto* why = std::get_if<std::string>(&outcome)) GTEST_SKIP() << *why;
  const auto& on_gpus = std::get<Ends>(outcome);
  const auto threads = on_threads(GetParam());
  for (const Case& c : catalogue(GetParam())) {
    SCOPED_TRACE(c.name);
    ASSERT_TRUE(on_gpus.contains(c.name));
    const json &a = threads.at(c.name), &b = on_gpus.at(c.name);
    ASSERT_EQ(a["first"].is_null(), b["first"].is_null());
    ASSERT_EQ(a["last"].is_null(), b["last"].is_null());
    if (a["last"].is_null()) continue;
    const double last = a["last"];
    double gained = last;
    if (!a["first"].is_null()) {
      const double first = a["first"];
      gained = first - last;
      EXPECT_NEAR(b["first"].get<double>(), first, 1e-5 * std::abs(first));
    }
    EXPECT_NEAR(b["last"].get<double>(), last,
                c.same_bits ? 1e-5 * std::abs(last) : 0.05 * std::abs(gained));
  }
#else
  GTEST_SKIP() << "built without a CUDA toolkit";
#endif
}

}  // namespace
}  // namespace troupe::written_once
