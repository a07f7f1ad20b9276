// troupe report: what a shell sees of it. tests/page opens what it writes.

#include <nlohmann/json.hpp>

#include "shell.hpp"

namespace troupe::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class ReportPage : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    const auto ran = troupe(
        "collective --backend loopback --ranks 2 -a ring --sizes 64 -n 2 -q "
        "--json " +
        file("run.json") + " --trace " + file("run.trace.json.gz"));
    ASSERT_EQ(ran.status, 0) << ran.err;
  }
  void expect_refused(const std::string& arguments, const std::string& message) {
    const auto before = files();
    const Ran ran = troupe("report " + arguments);
    EXPECT_EQ(ran.status, 2) << arguments;
    EXPECT_EQ(ran.out, "") << arguments;
    EXPECT_THAT(ran.err, HasSubstr(message)) << arguments;
    EXPECT_EQ(std::ranges::count(ran.err, '\n'), 1) << ran.err;
    EXPECT_EQ(files(), before) << arguments;
  }
};

TEST_F(ReportPage, IsOneFile) {
  const auto ran = troupe("report " + file("run.json") + " --trace " + file("run.trace.json.gz") +
                          " -o " + file("page.html"));
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  const auto page = read(file("page.html"));
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_TRUE(page.ends_with("</html>\n\n"));
  EXPECT_EQ(
      troupe("report " + file("run.json") + " --trace " + file("run.trace.json.gz") + " -o -").out,
      page);
}

TEST_F(ReportPage, RefusesWhatIsNoReportInOneLine) {
  const auto report = read(file("run.json"));
  const auto to_page = " -o " + file("page.html");
  const auto truncated = write("truncated.json", report.substr(0, report.size() / 2));
  expect_refused(truncated + to_page, "truncated.json: not a report: no valid JSON at byte");
  expect_refused(write("foreign.json", "{\"a\": 1}") + to_page,
                 "foreign.json: not a report of Troupe");
  auto other = json::parse(report);
  other["troupe_report"] = 2;
  expect_refused(write("other.json", other.dump()) + to_page,
                 "/troupe_report is 2, this program reads version 1");
  auto empty = json::parse(report);
  empty["results"] = empty["ranks"] = json::array();
  expect_refused(write("empty.json", empty.dump()) + to_page, "empty.json: the report is empty");
  expect_refused(file("run.json") + " " + truncated + to_page, "truncated.json");
  auto bent = json::parse(report);
  bent["topology"] = {
      {"hosts", 1}, {"vertices", {"a"}}, {"edges", {{{"from", 0}, {"to", 5}, {"link", "x"}}}}};
  expect_refused(write("bent.json", bent.dump()) + to_page,
                 "/topology/edges/0/to has an unexpected value 5");
}

TEST_F(ReportPage, RefusesWhatItCannotUseOrWrite) {
  const auto run = file("run.json"), to_page = " -o " + file("page.html");
  expect_refused("", "report");
  expect_refused(run, "a page needs a name: -o PAGE.html");
  expect_refused(file("nothing.json") + to_page, "nothing.json");
  expect_refused(run + " -o /proc/page.html", "cannot write /proc/page.html");
  expect_refused(run + " --trace " + run + to_page, "run.json: not a trace of Troupe");
  auto strange = json::parse(read(run));
  strange["digest"] = "0000000000000000";
  expect_refused(
      write("strange.json", strange.dump()) + " --trace " + file("run.trace.json.gz") + to_page,
      "which none of the reports is of");
}

}  // namespace
}  // namespace troupe::cli_test
