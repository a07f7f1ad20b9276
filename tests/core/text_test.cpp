#include "core/text.hpp"

#include <gtest/gtest.h>

#include "core/errors.hpp"
#include "core/standstill.hpp"

namespace troupe {
namespace {

/// What a call says when it refuses its input.
template <class Call>
std::string refusal(Call&& call) {
  try {
    call();
  } catch (const BadInput& error) {
    return error.what();
  }
  return "nothing was refused";
}
std::string refusal_of_size(std::string_view text) {
  return refusal([&] { parse_bytes(text); });
}
std::string refusal_of_sizes(std::string_view text) {
  return refusal([&] { parse_sizes(text); });
}
bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}
std::vector<std::uint64_t> sizes(std::string_view text) {
  std::vector<std::uint64_t> values;
  for (const Bytes size : parse_sizes(text)) values.push_back(size.value);
  return values;
}

TEST(Text, ReadsSizesInPowersOf1024AsNcclTestsDo) {
  EXPECT_EQ(parse_bytes("8").value, 8u);
  EXPECT_EQ(parse_bytes("0").value, 0u);
  EXPECT_EQ(parse_bytes("1K").value, 1024u);
  EXPECT_EQ(parse_bytes("128M").value, 128u << 20);
  EXPECT_EQ(parse_bytes("64KiB").value, 64u << 10);
  EXPECT_EQ(parse_bytes("2G").value, std::uint64_t{2} << 30);
  EXPECT_EQ(parse_bytes("1T").value, std::uint64_t{1} << 40);
  EXPECT_EQ(parse_bytes("1.5K").value, 1536u);
  EXPECT_EQ(parse_bytes("1e6").value, 1000000u);
}

TEST(Text, ReadsSizesInPowersOf1000AsSimGridDoes) {
  EXPECT_EQ(parse_bytes("25MB").value, 25000000u);
  EXPECT_EQ(parse_bytes("1kB").value, 1000u);
  EXPECT_EQ(parse_bytes("3GB").value, 3000000000u);
}

TEST(Text, ReadsTheLargestSizeAndRefusesTheNext) {
  EXPECT_EQ(parse_bytes("9223372036854775807").value, 0x7fffffffffffffffu);
  EXPECT_TRUE(contains(refusal_of_size("9223372036854775808"), "larger than 2^63 - 1"));
  EXPECT_TRUE(contains(refusal_of_size("99999999999999999999999"), "larger than 2^63 - 1"));
  EXPECT_TRUE(contains(refusal_of_size("8388608T"), "larger than 2^63 - 1"));
  EXPECT_TRUE(contains(refusal_of_size("9.5e18"), "larger than 2^63 - 1"));
  EXPECT_TRUE(contains(refusal_of_size("1e999"), "out of range"));
}

TEST(Text, RefusesASizeWithValueReasonAndExpectation) {
  EXPECT_EQ(refusal_of_size("1Q"),
            "the size \"1Q\" has the unknown unit \"Q\" (expected a number of bytes, with K, M, G, "
            "T or KiB, MiB, GiB, TiB for powers of 1024, kB, MB, GB, TB for powers of 1000)");
  EXPECT_TRUE(contains(refusal_of_size("-1"), "\"-1\" is negative"));
  EXPECT_TRUE(contains(refusal_of_size(""), "is empty"));
  EXPECT_TRUE(contains(refusal_of_size("K"), "does not begin with a number"));
  EXPECT_TRUE(contains(refusal_of_size("inf"), "does not begin with a number"));
  EXPECT_TRUE(contains(refusal_of_size("12 M"), "unknown unit \" M\""));
  EXPECT_TRUE(contains(refusal_of_size("1KB"), "\"kB\" for 1000 bytes or \"KiB\" for 1024"));
  EXPECT_TRUE(contains(refusal_of_size("0.3K"), "not a whole number of bytes"));
}

TEST(Text, ReadsTimesRatesAndSpeeds) {
  EXPECT_DOUBLE_EQ(parse_seconds("1us").count(), 1e-6);
  EXPECT_DOUBLE_EQ(parse_seconds("2.5ms").count(), 2.5e-3);
  EXPECT_DOUBLE_EQ(parse_seconds("30s").count(), 30);
  EXPECT_DOUBLE_EQ(parse_seconds("0.25").count(), 0.25);
  EXPECT_DOUBLE_EQ(parse_seconds("2m").count(), 120);
  EXPECT_DOUBLE_EQ(parse_bandwidth("100Gbps").value, 12.5e9);
  EXPECT_DOUBLE_EQ(parse_bandwidth("12.5GBps").value, 12.5e9);
  EXPECT_DOUBLE_EQ(parse_bandwidth("1GiBps").value, 1073741824);
  EXPECT_DOUBLE_EQ(parse_bandwidth("1e9").value, 1e9);
  EXPECT_DOUBLE_EQ(parse_speed("1Gf").value, 1e9);
  EXPECT_DOUBLE_EQ(parse_speed("19.5Tf").value, 19.5e12);
  EXPECT_DOUBLE_EQ(parse_speed("312e12").value, 312e12);
}

TEST(Text, RefusesTimesRatesAndSpeedsThatMakeNoSense) {
  EXPECT_TRUE(contains(refusal([] { parse_seconds("-1s"); }), "the time \"-1s\" is negative"));
  EXPECT_TRUE(contains(refusal([] { parse_seconds("1min"); }), "unknown unit \"min\""));
  EXPECT_TRUE(contains(refusal([] { parse_bandwidth("0Gbps"); }), "is zero"));
  EXPECT_TRUE(contains(refusal([] { parse_bandwidth("10Gb/s"); }), "unknown unit \"Gb/s\""));
  EXPECT_TRUE(contains(refusal([] { parse_speed("0"); }), "is zero"));
  EXPECT_TRUE(contains(refusal([] { parse_speed("1GFlops"); }), "unknown unit \"GFlops\""));
}

TEST(Text, ReadsRangesOfSizes) {
  using Values = std::vector<std::uint64_t>;
  EXPECT_EQ(sizes("8"), Values{8});
  EXPECT_EQ(sizes("1K:8K"), (Values{1024, 2048, 4096, 8192}));
  EXPECT_EQ(sizes("3:25"), (Values{3, 6, 12, 24}));
  EXPECT_EQ(sizes("1:1000:x10"), (Values{1, 10, 100, 1000}));
  EXPECT_EQ(sizes("0:10:+4"), (Values{0, 4, 8}));
  EXPECT_EQ(sizes("5:5"), Values{5});
  EXPECT_EQ(sizes("1,0,1M"), (Values{1, 0, 1 << 20}));
  EXPECT_EQ(sizes("4611686018427387904:9223372036854775807"), Values{4611686018427387904u});
}

TEST(Text, RefusesRangesOfSizesThatNeverEndOrBegin) {
  EXPECT_TRUE(contains(refusal_of_sizes("0:8"), "begin at 0 and multiply"));
  EXPECT_TRUE(contains(refusal_of_sizes("8:4"), "end before they begin"));
  EXPECT_TRUE(contains(refusal_of_sizes("1:8:x1"), "not a whole number above 1"));
  EXPECT_TRUE(contains(refusal_of_sizes("1:8:+0"), "step of 0"));
  EXPECT_TRUE(contains(refusal_of_sizes("1:8:2"), "neither \"x\" nor \"+\""));
  EXPECT_TRUE(contains(refusal_of_sizes("1:8:x2:3"), "more than three parts"));
  EXPECT_TRUE(contains(refusal_of_sizes("1:1G:+1"), "more than a million"));
  EXPECT_TRUE(contains(refusal_of_sizes("1,,2"), "is empty"));
  EXPECT_TRUE(contains(refusal_of_sizes(""), "is empty"));
}

TEST(Text, WritesSizesExactlyInPowersOf1024) {
  EXPECT_EQ(to_text(Bytes{0}), "0");
  EXPECT_EQ(to_text(Bytes{1000}), "1000");
  EXPECT_EQ(to_text(Bytes{1024}), "1 KiB");
  EXPECT_EQ(to_text(Bytes{1536}), "1536");
  EXPECT_EQ(to_text(Bytes{64 << 20}), "64 MiB");
}

TEST(Text, WritesTimesWithThreeDigits) {
  EXPECT_EQ(to_text(Seconds{0}), "0 s");
  EXPECT_EQ(to_text(Seconds{1.05}), "1.05 s");
  EXPECT_EQ(to_text(Seconds{12.3e-6}), "12.3 us");
  EXPECT_EQ(to_text(Seconds{123.4e-6}), "123 us");
  EXPECT_EQ(to_text(Seconds{999.6e-6}), "1.00 ms");
  EXPECT_EQ(to_text(Seconds{9.996e-3}), "10.0 ms");
  EXPECT_EQ(to_text(Seconds{3e-9}), "3.00 ns");
  EXPECT_EQ(to_text(Seconds{1234.0}), "1234 s");
  EXPECT_EQ(to_text(forever), "forever");
}

TEST(Text, SuggestsTheNearestName) {
  const std::vector<std::string> names{"ring", "halving_doubling", "central"};
  EXPECT_EQ(nearest("rign", names), "ring");
  EXPECT_EQ(nearest("rng", names), "ring");
  EXPECT_EQ(nearest("halving_dubling", names), "halving_doubling");
  EXPECT_EQ(nearest("halving", names), "halving_doubling");
  EXPECT_EQ(nearest("xyz", names), "");
  EXPECT_EQ(did_you_mean("cental", names), ", did you mean \"central\"?");
  EXPECT_EQ(did_you_mean("zzz", names), "");
}

TEST(Standstill, NamesContextsAndTags) {
  const Context flow = Context{}.subset(3).spawned(258);
  EXPECT_EQ(to_text(Context{}), "the world");
  EXPECT_EQ(to_text(flow), "flow 2 of subset 3");
  EXPECT_EQ(to_text(Tag{3}), "tag 3");
  EXPECT_EQ(to_text(Tag::open(5).at(2).in(flow)), "open tag 5, step 2 in flow 2 of subset 3");
}

}  // namespace
}  // namespace troupe
