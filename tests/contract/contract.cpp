#include "contract/contract.hpp"

#include <numeric>
#include <vector>

namespace troupe::contract {

namespace {

constexpr Tag pause_tag{63}, order_tag{62}, ring_tag{61};

}  // namespace

std::span<const ContractCase> cases() {
  static const std::vector<ContractCase> all = [] {
    std::vector<ContractCase> table;
    for (const auto part : {matching_cases(), waiting_cases(), dropping_cases(), flow_cases(),
                            kernel_cases(), training_cases(), asynchronous_cases()})
      table.insert(table.end(), part.begin(), part.end());
    return table;
  }();
  return all;
}

void check(bool holds, std::string_view promise, std::source_location where) {
  if (holds) return;
  throw ContractFailure{std::string{where.file_name()} + ':' + std::to_string(where.line()) + ": " +
                        std::string{promise}};
}

void pause(Communicator& comm, Seconds duration) {
  char nothing = 0;
  Request never = comm.irecv(comm.rank(), pause_tag, value(nothing));
  const Seconds end = comm.now() + duration;
  check(!wait_until(comm, never, end), "a receive that nobody sends to does not complete");
  check(comm.now() >= end, "a wait with a deadline does not return nothing before it");
}

void tell(Communicator& comm, Rank peer) { send(comm, peer, order_tag, ConstPayload{}); }
void hear(Communicator& comm, Rank peer) { receive(comm, peer, order_tag, Payload{}); }
void meet(Communicator& comm) {
  for (Rank other = 1; other < comm.size(); ++other) {
    if (comm.rank() == 0) hear(comm, other);
    if (comm.rank() == other) tell(comm, 0);
  }
  for (Rank other = 1; other < comm.size(); ++other) {
    if (comm.rank() == 0) tell(comm, other);
    if (comm.rank() == other) hear(comm, 0);
  }
}

void ring_sum(Communicator& comm, std::span<std::int32_t> values) {
  const int n = comm.size();
  const Rank me = comm.rank(), right = (me + 1) % n, left = (me + n - 1) % n;
  const Partition block{Slice{values}, n};
  const Scratch scratch{Slice{values}, block.largest()};
  for (int step = 0; step < n - 1; ++step) {
    const Slice mine = block[me - step - 1], incoming = scratch.first(mine.size());
    exchange(comm, ring_tag, block[me - step], right, incoming, left);
    compute(comm, Reduce{Op::sum, mine, incoming});
  }
  for (int step = 0; step < n - 1; ++step)
    exchange(comm, ring_tag, block[me + 1 - step], right, block[me - step], left);
}

}  // namespace troupe::contract
