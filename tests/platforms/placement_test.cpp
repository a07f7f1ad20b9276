// Who sits where, without any simulator.

#include "platforms/placement.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "messages.hpp"
#include "temporary_file.hpp"

namespace troupe::platforms {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> hosts{"h0", "h1", "h2", "h10", "h11"};

std::vector<std::string> names_of(const std::vector<Seat>& seats) {
  std::vector<std::string> names;
  for (const Seat& seat : seats) names.push_back(hosts[static_cast<std::size_t>(seat.host)]);
  return names;
}

TEST(Placement, FillsHostsInOrderOfDeclaration) {
  EXPECT_THAT(names_of(place_ranks(hosts, {})), ElementsAre("h0", "h1", "h2", "h10", "h11"));
}

TEST(Placement, LexicalSortsNamesAsTextSoThatTenComesBeforeTwo) {
  PlacementRequest request;
  request.placement = parse_placement("lexical");
  EXPECT_THAT(names_of(place_ranks(hosts, request)), ElementsAre("h0", "h1", "h10", "h11", "h2"));
}

TEST(Placement, RandomIsAPermutationThatDependsOnTheSeedAlone) {
  const auto placed = [](const char* text) {
    PlacementRequest request;
    request.placement = parse_placement(text);
    return names_of(place_ranks(hosts, request));
  };
  EXPECT_EQ(placed("random:7"), placed("random:7"));
  EXPECT_NE(placed("random:7"), placed("random:8"));
  EXPECT_TRUE(std::ranges::is_permutation(placed("random:7"), hosts));
}

TEST(Placement, FillsAHostBeforeTheNext) {
  PlacementRequest request;
  request.ranks_per_host = 2;
  request.ranks = 3;
  EXPECT_THAT(place_ranks(hosts, request),
              ElementsAre(Seat{.host = 0, .slot = 0}, Seat{.host = 0, .slot = 1},
                          Seat{.host = 1, .slot = 0}));
}

TEST(Placement, HostFileChoosesHostsOrderAndSlots) {
  const TemporaryFile file{"hosts", "# the fast ones\nh11 slots=2\n\nh2  # one\n"};
  PlacementRequest request;
  request.hostfile = read_hostfile(file.path());
  EXPECT_THAT(names_of(place_ranks(hosts, request)), ElementsAre("h11", "h11", "h2"));
  request.ranks_per_host = 3;  // for lines without slots=
  EXPECT_THAT(names_of(place_ranks(hosts, request)), ElementsAre("h11", "h11", "h2", "h2", "h2"));
}

TEST(Placement, HostListExpandsToRanksNodeAfterNode) {
  PlacementRequest request;
  request.hostfile = parse_hosts("h2:2,h0:3,h10");
  EXPECT_THAT(place_ranks(hosts, request),
              ElementsAre(Seat{2, 0}, Seat{2, 1}, Seat{0, 0}, Seat{0, 1}, Seat{0, 2}, Seat{3, 0}));
  request.ranks = 4;
  EXPECT_THAT(names_of(place_ranks(hosts, request)), ElementsAre("h2", "h2", "h0", "h0"));
}

TEST(Placement, HostListErrorsNameTheEntry) {
  const auto complaint = [](const char* text) { return complaint_of([&] { parse_hosts(text); }); };
  EXPECT_THAT(complaint("a:4,b:0"), AllOf(HasSubstr("\"a:4,b:0\""), HasSubstr("found \"b:0\""),
                                          HasSubstr("SLOTS ≥ 1"), IsOneLine()));
  for (const char* text : {"", "a,", ",a", "a:", "a:x", ":4", "a:4 ,b", "a:-1"})
    EXPECT_THAT(complaint(text), HasSubstr("expected NAME or NAME:SLOTS")) << text;
  EXPECT_THAT(complaint("a:1,b,a:2"), HasSubstr("\"a\" is named twice"));
}

TEST(Placement, DefaultIsAsManyRanksAsThereAreSlots) {
  PlacementRequest request;
  request.ranks_per_host = 4;
  EXPECT_EQ(place_ranks(hosts, request).size(), 20u);
}

TEST(Placement, MoreRanksThanSlotsIsAnErrorThatNamesBothWaysOut) {
  PlacementRequest request;
  request.ranks = 6;
  EXPECT_THAT(complaint_of([&] { place_ranks(hosts, request); }),
              AllOf(HasSubstr("6 ranks"), HasSubstr("5 slots"), HasSubstr("--ranks-per-host"),
                    HasSubstr("--hostfile"), IsOneLine()));
}

TEST(Placement, UnknownHostIsAnErrorWithTheNearestName) {
  PlacementRequest request;
  request.hostfile = {{.host = "h12", .slots = 1}};
  EXPECT_THAT(complaint_of([&] { place_ranks(hosts, request); }),
              AllOf(HasSubstr("\"h12\""), HasSubstr("did you mean \"h1"), IsOneLine()));
}

TEST(Placement, HostFileErrorsNameFileAndLine) {
  const auto complaint = [](const std::string& content) {
    const TemporaryFile file{"hosts", content};
    return complaint_of([&] { read_hostfile(file.path()); });
  };
  EXPECT_THAT(complaint("h0\nh1 slots=0\n"), AllOf(HasSubstr("hosts:2: \"slots=0\""), IsOneLine()));
  EXPECT_THAT(complaint("h0 slot=2\n"), HasSubstr("hosts:1: \"slot=2\""));
  EXPECT_THAT(complaint("h0\nh0\n"), HasSubstr("hosts:2: host \"h0\" is named twice"));
  EXPECT_THAT(complaint("# nothing\n"), HasSubstr("names no host"));
  EXPECT_THAT(complaint_of([] { read_hostfile("/nowhere/hosts"); }), HasSubstr("cannot read"));
}

TEST(Placement, IsReadAndWrittenTheSame) {
  for (const char* text : {"declared", "lexical", "random:18446744073709551615"})
    EXPECT_EQ(to_text(parse_placement(text)), text);
  for (const char* text : {"", "random", "random:", "random:-1", "random:1x", "lexicla"})
    EXPECT_THAT(complaint_of([&] { parse_placement(text); }),
                HasSubstr("expected declared, lexical"));
  EXPECT_THAT(complaint_of([] { parse_placement("lexicla"); }), HasSubstr("\"lexical\""));
}

}  // namespace
}  // namespace troupe::platforms
