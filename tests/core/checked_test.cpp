#include "core/checked.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/loopback.hpp"
#include "core/subset.hpp"

namespace troupe {
namespace {

constexpr Tag data{3};

/// What a checked program of one rank is told; messages travel to itself, eagerly.
template <class Program>
std::string violation(Program&& program) {
  std::string message = "nothing was found";
  run_loopback(1,
               [&](Communicator& comm) {
                 CheckedCommunicator checked{comm};
                 std::vector<float> x(16, 1);
                 try {
                   program(static_cast<Communicator&>(checked), Slice{std::span{x}});
                 } catch (const ContractViolation& error) {
                   message = error.what();
                 }
               },
               {.eager_limit = Bytes{1024}});
  return message;
}

TEST(CheckedCommunicator, FindsAKernelThatWritesWhatIsBeingSent) {
  EXPECT_EQ(violation([](Communicator& comm, Slice x) {
              Request sent = comm.isend(0, data.at(2), x);
              Request coming = comm.irecv(0, data.at(2), Payload{});
              compute(comm, Scale{2, x.drop(15)});
            }),
            "rank 0: the kernel Scale would write bytes that the send to rank 0 (tag 3, step 2) "
            "still reads; wait for that first");
}

TEST(CheckedCommunicator, FindsAKernelThatReadsWhatIsBeingReceived) {
  EXPECT_EQ(violation([](Communicator& comm, Slice x) {
              Request coming = comm.irecv(0, data, x.first(8));
              compute(comm, Reduce{Op::sum, x.drop(8), x.first(8)});
            }),
            "rank 0: the kernel Reduce would read bytes that the receive from rank 0 (tag 3) still "
            "writes; wait for that first");
}

TEST(CheckedCommunicator, FindsASendOfWhatAKernelComputes) {
  EXPECT_EQ(
      violation([](Communicator& comm, Slice x) {
        Request filled = comm.start(Fill{1, x});
        Request sent = comm.isend(0, data, x.first(1));
      }),
      "rank 0: the send to rank 0 (tag 3) would read bytes that the kernel Fill still writes; "
      "wait for that first");
}

TEST(CheckedCommunicator, FindsTwoReceivesIntoOneRoom) {
  EXPECT_EQ(
      violation([](Communicator& comm, Slice x) {
        Request a = comm.irecv(0, data, x.first(9));
        Request b = comm.irecv(any_rank, Tag::open(4), x.drop(8));
      }),
      "rank 0: the receive from any rank (open tag 4) would write bytes that the receive from "
      "rank 0 (tag 3) still writes; wait for that first");
}

TEST(CheckedCommunicator, FindsAReceiveIntoWhatIsBeingSent) {
  EXPECT_NE(violation([](Communicator& comm, Slice x) {
              Request coming = comm.irecv(0, data, Payload{});
              Request sent = comm.isend(0, data, x);
              Request wrong = comm.irecv(0, data, x);
            }),
            "nothing was found");
}

TEST(CheckedCommunicator, FindsConflictsBetweenFlowsOfARank) {
  EXPECT_NE(violation([](Communicator& comm, Slice x) {
              Request filled = comm.start(Fill{1, x});
              wait(comm, comm.spawn([x](Communicator& flow) { compute(flow, Scale{2, x}); }));
            }),
            "nothing was found");
}

TEST(CheckedCommunicator, FindsConflictsOfGroups) {
  EXPECT_NE(violation([](Communicator& comm, Slice x) {
              Subset group{comm, {0}, 1};
              Request a = group.irecv(0, data, x);
              Request b = comm.start(Fill{1, x});
            }),
            "nothing was found");
}

TEST(CheckedCommunicator, HoldsALeaseUntilTheRequestIsWaitedForOrDropped) {
  EXPECT_EQ(violation([](Communicator& comm, Slice x) {
              { const Request dropped = comm.irecv(0, data, x); }
              Request sent = comm.isend(0, data, x);
              wait(comm, std::move(sent));
              compute(comm, Fill{1, x});
              receive(comm, 0, data, x);
              compute(comm, Fill{2, x});
            }),
            "nothing was found");
}

TEST(CheckedCommunicator, AllowsReadersTogetherAndKernelsInOrder) {
  EXPECT_EQ(violation([](Communicator& comm, Slice x) {
              WaitSet set;
              for (int i = 0; i < 3; ++i) {
                set.add(comm.isend(0, data, x));
                set.add(comm.irecv(0, data, Slice::phantom(16)));
              }
              wait_all(comm, set);
              set.add(comm.start(Fill{1, x}));
              set.add(comm.start(Scale{2, x.first(4)}));
              set.add(comm.start(Axpy{1, x, x}));
              wait_all(comm, set);
              // Neighbours do not overlap, and nothing overlaps with nothing.
              set.add(comm.irecv(0, data, x.first(8)));
              set.add(comm.isend(0, data, x.drop(8)));
              set.add(comm.isend(0, data, x.first(0)));
              set.add(comm.irecv(0, data, x.subslice(4, 0)));
              wait_all(comm, set);
            }),
            "nothing was found");
}

TEST(CheckedCommunicator, ReleasesWhatWasNeverIssued) {
  EXPECT_NE(violation([](Communicator& comm, Slice x) {
              EXPECT_THROW((void)comm.isend(7, data, x), ContractViolation);
              Request filled = comm.start(Fill{1, x});
              EXPECT_THROW((void)comm.isend(0, data, x), ContractViolation);
              wait(comm, std::move(filled));
              compute(comm, Fill{1, x});
              throw ContractViolation{"the end"};
            }),
            "nothing was found");
}

TEST(CheckedCommunicator, RefusesWrongRanksAndMixedTags) {
  const auto refuses = [](auto&& action) {
    return violation([&](Communicator& comm, Slice x) { action(comm, x); }) != "nothing was found";
  };
  EXPECT_TRUE(refuses([](Communicator& comm, Slice x) { (void)comm.isend(1, data, x); }));
  EXPECT_TRUE(refuses([](Communicator& comm, Slice x) { (void)comm.isend(any_rank, data, x); }));
  EXPECT_TRUE(refuses([](Communicator& comm, Slice x) { (void)comm.irecv(1, data, x); }));
  EXPECT_TRUE(refuses([](Communicator& comm, Slice x) { (void)comm.irecv(any_rank, data, x); }));
  EXPECT_TRUE(refuses([](Communicator& comm, Slice x) { (void)comm.irecv(0, Tag::open(3), x); }));
  EXPECT_TRUE(refuses([](Communicator& comm, Slice) {
    WaitSet empty;
    comm.wait_any(empty);
  }));
}

}  // namespace
}  // namespace troupe
