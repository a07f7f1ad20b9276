// The tree keeps the rules of the house; and each rule has a control that breaks it.
#include "rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe::house {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::filesystem::path root{TROUPE_SOURCE_DIR};

const std::vector<File>& tree() {
  static const std::vector<File> files = files_under(root);
  return files;
}

template <class Rule>
std::string findings(Rule rule) {
  std::string all;
  for (const File& file : tree())
    for (const std::string& finding : rule(file)) all += finding + "\n";
  return all;
}

std::vector<std::string> including(std::string path, std::string_view target) {
  return broken_includes({std::move(path), "#include \"" + std::string{target} + "\"\n"});
}
std::vector<std::string> including_system(std::string path, std::string_view target) {
  return broken_includes({std::move(path), "  #  include <" + std::string{target} + ">\n"});
}

TEST(House, TheTreeIsReallyRead) {
  EXPECT_GT(tree().size(), 30u);
  EXPECT_TRUE(std::ranges::any_of(tree(), [](const File& file) {
    return file.path == "core/communicator.hpp" &&
           file.text.find("class Communicator") != std::string::npos;
  }));
}

TEST(House, FoldersIncludeOnlyWhomTheyMay) { EXPECT_EQ(findings(broken_includes), ""); }

TEST(House, TwoArrowsThatMustNeverExistAreFound) {
  // "Written once" would be false, and the simulator would be about one algorithm.
  for (const auto* backend : {"sim/simgrid/world.hpp", "sim/loggp/world.hpp",
                              "real_backend/mpi/world.hpp", "real_backend/cuda/memory.hpp"})
    EXPECT_THAT(including("algorithms/allreduce/ring.cpp", backend),
                ElementsAre(HasSubstr("algorithms may not include")));
  EXPECT_THAT(including("sim/loggp/world.cpp", "algorithms/catalogue.hpp"),
              ElementsAre(HasSubstr("sim may not include algorithms")));
}

TEST(House, OtherArrowsAgainstTheRuleAreFound) {
  EXPECT_THAT(including("core/slice.hpp", "platforms/platform.hpp"),
              ElementsAre(HasSubstr("core/slice.hpp:1: core may not include platforms")));
  EXPECT_THAT(including("analysis/fit.cpp", "algorithms/catalogue.hpp"), testing::SizeIs(1));
  EXPECT_THAT(including("real_backend/mpi/world.cpp", "platforms/platform.hpp"),
              testing::SizeIs(1));
  EXPECT_THAT(including("cli/run.cpp", "sim/simgrid/world.hpp"), testing::SizeIs(1));
  EXPECT_THAT(including("scenarios/parse.cpp", "sim/simgrid/world.hpp"), testing::SizeIs(1));
  EXPECT_THAT(including("core/slice.cpp", "slice.hpp"),
              ElementsAre(HasSubstr("not written from the root")));
}

TEST(House, ArrowsOfTheRuleAreLeftInPeace) {
  EXPECT_THAT(including("algorithms/allreduce/ring.cpp", "core/communicator.hpp"), IsEmpty());
  EXPECT_THAT(including("sim/loggp/world.cpp", "platforms/platform.hpp"), IsEmpty());
  EXPECT_THAT(including("scenarios/backend_simgrid.cpp", "sim/simgrid/world.hpp"), IsEmpty());
  EXPECT_THAT(including("cli/hand_over.cpp", "real_backend/mpi/launch.hpp"), IsEmpty());
  EXPECT_THAT(including("cli/run.cpp", "real_backend/mpi/launch.hpp"), testing::SizeIs(1));
  EXPECT_THAT(including("tests/sim/world_test.cpp", "algorithms/catalogue.hpp"), IsEmpty());
}

TEST(House, LibrariesStayBehindTheirDoors) {
  // A process with both SimGrid and MPI dies in MPI_Init.
  EXPECT_THAT(including_system("cli/run.cpp", "simgrid/s4u.hpp"), testing::SizeIs(1));
  EXPECT_THAT(including_system("sim/simgrid/world.cpp", "mpi.h"), testing::SizeIs(1));
  EXPECT_THAT(including_system("core/slice.cpp", "Eigen/Core"), testing::SizeIs(1));
  EXPECT_THAT(including_system("core/kernel_dense.cpp", "Eigen/Dense"), IsEmpty());
  EXPECT_THAT(including_system("sim/simgrid/world.cpp", "simgrid/s4u.hpp"), IsEmpty());
}

TEST(House, NothingIsUnfinishedOrTiedToOneMachine) { EXPECT_EQ(findings(unwanted_words), ""); }

TEST(House, UnfinishedWorkAndPrivatePathsAreFound) {
  const auto found = [](std::string text) { return unwanted_words({"a.cpp", text}).size(); };
  EXPECT_EQ(found("// TO"
                  "DO later"),
            1u);
  EXPECT_EQ(found("TEST(A, DIS"
                  "ABLED_B)"),
            1u);
  EXPECT_EQ(found("open(\"/ho"
                  "me/me/x\")"),
            1u);
  EXPECT_EQ(found("see ../sha"
                  "red/notes"),
            1u);
  EXPECT_EQ(found("cd /wo"
                  "rk/here"),
            1u);
  EXPECT_EQ(found("framework/work/x, a shared library, GTEST_SKIP() << \"why\";"), 0u);
}

TEST(House, EverySourceIsBuilt) {
  std::string all;
  for (const std::string& finding : forgotten_sources(tree())) all += finding + "\n";
  EXPECT_EQ(all, "");
}

TEST(House, AForgottenSourceIsFound) {
  EXPECT_THAT(
      forgotten_sources({{"core/CMakeLists.txt", "troupe_library(core SOURCES a.cpp c/d.cpp)"},
                         {"core/a.cpp", ""},
                         {"core/b.hpp", ""},
                         {"core/ab.cpp", ""}}),
      ElementsAre(HasSubstr("core/ab.cpp")));
}

TEST(House, LinksOfThePagesLeadSomewhere) {
  EXPECT_EQ(findings([](const File& file) { return broken_links(file, root); }), "");
  EXPECT_THAT(broken_links({"docs/a.md", "[x](no/such.md) [y](https://example.org)"}, root),
              ElementsAre(HasSubstr("no/such.md")));
}

}  // namespace
}  // namespace troupe::house
