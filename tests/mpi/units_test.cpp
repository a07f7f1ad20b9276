// What the MPI backend does without MPI: packing tags, reading the launcher's environment, fibers,
// telling a device's clock by the host's, and keeping account of shared memory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <exception>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "core/random.hpp"
#include "real_backend/mpi/context_numbers.hpp"
#include "real_backend/mpi/device_clock.hpp"
#include "real_backend/mpi/fiber.hpp"
#include "real_backend/mpi/free_list.hpp"
#include "real_backend/mpi/launch.hpp"
#include "real_backend/mpi/tag_packing.hpp"

namespace troupe::mpi {
namespace {

using Brings = TagPacking::Brings;

constexpr std::int64_t int_max = std::numeric_limits<int>::max();

/// Paths of at most `digits` bits beside their leading 1, with a few children of each parent.
void collect(Context here, int digits, std::vector<Context>& all) {
  all.push_back(here);
  for (const std::uint32_t child : {0u, 1u, 7u, 15u})
    if (digits >= 5) collect(here.subset(child), digits - 5, all);
  for (const std::uint32_t child : {0u, 1u, 128u, 255u})
    if (digits >= 9) collect(here.spawned(child), digits - 9, all);
}

TEST(TagPacking, KeepsContextsNamesAndStepsApartIn31Bits) {
  const TagPacking packing{int_max};
  std::vector<Context> contexts;
  collect(Context{}, 22, contexts);
  std::set<int> packed;
  for (const Context context : contexts)
    for (const std::uint32_t name : {0u, 63u})
      for (const std::int64_t step : {0, 31}) {
        const Tag whole = Tag{name}.at(step).in(context);
        const int tag = packing.pack(whole);
        for (const Brings brings : {Brings::values, Brings::nothing, Brings::header}) {
          const int marked = TagPacking::marked(tag, brings);
          EXPECT_GE(marked, 0);
          EXPECT_EQ(TagPacking::mark_of(marked), brings);
          EXPECT_EQ(TagPacking::number_of(marked), packing.own_number(context));
          EXPECT_EQ(TagPacking::low_bits(marked), TagPacking::low_bits(whole));
          EXPECT_TRUE(packed.insert(marked).second) << "two messages have the same tag";
        }
      }
  EXPECT_EQ(packed.size(), contexts.size() * 12);
}

TEST(TagPacking, KeepsStepsModulo32) {
  const TagPacking packing{int_max};
  EXPECT_EQ(packing.pack(Tag{3}.at(1)), packing.pack(Tag{3}.at(33)));
  EXPECT_NE(packing.pack(Tag{3}.at(1)), packing.pack(Tag{3}.at(32)));
}

TEST(TagPacking, GivesShortPathsNumbersOfTheirOwn) {
  const TagPacking packing{int_max};
  EXPECT_TRUE(packing.own_number(Context{}.spawned(255).spawned(255)));
  EXPECT_TRUE(packing.own_number(Context{}.subset(15).subset(15).spawned(255)));
  const Context fourfold = Context{}.subset(15).subset(15).subset(15).subset(15);
  EXPECT_TRUE(packing.own_number(fourfold));
  EXPECT_FALSE(packing.own_number(fourfold.subset(0)));
  const Context deep = Context{}.spawned(0).spawned(0).spawned(0);
  EXPECT_FALSE(packing.own_number(deep));
  EXPECT_THROW(packing.pack(Tag{0}.in(deep)), BackendError);
}

TEST(TagPacking, StaysBelowASmallerBound) {
  for (const int bits : {15, 16, 20, 21, 23, 28}) {
    const std::int64_t bound = (std::int64_t{1} << bits) - 1;
    const TagPacking packing{bound};
    EXPECT_TRUE(packing.own_number(Context{})) << bits;
    EXPECT_GE(packing.telling() - packing.first_shared(), 2u) << bits;
    const int last = TagPacking::pack(packing.telling(), Tag{63}.at(31));
    EXPECT_LE(TagPacking::marked(last, Brings::header), bound) << bits;
  }
  EXPECT_TRUE(TagPacking{(1 << 23) - 1}.own_number(Context{}.spawned(255)));
}

/// The least that MPI promises: three numbers to share.
constexpr std::int64_t fewest_tags = 32767;

TEST(ContextNumbers, TellsWhatANumberStandsForBeforeItsFirstMessageOnly) {
  ContextNumbers numbers{fewest_tags, 2};
  const Tag tag = Tag{5}.at(3).in(Context{}.spawned(7));
  const auto first = numbers.send(1, tag), second = numbers.send(1, tag.at(4));
  EXPECT_TRUE(first.is_new);
  EXPECT_FALSE(second.is_new);
  EXPECT_EQ(first.number, second.number);
  EXPECT_TRUE(numbers.send(0, tag).is_new) << "another rank has not heard of it";
  EXPECT_TRUE(numbers.send(1, Tag::open(5).in(Context{}.spawned(7))).is_new)
      << "nor has another communicator";
  EXPECT_FALSE(numbers.send(1, Tag{5}).is_new) << "the world needs no word";
}

TEST(ContextNumbers, MeansOneContextAtATimeWhereMoreTakeTurnsThanThereAreNumbers) {
  ContextNumbers sender{fewest_tags, 2}, receiver{fewest_tags, 2};
  for (int round = 0; round < 3; ++round)
    for (std::uint32_t flow = 0; flow < 5; ++flow)
      for (const std::int64_t step : {0, 31}) {
        const Tag tag = Tag{flow}.at(step).in(Context{}.spawned(flow).spawned(9));
        const auto [number, is_new] = sender.send(1, tag);
        EXPECT_EQ(is_new, step == 0) << "five take turns with three numbers";
        if (is_new) receiver.hear(0, false, {number, tag.context().path()});
        const int sent = TagPacking::pack(number, tag);
        EXPECT_FALSE(receiver.tells(sent));
        EXPECT_LE(sent, fewest_tags);
        EXPECT_EQ(receiver.key(0, false, sent), receiver.key(tag));
        EXPECT_NE(receiver.key(tag), receiver.key(tag.in(Context{})));
      }
  EXPECT_TRUE(receiver.tells(sender.telling_tag()));
}

TEST(ContextNumbers, KeepsOneKeyWhicheverWayAContextIsSaid) {
  // Two senders name one context by different numbers; to the receiver it is one.
  ContextNumbers one{fewest_tags, 3}, other{fewest_tags, 3}, receiver{fewest_tags, 3};
  const Context context = Context{}.spawned(1);
  other.send(2, Tag{0}.in(Context{}.spawned(2)));
  const Tag tag = Tag::open(1).in(context);
  const auto by_one = one.send(2, tag), by_other = other.send(2, tag);
  receiver.hear(0, true, {by_one.number, context.path()});
  receiver.hear(1, true, {by_other.number, context.path()});
  EXPECT_EQ(receiver.key(0, true, TagPacking::pack(by_one.number, tag)),
            receiver.key(1, true, TagPacking::pack(by_other.number, tag)));
}

TEST(Launch, IsNothingWhenStartedByHand) {
  EXPECT_FALSE(find_launch([](const char*) -> const char* { return nullptr; }));
}

TEST(Launch, ReadsOpenMpi) {
  const auto launch = find_launch([](const char* name) -> const char* {
    if (!std::strcmp(name, "OMPI_COMM_WORLD_RANK")) return "5";
    if (!std::strcmp(name, "OMPI_COMM_WORLD_SIZE")) return "8";
    if (!std::strcmp(name, "OMPI_COMM_WORLD_LOCAL_RANK")) return "1";
    return nullptr;
  });
  ASSERT_TRUE(launch);
  EXPECT_EQ(launch->launcher, "Open MPI");
  EXPECT_EQ(launch->rank, 5);
  EXPECT_EQ(launch->size, 8);
  EXPECT_EQ(launch->local_rank, 1);
}

TEST(Launch, TakesSlurmsVariablesOnlyWithinAStep) {
  EXPECT_FALSE(find_launch([](const char* name) -> const char* {
    if (!std::strcmp(name, "SLURM_PROCID")) return "0";  // a batch script has these too
    if (!std::strcmp(name, "SLURM_STEP_NUM_TASKS")) return "4";
    return nullptr;
  }));
}

TEST(Launch, RefusesWhatIsNotANumber) {
  EXPECT_THROW(find_launch([](const char* name) -> const char* {
                 if (!std::strcmp(name, "PMI_RANK")) return "one";
                 if (!std::strcmp(name, "PMI_SIZE")) return "4";
                 return nullptr;
               }),
               BadInput);
  EXPECT_THROW(find_launch([](const char* name) -> const char* {
                 if (!std::strcmp(name, "PMI_RANK")) return "4";
                 if (!std::strcmp(name, "PMI_SIZE")) return "4";
                 return nullptr;
               }),
               BadInput);
}

TEST(Fiber, GoesBackAndForth) {
  StackPool stacks{64 * 1024};
  std::vector<int> order;
  Fiber* inside = nullptr;
  Fiber fiber{stacks, [&] {
                order.push_back(1);
                inside->suspend();
                order.push_back(3);
              }};
  inside = &fiber;
  fiber.resume();
  order.push_back(2);
  EXPECT_FALSE(fiber.finished());
  fiber.resume();
  EXPECT_TRUE(fiber.finished());
  EXPECT_THAT(order, ::testing::ElementsAre(1, 2, 3));
}

TEST(Fiber, HandlesItsOwnExceptions) {
  StackPool stacks{64 * 1024};
  Fiber* inside = nullptr;
  std::string seen;
  Fiber fiber{stacks, [&] {
                try {
                  throw std::runtime_error{"inside"};
                } catch (const std::exception&) {
                  inside->suspend();
                  try {
                    throw;
                  } catch (const std::exception& again) {
                    seen = again.what();
                  }
                }
              }};
  inside = &fiber;
  try {
    throw std::runtime_error{"outside"};
  } catch (const std::exception&) {
    fiber.resume();
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    try {
      throw;
    } catch (const std::exception& again) {
      EXPECT_STREQ(again.what(), "outside");
    }
  }
  EXPECT_FALSE(std::current_exception());
  fiber.resume();
  EXPECT_EQ(seen, "inside");
}

TEST(DeviceClock, IsToldByTheHostsThroughTwoMoments) {
  std::vector<TimedKernel> kernels{{"Gemm", Seconds{100}, Seconds{104}},
                                   {"Bias", Seconds{108}, Seconds{120}}};
  tell_by_host(kernels, {.device = Seconds{100}, .host = Seconds{3}},
               {.device = Seconds{116}, .host = Seconds{7}});
  EXPECT_EQ(kernels[0].begin, Seconds{3});
  EXPECT_EQ(kernels[0].end, Seconds{4});
  EXPECT_EQ(kernels[1].begin, Seconds{5});
  EXPECT_EQ(kernels[1].end, Seconds{8});  // after the second
  EXPECT_EQ(kernels[1].name, "Bias");
}
TEST(DeviceClock, RunsLikeTheHostsWhereNoTimeLiesBetweenTheMoments) {
  std::vector<TimedKernel> kernels{{"Gemm", Seconds{100}, Seconds{104}}};
  const SameMoment once{.device = Seconds{102}, .host = Seconds{3}};
  tell_by_host(kernels, once, once);
  EXPECT_EQ(kernels[0].begin, Seconds{1});
  EXPECT_EQ(kernels[0].end, Seconds{5});
}

TEST(FreeList, ReservesFreePagesAndJoinsThemWhenTheyAreReleased) {
  constexpr std::size_t pages = 64, page = 4096;
  FreeList memory{pages * page};
  SplitMix64 random{1};
  struct Used {
    std::size_t offset, bytes;
  };
  std::vector<Used> used;
  std::vector<bool> is_used(pages);
  const auto mark = [&](const Used& one, bool now) {
    for (std::size_t i = one.offset / page; i * page < one.offset + one.bytes; ++i) {
      ASSERT_NE(is_used[i], now) << "page " << i;
      is_used[i] = now;
    }
  };
  int refused = 0;
  for (int step = 0; step < 5000; ++step) {
    if (used.empty() || random.below(3) > 0) {
      const std::size_t bytes = 1 + random.below(8 * page);
      if (const auto offset = memory.reserve(bytes)) mark(used.emplace_back(*offset, bytes), true);
      else ++refused;
    } else {
      const auto one = used.begin() + static_cast<std::ptrdiff_t>(random.below(used.size()));
      mark(*one, false);
      memory.release(one->offset, one->bytes);
      used.erase(one);
    }
  }
  EXPECT_GT(refused, 0);
  for (const Used& one : used) memory.release(one.offset, one.bytes);
  EXPECT_EQ(memory.reserve(pages * page + 1), std::nullopt);
  EXPECT_EQ(memory.reserve(pages * page), std::optional<std::size_t>{0});
}

}  // namespace
}  // namespace troupe::mpi
