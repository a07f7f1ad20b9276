// Limits of control groups, read from folders made like those of Linux.

#include "scenarios/memory_limit.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace troupe::scenarios {
namespace {

namespace fs = std::filesystem;

class ControlGroups : public testing::Test {
 protected:
  ~ControlGroups() override { fs::remove_all(root_); }

  void put(const std::string& file, const std::string& content) const {
    fs::create_directories((root_ / file).parent_path());
    std::ofstream{root_ / file} << content << '\n';
  }
  std::uint64_t limit(const std::string& groups, const std::string& mounts) const {
    return control_group_limit(groups, mounts, root_).value_or(Bytes{}).value;
  }

 private:
  fs::path root_ = fs::path{testing::TempDir()} / ("troupe-groups-" + std::to_string(::getpid()));
};

const std::string second = "0::/jobs/mine\n";
const std::string second_mounts =
    "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

TEST_F(ControlGroups, OfVersion2LimitTheProcess) {
  put("sys/fs/cgroup/jobs/mine/memory.max", "1048576");
  EXPECT_EQ(limit(second, second_mounts), 1048576u);
}

TEST_F(ControlGroups, AboveTheProcesssOwnLimitItToo) {
  put("sys/fs/cgroup/jobs/mine/memory.max", "max");
  put("sys/fs/cgroup/jobs/memory.max", "4096");
  put("sys/fs/cgroup/other/memory.max", "5");
  EXPECT_EQ(limit(second, second_mounts), 4096u);
  put("sys/fs/cgroup/jobs/mine/memory.max", "1024");
  EXPECT_EQ(limit(second, second_mounts), 1024u);
}

TEST_F(ControlGroups, WithoutALimitSayNothing) {
  EXPECT_EQ(limit(second, second_mounts), 0u);
  put("sys/fs/cgroup/jobs/mine/memory.max", "max");
  EXPECT_EQ(limit(second, second_mounts), 0u);
  EXPECT_EQ(limit("", ""), 0u);
  EXPECT_EQ(limit("nonsense\n\n:\n", "nonsense\n\n"), 0u);
}

TEST_F(ControlGroups, OfVersion1AreThoseOfTheMemoryController) {
  const std::string groups = "5:cpu,cpuacct:/elsewhere\n4:memory:/batch/job_7\n0::/\n";
  const std::string mounts =
      "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
      "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n";
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
  put("sys/fs/cgroup/memory/batch/memory.limit_in_bytes", "8192");
  put("sys/fs/cgroup/memory/batch/job_7/memory.limit_in_bytes", "9223372036854771712");
  put("sys/fs/cgroup/cpu/elsewhere/memory.limit_in_bytes", "1");
  EXPECT_EQ(limit(groups, mounts), 8192u);
}

TEST_F(ControlGroups, OfAContainerLieWhereTheyAreMounted) {
  put("sys/fs/cgroup/memory/memory.limit_in_bytes", "2048");
  const std::string mounts =
      "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
  EXPECT_EQ(limit("4:memory:/docker/abc\n", mounts), 2048u);
  EXPECT_EQ(limit("4:memory:/somewhere/else\n", mounts), 2048u);
  put("sys/fs/cgroup/memory/inner/memory.limit_in_bytes", "1024");
  EXPECT_EQ(limit("4:memory:/docker/abc/inner\n", mounts), 1024u);
}

TEST(MemoryLimit, IsNoMoreThanTheMachineHas) {
  const auto limit = memory_limit();
  EXPECT_GT(limit.bytes.value, 0u);
  EXPECT_LE(limit.bytes.value, static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                                   static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)));
}

}  // namespace
}  // namespace troupe::scenarios
