// The page as text; tests/page looks at it in a browser.

#include "analysis/page/page.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <zlib.h>

#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

#include "analysis/page/assets.hpp"
#include "core/errors.hpp"
#include "samples.hpp"

namespace troupe::analysis {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

/// What the page carries for its scripts.
json data_of(const std::string& page) {
  const std::string open = R"(<script type="application/json" id="data">)";
  const auto begin = page.find(open) + open.size();
  return json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}
int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST(Page, HoldsEverythingAndAsksForNothing) {
  const auto page = to_page({{"run", samples::report()}});
  EXPECT_THAT(page, HasSubstr(std::string{assets::css}));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* fetched : {"src=", "@import", "url(", "fetch(", "XMLHttpRequest", "href=\"http"})
    EXPECT_THAT(page, Not(HasSubstr(fetched))) << fetched;
  EXPECT_EQ(count(page, "<script"), 3);
  EXPECT_EQ(count(page, "</script"), 3);
}

TEST(Page, CarriesTheReportsAsTheyAre) {
  const auto data =
      data_of(to_page({{"a", samples::report()}, {"b", samples::training({1, 0.5})}}));
  ASSERT_EQ(data["reports"].size(), 2u);
  EXPECT_EQ(data["reports"][0]["file"], "a");
  EXPECT_EQ(data["reports"][0]["report"]["results"].size(), samples::report().results.size());
  const auto cell = samples::report().traffic.at(0);
  EXPECT_EQ(data["reports"][0]["report"]["traffic"][0],
            json({cell.from, cell.to, cell.messages, cell.bytes}));
  EXPECT_EQ(data["reports"][1]["report"]["training"][1]["loss"], 0.5);
  EXPECT_TRUE(data["trace"].is_null());
}

TEST(Page, IsNotBrokenByNames) {
  auto report = samples::report();
  const std::string name = "</script><!-- {{data}} & \"x\"";
  report.environment = {{"name", name}};
  report.scenario = json{{"name", "</script><script>alert(1)</script>"}}.dump();
  const auto page = to_page({{name + " \xff", report}});  // a file may be called so
  EXPECT_EQ(count(page, "</script"), 3);
  EXPECT_EQ(count(page, "alert(1)"), 1);  // within the data
  EXPECT_THAT(page, HasSubstr("<title>&lt;/script&gt;&lt;!-- {{data}} &amp; &quot;x&quot;"));
  EXPECT_EQ(data_of(page)["reports"][0]["report"]["scenario"]["name"],
            "</script><script>alert(1)</script>");
}

std::string from_base64(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int held = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<unsigned>(digits.find(c));
    if ((held += 6) < 8) continue;
    held -= 8;
    bytes += static_cast<char>(bits >> held & 0xFF);
  }
  return bytes;
}

TEST(Page, PacksKernelsOfADeviceBehindTheOtherSpansOfTheirRank) {
  Trace trace;
  trace.ranks = 3;
  trace.end = Seconds{8};
  trace.kernels = {"Gemm", "Axpy"};
  for (const Rank rank : {0, 2}) trace.spans.push_back({.lane = Span::Lane::waiting, .rank = rank});
  for (const Rank rank : {0, 1, 2})
    trace.devices.push_back({.rank = rank, .name = 1, .begin = Seconds{1}, .end = Seconds{3}});
  const auto compressed = from_base64(packed(trace));
  std::array<unsigned char, 5 * 25> raw{};
  uLongf size = raw.size();
  ASSERT_EQ(uncompress(raw.data(), &size, reinterpret_cast<const Bytef*>(compressed.data()),
                       compressed.size()),
            Z_OK);
  ASSERT_EQ(size, raw.size());
  const auto column = [&](std::size_t at, std::size_t width) {
    std::vector<int> values;
    for (std::size_t i = 0; i < 5; ++i) values.push_back(raw[5 * at + width * i]);
    return values;
  };
  EXPECT_THAT(column(20, 2), testing::ElementsAre(0, 0, 1, 2, 2));  // rank
  EXPECT_THAT(column(24, 1), testing::ElementsAre(3, 4, 4, 3, 4));  // lane
  EXPECT_EQ(column(22, 2)[1], 1);                                   // kernel
}

