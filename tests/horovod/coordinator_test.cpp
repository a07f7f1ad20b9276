// The coordinator's table alone: who is waited for, what is fused, what is refused.

#include "algorithms/horovod/coordinator.hpp"

#include <gmock/gmock.h>

namespace troupe::algorithms::horovod {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t megabyte = 1000 * 1000;

Announcement gradient(const std::string& name, std::size_t bytes = 4,
                      Dtype dtype = Dtype::float32) {
  return {.name = name, .dtype = dtype, .shape = {bytes / size_of(dtype)}};
}

/// What is decided once all ranks have announced all of it.
std::vector<Response> decide(const std::vector<Announcement>& announcements, Bytes threshold,
                             int ranks = 2) {
  Coordinator coordinator{ranks, {.fusion_threshold = threshold}};
  for (Rank rank = 0; rank < ranks; ++rank)
    for (const Announcement& one : announcements) coordinator.announce(rank, one, Seconds{0});
  return coordinator.take_decided();
}

std::vector<std::string> names_of(const std::vector<Response>& responses) {
  std::vector<std::string> names;
  for (const Response& response : responses) {
    names.emplace_back();
    for (const std::string& name : response.names) names.back() += name;
  }
  return names;
}

TEST(Coordinator, DecidesWhenTheLastRankHasAnnounced) {
  Coordinator coordinator{3, {}};
  for (const Rank rank : {2, 0}) coordinator.announce(rank, gradient("a"), Seconds{0});
  EXPECT_THAT(coordinator.take_decided(), IsEmpty());
  coordinator.announce(1, gradient("a"), Seconds{0});
  EXPECT_THAT(names_of(coordinator.take_decided()), ElementsAre("a"));
  EXPECT_THAT(coordinator.take_decided(), IsEmpty());
}

TEST(Coordinator, FusesAHundredTensorsOfAMegabyteIntoTen) {
  std::vector<Announcement> hundred;
  for (int i = 0; i < 100; ++i) hundred.push_back(gradient(std::to_string(i), megabyte));
  const auto tens = decide(hundred, Bytes{10 * megabyte});
  ASSERT_EQ(tens.size(), 10u);
  for (const Response& ten : tens) EXPECT_EQ(ten.names.size(), 10u);
  EXPECT_EQ(decide(hundred, Bytes{0}).size(), 100u);
  EXPECT_EQ(decide(hundred, Bytes{megabyte}).size(), 100u);
  EXPECT_EQ(decide(hundred, Bytes{2 * megabyte - 1}).size(), 100u);
  EXPECT_EQ(decide(hundred, Bytes{2 * megabyte}).size(), 50u);
  EXPECT_EQ(decide(hundred, Bytes{128 * 1024 * 1024}).size(), 1u);
}

TEST(Coordinator, FusesOnlyWhatIsAlikeAndPassesOverTheRest) {
  auto sum = gradient("s");
  sum.op = ReduceOp::sum;
  auto scaled = gradient("p");
  scaled.prescale = 0.5;
  auto rows = gradient("g");
  rows.kind = Kind::allgather;
  const std::vector<Announcement> mixed{
      gradient("a"), sum,           gradient("d", 8, Dtype::float64), scaled,
      rows,          gradient("b"), gradient("e", 8, Dtype::float64)};
  EXPECT_THAT(names_of(decide(mixed, Bytes{100})), ElementsAre("ab", "s", "de", "p", "g"));
}

TEST(Coordinator, LetsATensorAboveTheThresholdTravelAlone) {
  EXPECT_THAT(names_of(decide({gradient("a", 80), gradient("b", 8), gradient("c", 8)}, Bytes{64})),
              ElementsAre("a", "bc"));
}

TEST(Coordinator, DecidesAGroupAsAWhole) {
  const auto member = [](const std::string& name) {
    auto announcement = gradient(name);
    announcement.group = "group";
    announcement.group_size = 2;
    return announcement;
  };
  Coordinator coordinator{2, {.fusion_threshold = Bytes{100}}};
  coordinator.announce(0, member("a"), Seconds{0});
  coordinator.announce(0, member("b"), Seconds{0});
  coordinator.announce(1, member("b"), Seconds{0});
  EXPECT_THAT(coordinator.take_decided(), IsEmpty());
  coordinator.announce(1, member("a"), Seconds{0});
  EXPECT_THAT(names_of(coordinator.take_decided()), ElementsAre("ba"));
}

/// Why rank 1 announcing `other` is refused where rank 0 announced `one`.
std::string refusal(const Announcement& one, const Announcement& other) {
  Coordinator coordinator{2, {}};
  coordinator.announce(0, one, Seconds{0});
  coordinator.announce(1, other, Seconds{0});
  const auto decided = coordinator.take_decided();
  return decided.at(0).verdict == Verdict::refused ? decided[0].reason : "";
}

TEST(Coordinator, SaysInWhatTheRanksDiffer) {
  const auto with = [](auto change) {
    auto announcement = gradient("a", 24);
    change(announcement);
    return announcement;
  };
  const auto a = gradient("a", 24);
  EXPECT_EQ(refusal(a, a), "");
  EXPECT_EQ(refusal(a, with([](auto& b) {
                      b.shape = {2, 3};
                    })),
            "allreduce \"a\": ranks 0 and 1 announced shape [6] and shape [2, 3]");
  EXPECT_EQ(refusal(a, gradient("a", 48, Dtype::float64)),
            "allreduce \"a\": ranks 0 and 1 announced dtype float32 and dtype float64");
  EXPECT_EQ(refusal(a, with([](auto& b) { b.kind = Kind::broadcast; })),
            "allreduce \"a\": ranks 0 and 1 announced allreduce and broadcast");
  EXPECT_THAT(refusal(a, with([](auto& b) { b.op = ReduceOp::sum; })),
              HasSubstr("op average and op sum"));
  EXPECT_THAT(refusal(a, with([](auto& b) { b.postscale = 2; })), HasSubstr("scale"));
  EXPECT_THAT(refusal(a, with([](auto& b) { b.root = 1; })), HasSubstr("root 0 and root 1"));
  EXPECT_THAT(refusal(a, with([](auto& b) { b.group = "g"; })), HasSubstr("group \"g\""));
  EXPECT_EQ(refusal(a, with([](auto& b) { b.complaint = "it cannot be"; })),
            "allreduce \"a\": it cannot be");
}

TEST(Coordinator, LetsTheRowsOfAnAllgatherDiffer) {
  const auto rows = [](const Shape& shape) {
    auto announcement = gradient("a");
    announcement.kind = Kind::allgather;
    announcement.shape = shape;
    return announcement;
  };
  EXPECT_EQ(refusal(rows({1, 3}), rows({7, 3})), "");
  EXPECT_THAT(refusal(rows({1, 3}), rows({1, 4})), HasSubstr("shape [any, 3] and shape [any, 4]"));
  EXPECT_THAT(refusal(rows({3}), rows({3, 1})), HasSubstr("shape [any] and shape [any, 1]"));
}

TEST(Coordinator, TellsOnceWhoIsMissingAfterAMinute) {
  Coordinator coordinator{4, {.stall_warning = Seconds{60}}};
  EXPECT_EQ(coordinator.next_check(), forever);
  coordinator.announce(0, gradient("layer 1"), Seconds{5});
  coordinator.announce(2, gradient("layer 1"), Seconds{7});
  EXPECT_EQ(coordinator.next_check(), Seconds{65});
  EXPECT_THAT(coordinator.overdue(Seconds{64.9}), IsEmpty());
  const auto warnings = coordinator.overdue(Seconds{65});
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].tensor, "layer 1");
  EXPECT_THAT(warnings[0].missing, ElementsAre(1, 3));
  EXPECT_EQ(warnings[0].text(),
            "allreduce \"layer 1\" was announced 60 s ago, and not yet by ranks 1, 3");
  EXPECT_THAT(coordinator.overdue(Seconds{1000}), IsEmpty());
  EXPECT_EQ(coordinator.next_check(), forever);
}

