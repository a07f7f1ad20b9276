// Platforms by name.

#include "platforms/library.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

#include "messages.hpp"
#include "temporary_file.hpp"

namespace troupe::platforms {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::vector<std::filesystem::path> shipped{"/nowhere", TROUPE_PLATFORMS_DIRECTORY};

TEST(Library, ListsEveryPlatformWithItsDescriptionAndNothingElse) {
  std::vector<std::string> names;
  for (const ShippedPlatform& platform : list_platforms(shipped)) {
    names.push_back(platform.name);
    EXPECT_FALSE(platform.description.empty()) << platform.name;
    EXPECT_EQ(platform.description.find('\n'), std::string::npos);
  }
  EXPECT_THAT(names, testing::ElementsAre(
                         "butterfly_16", "dgx_a100_pod_20", "dgx_h100_2", "dgx_h100_pod_32",
                         "dgx_h100_pods_16384", "dgx_h100_pods_2048", "dragonfly_64", "fat_tree_64",
                         "hypercube_16", "leonardo_booster_32", "lumi_c_32",
                         "mare_nostrum_5_acc_32", "star_16", "torus_8x8", "two_sites_wan"));
}

TEST(Library, FindsByNameByFileNameAndByPath) {
  const std::filesystem::path star =
      std::filesystem::path{TROUPE_PLATFORMS_DIRECTORY} / "star_16.xml";
  EXPECT_EQ(find_platform("star_16", shipped), star);
  EXPECT_EQ(find_platform("star_16.xml", shipped), star);
  EXPECT_EQ(find_platform(star.string(), {}), star);
  EXPECT_THAT(complaint_of([] { find_platform("star_17", shipped); }),
              AllOf(HasSubstr("star_17"), HasSubstr("did you mean \"star_16\""), IsOneLine()));
}

TEST(Library, EarlierDirectoriesHideLaterOnes) {
  const TemporaryFile mine{"star_16.xml", "<platform version='4.1'/>"};
  const std::vector<std::filesystem::path> directories{mine.path().parent_path(), shipped[1]};
  EXPECT_EQ(find_platform("star_16", directories), mine.path());
}

TEST(Library, LooksInTheEnvironmentThenBesideTheExecutableThenInTheSources) {
  setenv("TROUPE_PLATFORMS", "/mine:/yours", 1);
  EXPECT_THAT(platform_directories("/usr/bin/troupe"),
              testing::ElementsAre("/mine", "/yours", "/usr/share/troupe/platforms",
                                   TROUPE_PLATFORMS_DIRECTORY));
}

}  // namespace
}  // namespace troupe::platforms
