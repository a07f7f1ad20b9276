#include "core/slice.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "core/loopback.hpp"
#include "core/subset.hpp"

namespace troupe {
namespace {

TEST(Slice, ViewsASpan) {
  std::vector<std::int32_t> values{1, 2, 3};
  const Slice slice{std::span{values}};
  EXPECT_EQ(slice.size(), 3u);
  EXPECT_EQ(slice.size_bytes(), 12u);
  EXPECT_EQ(slice.dtype(), Dtype::int32);
  slice.host<std::int32_t>()[1] = 7;
  EXPECT_EQ(values[1], 7);
}

TEST(Slice, CutsWithinItself) {
  std::vector<double> values(10);
  std::iota(values.begin(), values.end(), 0.0);
  const Slice slice{std::span{values}};
  EXPECT_EQ(slice.subslice(3, 2).host<double>()[0], 3.0);
  EXPECT_EQ(slice.drop(9).host<double>()[0], 9.0);
  EXPECT_TRUE(slice.drop(10).empty());
  EXPECT_THROW(slice.subslice(9, 2), ContractViolation);
  EXPECT_THROW(slice.subslice(11, 0), ContractViolation);
}

TEST(Slice, RefusesTypedAccessThatIsWrong) {
  std::vector<float> values(4);
  const Slice slice{std::span{values}};
  EXPECT_THROW(slice.host<double>(), ContractViolation);
  EXPECT_THROW(Slice::phantom(4).host<float>(), ContractViolation);
  EXPECT_TRUE(Slice::phantom(0).host<float>().empty());
}

TEST(Slice, CutsPhantomsLikeValues) {
  const Slice phantom = Slice::phantom(10, Dtype::float64);
  EXPECT_TRUE(phantom.subslice(3, 4).is_phantom());
  EXPECT_EQ(phantom.subslice(3, 4).size_bytes(), 32u);
  EXPECT_THROW(phantom.subslice(8, 4), ContractViolation);
}

TEST(Scratch, IsOfTheKindOfItsModel) {
  std::vector<float> values(4);
  EXPECT_TRUE(Scratch(Slice::phantom(4), 8).all().is_phantom());
  const Scratch real{Slice{std::span{values}}, 8};
  EXPECT_EQ(real.all().dtype(), Dtype::float32);
  EXPECT_EQ(real.first(3).size(), 3u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(real.all().address()) % 64, 0u);
}

TEST(Partition, CoversEveryLengthWithNearEqualBlocks) {
  for (std::size_t length : {0u, 1u, 2u, 7u, 64u, 100u})
    for (int parts : {1, 2, 3, 7, 16}) {
      const Partition block{Slice::phantom(length), parts};
      std::size_t total = 0, largest = 0;
      for (int i = 0; i < parts; ++i) {
        EXPECT_EQ(block.offset(i), total);
        total += block.size_of_block(i);
        largest = std::max(largest, block.size_of_block(i));
        EXPECT_GE(block.size_of_block(0), block.size_of_block(i));
        EXPECT_LE(block.size_of_block(0) - block.size_of_block(i), 1u);
      }
      EXPECT_EQ(total, length);
      EXPECT_EQ(block.largest(), largest);
      EXPECT_EQ(block.range(0, parts).size(), length);
    }
}

TEST(Partition, CountsModuloItsParts) {
  std::vector<std::int32_t> values{0, 1, 2, 3, 4, 5, 6};
  const Partition block{Slice{std::span{values}}, 3};
  EXPECT_EQ(block[-1].host<std::int32_t>()[0], 5);
  EXPECT_EQ(block[3].host<std::int32_t>()[0], 0);
  EXPECT_EQ(block[-7].host<std::int32_t>()[0], 5);
  EXPECT_THROW(Partition(Slice{}, 0), ContractViolation);
  EXPECT_THROW(block.range(2, 1), ContractViolation);
}

TEST(Context, NeverMistakesOnePathForAnother) {
  std::vector<std::uint64_t> paths;
  const Context world;
  for (std::uint32_t i = 0; i < 16; ++i) {
    paths.push_back(world.subset(i).path());
    for (std::uint32_t k = 0; k < 16; ++k) paths.push_back(world.subset(i).subset(k).path());
  }
  for (std::uint32_t i = 0; i < 256; ++i) {
    paths.push_back(world.spawned(i).path());
    for (std::uint32_t k = 0; k < 16; ++k) {
      paths.push_back(world.spawned(i).subset(k).path());
      paths.push_back(world.subset(k).spawned(i).path());
    }
  }
  std::sort(paths.begin(), paths.end());
  EXPECT_EQ(std::adjacent_find(paths.begin(), paths.end()), paths.end());
  EXPECT_THROW(world.subset(16), ContractViolation);
  Context deep;
  EXPECT_THROW(for (;;) deep = deep.spawned(0), ContractViolation);
}

TEST(Subset, RefusesWrongMembers) {
  run_loopback(2, [](Communicator& comm) {
    EXPECT_THROW((Subset{comm, {0, 0}, 0}), ContractViolation);
    EXPECT_THROW((Subset{comm, {1 - comm.rank()}, 0}), ContractViolation);
    EXPECT_THROW((Subset{comm, {0, 1}, 16}), ContractViolation);
    Subset alone{comm, {comm.rank()}, 1};
    int x = 0;
    EXPECT_THROW(send(alone, 1, Tag{1}, value(x)), ContractViolation);
    EXPECT_THROW(receive(alone, 1, Tag{1}, value(x)), ContractViolation);
  });
}

}  // namespace
}  // namespace troupe