TEST(Coordinator, GivesUpAfterTheLimit) {
  Coordinator coordinator{2, {.stall_warning = Seconds{1}, .stall_limit = Seconds{2.5}}};
  coordinator.announce(1, gradient("a"), Seconds{0});
  coordinator.give_up(Seconds{2});
  EXPECT_THAT(coordinator.take_decided(), IsEmpty());
  coordinator.give_up(Seconds{2.5});
  const auto lost = coordinator.take_decided();
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].verdict, Verdict::lost);
  EXPECT_EQ(lost[0].reason, "allreduce \"a\": rank 0 did not announce it within 2.5 s");
}

TEST(Coordinator, LosesWhatARankThatHasLeftDidNotAnnounce) {
  Coordinator coordinator{2, {}};
  const Announcement leave{.kind = Kind::leave, .name = "leave"};
  coordinator.announce(0, gradient("before"), Seconds{0});
  coordinator.announce(1, gradient("ours"), Seconds{0});
  coordinator.announce(1, leave, Seconds{0});
  coordinator.announce(0, gradient("ours"), Seconds{0});
  coordinator.announce(0, gradient("after"), Seconds{0});
  const auto decided = coordinator.take_decided();
  EXPECT_THAT(names_of(decided), ElementsAre("before", "ours", "after"));
  EXPECT_EQ(decided[0].reason, "allreduce \"before\": rank 1 shut down without announcing it");
  EXPECT_EQ(decided[1].verdict, Verdict::perform);
  EXPECT_EQ(decided[2].verdict, Verdict::lost);
  coordinator.announce(0, leave, Seconds{0});
  EXPECT_EQ(coordinator.take_decided().at(0).what.kind, Kind::leave);
}

