#pragma once
// Runs the real executable and looks at what a shell would see.

#include <gmock/gmock.h>

#include <filesystem>
#include <string>

namespace troupe::cli_test {

struct Ran {
  int status = 0;
  std::string out, err;
};

/// Runs a shell command.
Ran shell(const std::string& command);
/// Runs troupe with these arguments; `before` stands in front of it ("mpirun -n 4").
Ran troupe(const std::string& arguments, const std::string& before = "");

/// A folder of its own for one test, removed afterwards.
class CliTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;
  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& content) const;
  static std::string read(const std::string& file);
  /// Names of the files in the folder.
  std::vector<std::string> files() const;

 private:
  std::filesystem::path folder_;
};

}  // namespace troupe::cli_test