TEST(Page, PacksSpansInColumns) {
  Trace trace;
  trace.ranks = 2;
  trace.end = Seconds{8};
  trace.kernels = {"Gemm"};
  trace.spans = {{.lane = Span::Lane::compute, .rank = 0, .begin = Seconds{1}, .end = Seconds{2}},
                 {.lane = Span::Lane::receive,
                  .rank = 1,
                  .peer = 0,
                  .flow = 7,
                  .bytes = 4096,
                  .issued = Seconds{2},
                  .begin = Seconds{4},
                  .end = Seconds{8}}};
  trace.spans[0].issued = Seconds{1};
  const auto compressed = from_base64(packed(trace));
  std::array<unsigned char, 50> raw{};
  uLongf size = raw.size();
  ASSERT_EQ(uncompress(raw.data(), &size, reinterpret_cast<const Bytef*>(compressed.data()),
                       compressed.size()),
            Z_OK);
  ASSERT_EQ(size, 2u * 25u);
  const auto word = [&](std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, raw.data() + at, sizeof value);
    return value;
  };
  const double tick = 8 / 4294967295.0;
  EXPECT_NEAR(word(0) * tick, 1, 1e-8);              // begin
  EXPECT_NEAR((word(0) + word(4)) * tick, 4, 1e-8);  // the step to the next
  EXPECT_NEAR(word(8) * tick, 1, 1e-8);              // duration
  EXPECT_NEAR(word(12) * tick, 4, 1e-8);
  EXPECT_EQ(word(16), 0u);  // asked for and begun at once
  EXPECT_NEAR(word(20) * tick, 2, 1e-8);
  float bytes = 0;
  std::memcpy(&bytes, raw.data() + 28, sizeof bytes);
  EXPECT_EQ(bytes, 4096);
  EXPECT_EQ(word(36), 7u);  // flow
  EXPECT_EQ(raw[42], 1);    // rank
  EXPECT_EQ(raw[44], 0);    // kernel
  EXPECT_EQ(raw[48], 0);    // lanes
  EXPECT_EQ(raw[49], 2);
}

TEST(Page, CarriesTheLinksThatWereUsedMost) {
  auto report = samples::report();
  Trace trace;
  trace.ranks = 1;
  trace.digest = report.digest;
  for (int i = 0; i < 40; ++i) trace.links.push_back({fmt::format("l{}", i), {0.0, i / 39.0, 1.5}});
  trace.links.push_back({"never used", {0, 0, 0}});
  const auto links = data_of(to_page({{"a", report}}, &trace, "t"))["trace"]["links"];
  ASSERT_EQ(links.size(), 32u);
  EXPECT_EQ(links[0]["name"], "l8");
  EXPECT_EQ(links[31]["levels"], "0pp");  // 64 is all of it, and more is shown as all
}

TEST(Page, TakesATraceOfOneOfItsReportsOnly) {
  auto first = samples::report(), second = samples::report();
  first.digest = "1111";
  second.digest = "2222";
  Trace trace;
  trace.ranks = 1;
  trace.name = "other";
  trace.digest = "2222";
  EXPECT_EQ(data_of(to_page({{"a", first}, {"b", second}}, &trace, "t"))["trace"]["report"], 1);
  trace.digest = "3333";
  try {
    to_page({{"a", first}, {"b", second}}, &trace, "t.json");
    FAIL() << "nothing was thrown";
  } catch (const BadInput& error) {
    EXPECT_STREQ(error.what(),
                 "t.json: a trace of the scenario \"other\" (digest 3333), which "
                 "none of the reports is of");
  }
}

}  // namespace
}  // namespace troupe::analysis