/// Rank 2 has announced it, heard that it is lost, and left before rank 0 comes to it.
TEST(Coordinator, TellsLateRanksWhatTheOthersWereTold) {
  for (const char* group : {"", "both"}) {
    Coordinator coordinator{3, {}};
    const Announcement leave{.kind = Kind::leave, .name = "leave"};
    const auto announce = [&](Rank rank) {
      for (const char* name : {"x", "y"}) {
        auto one = gradient(name);
        one.group = group;
        one.group_size = *group ? 2 : 0;
        coordinator.announce(rank, one, Seconds{0});
      }
      return coordinator.take_decided();
    };
    EXPECT_TRUE(announce(2).empty());
    coordinator.announce(1, leave, Seconds{0});
    ASSERT_THAT(names_of(coordinator.take_decided()), ElementsAre("x", "y"));
    coordinator.announce(2, leave, Seconds{0});
    const auto late = announce(0);
    ASSERT_THAT(names_of(late), ElementsAre("x", "y")) << group;
    EXPECT_EQ(late[1].reason, "allreduce \"y\": rank 1 shut down without announcing it");
    EXPECT_EQ(late[1].verdict, Verdict::lost);
    EXPECT_EQ(announce(0).at(0).reason,  // another round
              "allreduce \"x\": ranks 1, 2 shut down without announcing it");
  }
}

TEST(Coordinator, TellsLateRanksOfWhatWasGivenUp) {
  Coordinator coordinator{2, {.stall_limit = Seconds{10}}};
  coordinator.announce(0, gradient("slow"), Seconds{0});
  coordinator.give_up(Seconds{10});
  ASSERT_EQ(coordinator.take_decided().at(0).verdict, Verdict::lost);
  coordinator.announce(1, gradient("slow"), Seconds{11});
  EXPECT_EQ(coordinator.take_decided().at(0).reason,
            "allreduce \"slow\": rank 1 did not announce it within 10 s");
  coordinator.announce(0, gradient("slow"), Seconds{12});
  coordinator.announce(1, gradient("slow"), Seconds{13});
  EXPECT_EQ(coordinator.take_decided().at(0).verdict, Verdict::perform);
}

TEST(Coordinator, CountsRanksThatHaveJoinedAsPresentForSums) {
  const Announcement join{.kind = Kind::join, .name = "join"};
  Coordinator coordinator{2, {}};
  coordinator.announce(0, gradient("a"), Seconds{0});
  coordinator.announce(1, join, Seconds{0});
  EXPECT_EQ(coordinator.take_decided().at(0).verdict, Verdict::perform);
  auto product = gradient("b");
  product.op = ReduceOp::product;
  coordinator.announce(0, product, Seconds{0});
  EXPECT_EQ(coordinator.take_decided().at(0).reason,
            "allreduce \"b\": rank 1 joined, and only sums and averages go on without them");
  coordinator.announce(0, join, Seconds{0});
  const auto joined = coordinator.take_decided();
  EXPECT_EQ(joined.at(0).what.kind, Kind::join);
  EXPECT_THAT(joined[0].sizes, ElementsAre(0));
  // After that everybody is back.
  coordinator.announce(0, gradient("c"), Seconds{0});
  EXPECT_THAT(coordinator.take_decided(), IsEmpty());
}

TEST(Negotiation, TravelsAsBytes) {
  const Announcement all{.kind = Kind::alltoall,
                         .name = "layer 1",
                         .dtype = Dtype::int64,
                         .shape = {3, 4},
                         .phantom = true,
                         .op = ReduceOp::max,
                         .prescale = 0.5,
                         .postscale = 3,
                         .root = 2,
                         .group = "group",
                         .group_size = 9,
                         .complaint = "none"};
  const auto same = [&](const Announcement& one) {
    return one.kind == all.kind && one.name == all.name && one.dtype == all.dtype &&
           one.shape == all.shape && one.phantom == all.phantom && one.op == all.op &&
           one.prescale == all.prescale && one.postscale == all.postscale && one.root == all.root &&
           one.group == all.group && one.group_size == all.group_size &&
           one.complaint == all.complaint;
  };
  const auto announcements = announcements_in(to_bytes(std::vector{all, Announcement{}, all}));
  ASSERT_EQ(announcements.size(), 3u);
  EXPECT_TRUE(same(announcements[2]));
  const auto responses = responses_in(to_bytes(
      std::vector<Response>{{}, {all, {"a", "", "c"}, {1, 2, 3}, Verdict::lost, "because"}}));
  ASSERT_EQ(responses.size(), 2u);
  EXPECT_TRUE(same(responses[1].what));
  EXPECT_THAT(responses[1].names, ElementsAre("a", "", "c"));
  EXPECT_THAT(responses[1].sizes, ElementsAre(1, 2, 3));
  EXPECT_EQ(responses[1].verdict, Verdict::lost);
  EXPECT_EQ(responses[1].reason, "because");
}

}  // namespace
}  // namespace troupe::algorithms::horovod
