#include "core/checked.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/standstill.hpp"

namespace troupe {

namespace {

/// Bytes [begin, end) of this process.
struct Range {
  std::uintptr_t begin, end;
};
Range range_of(const std::byte* address, std::size_t bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  return {begin, begin + bytes};
}

/// Who uses bytes, as a person would name it.
struct User {
  enum class Kind : std::uint8_t { send, receive, kernel } kind;
  const void* flow;
  Rank peer = any_rank;
  Tag tag{0};
  std::string_view kernel;

  std::string text() const {
    const std::string with = peer == any_rank ? "any rank" : "rank " + std::to_string(peer);
    if (kind == Kind::send) return "the send to " + with + " (" + to_text(tag) + ')';
    if (kind == Kind::receive) return "the receive from " + with + " (" + to_text(tag) + ')';
    return "the kernel " + std::string{kernel};
  }
};

}  // namespace

/// What is in use on one rank, by all of its flows.
class CheckedCommunicator::Leases : public std::enable_shared_from_this<Leases> {
  struct Lease;
  /// Ranges by their beginning. Those that overlap a given one begin at most the longest length
  /// before it.
  struct Ranges {
    struct Entry {
      std::uintptr_t end;
      const Lease* lease;
    };
    std::multimap<std::uintptr_t, Entry> entries;
    std::uintptr_t longest = 0;

    void add(Range range, const Lease& lease) {
      if (range.begin == range.end) return;
      entries.emplace(range.begin, Entry{range.end, &lease});
      longest = std::max(longest, range.end - range.begin);
    }
    void remove(Range range, const Lease& lease) {
      auto [entry, end] = entries.equal_range(range.begin);
      while (entry != end && entry->second.lease != &lease) ++entry;
      if (entry != end) entries.erase(entry);
    }
    /// A lease of another kind of order that overlaps the range.
    const Lease* conflict(Range range, const User& user) const {
      if (range.begin == range.end) return nullptr;
      auto entry = entries.lower_bound(range.begin - std::min(longest, range.begin));
      for (; entry != entries.end() && entry->first < range.end; ++entry) {
        const User& other = entry->second.lease->user;
        const bool is_ordered = user.kind == User::Kind::kernel &&
                                other.kind == User::Kind::kernel && user.flow == other.flow;
        if (entry->second.end > range.begin && !is_ordered) return entry->second.lease;
      }
      return nullptr;
    }
  };

 public:
  /// Leases the ranges to a user; the lease ends with the observer. Throws ContractViolation.
  std::unique_ptr<RequestObserver> lease(Rank rank, User user, std::vector<Range> reads,
                                         std::vector<Range> writes) {
    const std::lock_guard lock{mutex_};
    const auto check = [&](const Ranges& ranges, Range range, const char* verb, const char* use) {
      if (const Lease* other = ranges.conflict(range, user))
        throw ContractViolation{"rank " + std::to_string(rank) + ": " + user.text() + " would " +
                                verb + " bytes that " + other->user.text() + " still " + use +
                                "; wait for that first"};
    };
    for (const Range range : writes) {
      check(writes_, range, "write", "writes");
      check(reads_, range, "write", "reads");
    }
    for (const Range range : reads) check(writes_, range, "read", "writes");
    auto lease =
        std::make_unique<Lease>(shared_from_this(), user, std::move(reads), std::move(writes));
    for (const Range range : lease->reads) reads_.add(range, *lease);
    for (const Range range : lease->writes) writes_.add(range, *lease);
    return lease;
  }

 private:
  struct Lease final : RequestObserver {
    Lease(std::shared_ptr<Leases> owner, User by, std::vector<Range> read,
          std::vector<Range> written)
        : table{std::move(owner)}, user{by}, reads{std::move(read)}, writes{std::move(written)} {}
    ~Lease() override {
      const std::lock_guard lock{table->mutex_};
      for (const Range range : reads) table->reads_.remove(range, *this);
      for (const Range range : writes) table->writes_.remove(range, *this);
    }
    void ended(const Completion*, Seconds, bool) noexcept override {
    }  // its destruction is what counts

    const std::shared_ptr<Leases> table;
    const User user;
    const std::vector<Range> reads, writes;
  };

  std::mutex mutex_;
  Ranges reads_, writes_;
};

CheckedCommunicator::CheckedCommunicator(Communicator& comm)
    : CheckedCommunicator{comm, std::make_shared<Leases>()} {}
CheckedCommunicator::CheckedCommunicator(Communicator& comm, std::shared_ptr<Leases> leases)
    : ForwardingCommunicator{comm}, leases_{std::move(leases)} {}

Request CheckedCommunicator::isend(Rank to, Tag tag, ConstPayload payload) {
  EXPECTS(0 <= to && to < size(), "a message goes to a rank of the communicator, not to rank " +
                                      std::to_string(to) + " of " + std::to_string(size()));
  auto lease =
      leases_->lease(rank(), {User::Kind::send, this, to, placed(tag), {}},
                     {range_of(payload.address, payload.is_phantom() ? 0 : payload.bytes)}, {});
  Request request = inner().isend(to, tag, payload);
  request.observe(std::move(lease));
  return request;
}

Request CheckedCommunicator::irecv(Rank from, Tag tag, Payload room) {
  EXPECTS(tag.is_open() == (from == any_rank),
          "an open tag is received from any_rank, and only an open tag (" + to_text(tag) + ')');
  EXPECTS(from == any_rank || (0 <= from && from < size()),
          "a message comes from a rank of the communicator, not from rank " + std::to_string(from) +
              " of " + std::to_string(size()));
  auto lease = leases_->lease(rank(), {User::Kind::receive, this, from, placed(tag), {}}, {},
                              {range_of(room.address, room.is_phantom() ? 0 : room.bytes)});
  Request request = inner().irecv(from, tag, room);
  request.observe(std::move(lease));
  return request;
}

Request CheckedCommunicator::start(Kernel kernel) {
  check(kernel);
  const auto ranges_of = [](const auto& slices) {
    std::vector<Range> ranges;
    for (const auto& slice : slices)
      ranges.push_back(range_of(slice.address(), slice.is_phantom() ? 0 : slice.size_bytes()));
    return ranges;
  };
  const Operands all = operands(kernel);
  auto lease = leases_->lease(rank(), {User::Kind::kernel, this, rank(), Tag{0}, name_of(kernel)},
                              ranges_of(all.reads), ranges_of(all.writes));
  Request request = inner().start(std::move(kernel));
  request.observe(std::move(lease));
  return request;
}

Request CheckedCommunicator::spawn(Task task) {
  EXPECTS(task, "what is spawned is a function");
  return inner().spawn([leases = leases_, task = std::move(task)](Communicator& flow) {
    CheckedCommunicator checked{flow, leases};
    task(checked);
  });
}

std::optional<Completion> CheckedCommunicator::wait_any(WaitSet& set, Seconds until) {
  EXPECTS(!set.empty(), "there is at least one request to wait for");
  return inner().wait_any(set, until);
}

}  // namespace troupe
