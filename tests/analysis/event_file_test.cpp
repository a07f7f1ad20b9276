#include "analysis/event_file.hpp"

#include <gmock/gmock.h>

#include <cstring>
#include <limits>

#include "samples.hpp"

namespace troupe::analysis {
namespace {

TEST(EventFile, SumsAsTheStandardSays) {
  // RFC 3720, B.4, and the check value of CRC-32C.
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c(""), 0U);
}

TEST(EventFile, BeginsWithItsVersionInARecord) {
  const auto text = to_events(Report{});
  // 24 bytes: wall_time (1 + 8), file_version (1 + 1 + 13)
  ASSERT_EQ(text.size(), 8u + 4 + 24 + 4);
  EXPECT_EQ(text[0], 24);
  EXPECT_EQ(text.substr(12, 9), std::string("\x09", 1) + std::string(8, '\0'));
  EXPECT_EQ(text.substr(21, 15),
            "\x1a\x0d"
            "brain.Event:2");
  std::uint32_t sum = 0;
  std::memcpy(&sum, text.data() + 8, 4);
  EXPECT_EQ(sum, masked_crc32c(text.substr(0, 8)));
  std::memcpy(&sum, text.data() + 36, 4);
  EXPECT_EQ(sum, masked_crc32c(text.substr(12, 24)));
}

TEST(EventFile, HasAScalarForEachFigureThatIsANumber) {
  const auto empty = to_events(Report{}).size();
  const auto one = to_events(samples::training({4})).size() - empty;
  EXPECT_EQ(to_events(samples::training({4, 2})).size(), empty + 2 * one);
  const double none = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(to_events(samples::training({4, none})).size(), empty + one);
  // step 300 takes two bytes of a varint
  auto later = samples::training({4});
  later.training[0].step = 300;
  EXPECT_NE(to_events(later).find("\x10\xac\x02"), std::string::npos);
}

}  // namespace
}  // namespace troupe::analysis
