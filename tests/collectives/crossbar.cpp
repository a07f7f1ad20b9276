#include "collectives/crossbar.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <vector>

#include "core/forwarding.hpp"
#include "core/loopback.hpp"

namespace troupe::tests {

namespace {

constexpr double not_yet = -1;

struct Message {
  Rank from, to;
  double sent = not_yet, received = not_yet;  // when each end was posted
  std::size_t bytes = 0;
};

/// What all ranks know: the k-th send of a name meets its k-th receive.
class World {
 public:
  explicit World(const algorithms::AlphaBetaGamma& its_machine) : machine{its_machine} {}

  std::size_t posted(bool is_send, Rank from, Rank to, Tag tag, double at, std::size_t bytes) {
    const std::lock_guard lock{mutex_};
    auto& [sends, receives, indices] =
        names_[{tag.context().path(), tag.name(), tag.step(), from, to}];
    std::size_t& place = is_send ? sends : receives;
    if (place == indices.size()) {
      indices.push_back(messages_.size());
      messages_.push_back({from, to});
    }
    const std::size_t index = indices[place++];
    (is_send ? messages_[index].sent : messages_[index].received) = at;
    if (is_send) messages_[index].bytes = bytes;
    return index;
  }
  double start_of(const Message& message) const { return std::max(message.sent, message.received); }
  double end_of(const Message& message) const {
    return start_of(message) + machine.alpha.count() +
           machine.beta * static_cast<double>(message.bytes);
  }
  double end_of(std::size_t index) const {
    const std::lock_guard lock{mutex_};
    return end_of(messages_[index]);
  }
  CrossbarReport report(int ranks) const {
    CrossbarReport report;
    for (const bool sending : {true, false})
      for (Rank rank = 0; rank < ranks; ++rank) {
        std::vector<std::pair<double, double>> busy;
        std::uint64_t messages = 0, bytes = 0;
        for (const Message& message : messages_) {
          if ((sending ? message.from : message.to) != rank) continue;
          ++messages;
          bytes += message.bytes;
          if (message.bytes > 0) busy.emplace_back(start_of(message), end_of(message));
        }
        std::sort(busy.begin(), busy.end());
        for (std::size_t i = 1; i < busy.size(); ++i)
          if (busy[i].first < busy[i - 1].second * (1 - 1e-12)) report.shared = true;
        if (!sending) continue;
        report.messages = std::max(report.messages, messages);
        report.bytes = std::max(report.bytes, bytes);
        report.total_messages += messages;
        report.total_bytes += bytes;
      }
    return report;
  }

  const algorithms::AlphaBetaGamma machine;

 private:
  struct Name {
    std::size_t sends = 0, receives = 0;
    std::vector<std::size_t> indices;
  };
  mutable std::mutex mutex_;
  std::map<std::tuple<std::uint64_t, std::uint32_t, std::uint32_t, Rank, Rank>, Name> names_;
  std::vector<Message> messages_;
};

/// Moves a flow's clock to the end of what was waited for.
class Advance final : public RequestObserver {
 public:
  Advance(double& clock, std::function<double()> end) : clock_{clock}, end_{std::move(end)} {}
  void ended(const Completion*, Seconds, bool) noexcept override {
    clock_ = std::max(clock_, end_());
  }

 private:
  double& clock_;
  std::function<double()> end_;
};

class Clocked final : public ForwardingCommunicator {
 public:
  Clocked(Communicator& comm, World& world, double start)
      : ForwardingCommunicator{comm}, world_{world}, clock_{start}, lane_{start} {}

  Seconds now() const override { return Seconds{clock_}; }
  Request isend(Rank to, Tag tag, ConstPayload payload) override {
    const auto index = world_.posted(true, rank(), to, placed(tag), clock_, payload.bytes);
    return watched(inner().isend(to, tag, payload), [this, index] { return world_.end_of(index); });
  }
  Request irecv(Rank from, Tag tag, Payload room) override {
    const auto index = world_.posted(false, from, rank(), placed(tag), clock_, 0);
    return watched(inner().irecv(from, tag, room), [this, index] { return world_.end_of(index); });
  }
  Request start(Kernel kernel) override {
    lane_ = std::max(lane_, clock_);
    if (const auto* reduce = std::get_if<Reduce>(&kernel))
      lane_ += world_.machine.gamma * static_cast<double>(reduce->into.size_bytes());
    return watched(inner().start(std::move(kernel)), [end = lane_] { return end; });
  }
  Request spawn(Task task) override {
    const auto end = std::make_shared<double>(0);
    return watched(inner().spawn([this, end, begin = clock_, task](Communicator& flow) {
      Clocked clocked{flow, world_, begin};
      task(clocked);
      *end = clocked.clock_;
    }),
                   [end] { return *end; });
  }

 private:
  Request watched(Request request, std::function<double()> end) {
    request.observe(std::make_unique<Advance>(clock_, std::move(end)));
    return request;
  }
  World& world_;
  double clock_, lane_;
};

}  // namespace

CrossbarReport run_crossbar(int ranks, const algorithms::AlphaBetaGamma& machine,
                            const std::function<void(Communicator&)>& program) {
  World world{machine};
  std::vector<double> ends(static_cast<std::size_t>(ranks), 0);
  run_loopback(ranks, [&](Communicator& comm) {
    Clocked clocked{comm, world, 0};
    program(clocked);
    ends[static_cast<std::size_t>(comm.rank())] = clocked.now().count();
  });
  CrossbarReport report = world.report(ranks);
  report.time = Seconds{*std::max_element(ends.begin(), ends.end())};
  return report;
}

}  // namespace troupe::tests
