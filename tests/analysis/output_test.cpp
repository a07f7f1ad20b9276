#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "analysis/output.hpp"
#include "core/errors.hpp"

namespace troupe::analysis {
namespace {

namespace fs = std::filesystem;

class OutputTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::temp_directory_path() / (std::string{"troupe_output_"} +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{folder_}, fs::directory_iterator{}));
  }
  fs::path folder_;
};

TEST_F(OutputTest, LeavesNothingBehindUntilItIsWritten) {
  const Output output{folder_ / "report.json"};
  EXPECT_EQ(files(), 0u);
  output.write("first");
  output.write("second");
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(read_file(folder_ / "report.json"), "second");
}

TEST_F(OutputTest, MakesMissingFolders) {
  Output{folder_ / "a" / "b" / "report.json"}.write("x");
  EXPECT_EQ(read_file(folder_ / "a" / "b" / "report.json"), "x");
}

TEST_F(OutputTest, WritesANewFileOfThisFolder) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(std::filesystem::temp_directory_path());
  const std::string name = "troupe_output_test_bare_name.json";
  std::filesystem::remove(name);
  EXPECT_NO_THROW(Output{name}.write("text"));
  EXPECT_EQ(read_file(name), "text");
  std::filesystem::remove(name);
  std::filesystem::current_path(before);
}

TEST_F(OutputTest, WritesIntoADeviceAndDoesNotReplaceIt) {
  const auto pipe = folder_ / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  Output{pipe}.write("content");
  char read[16];
  EXPECT_EQ(::read(reader, read, sizeof read), 7);
  EXPECT_TRUE(fs::is_fifo(pipe));
  ::close(reader);
}

TEST_F(OutputTest, KnowsBeforehandThatItCannotBeWritten) {
  EXPECT_THROW(Output{"/proc/none/report.json"}, BadInput);
  EXPECT_THROW(Output{folder_}, BadInput);
  EXPECT_THROW(Output{""}, BadInput);
}

TEST_F(OutputTest, ReadingSaysWhy) {
  EXPECT_THROW(read_file(folder_ / "none"), BadInput);
  EXPECT_THROW(read_file(folder_), BadInput);
}

}  // namespace
}  // namespace troupe::analysis
