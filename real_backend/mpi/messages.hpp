#pragma once
// The messages of one rank: what it sends, what it waits for, and what has arrived unasked.
// Receives are matched here (Receive::probed) or by MPI (Receive::posted); see options.hpp for why.
//
// A send above the eager limit must not complete before its message has been received. Where MPI
// matches that is what MPI_Issend does; where we match it is MPI_Isend and a receipt of our own,
// because Open MPI 5.0.7 loses acknowledgements (docs/decisions/0008-mpi-backend.md).

#include <mpi.h>

#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/activity.hpp"
#include "core/communicator.hpp"
#include "real_backend/mpi/ballast.hpp"
#include "real_backend/mpi/context_numbers.hpp"
#include "real_backend/mpi/fragments.hpp"
#include "real_backend/mpi/mpi_call.hpp"
#include "real_backend/mpi/options.hpp"
#include "real_backend/mpi/receipts.hpp"
#include "real_backend/mpi/tag_packing.hpp"
#include "real_backend/mpi/waiter.hpp"

namespace troupe::mpi {

class Messages;

/// One message to send or to receive.
class MessageOperation final : public Operation {
 public:
  explicit MessageOperation(Messages& messages) : messages_{messages} {}

 private:
  friend class Messages;
  void abandon() noexcept override;
  void retire() noexcept override;

  Messages& messages_;
  /// "to receive from rank 1 (tag 3, step 2)"
  std::string description() const;

  Rank rank_ = any_rank;   // the other side, or any_rank
  Tag name_{0};            // with its context
  std::uint64_t key_ = 0;  // what it is matched by, of a receive
  bool open_ = false;      // on an open tag
  bool receives_ = false;
  bool posted_ = false;            // waits in a Channel for a message
  bool truncated_ = false;         // received into ballast: it was longer than the room
  std::byte* room_ = nullptr;      // of a receive
  Lane* lane_ = nullptr;           // of a receive into an accelerator's memory ...
  Mark after_;                     // ... and what it comes after
  std::size_t bytes_ = 0;          // to send, or the room's size
  std::byte* ballast_ = nullptr;   // borrowed instead of a room ...
  std::size_t ballast_bytes_ = 0;  // ... for so many bytes
  std::size_t slot_ = 0;           // among the active requests
  int ends_to_come_ = 1;           // of a send: that of MPI's request, and the receipt
  Rank from_ = 0;                  // who sent what it receives ...
  bool has_come_ = false;          // ... which is where it belongs ...
  std::size_t come_bytes_ = 0;     // ... and so long
  bool owes_receipt_ = false;      // of a receive: the message wants one ...
  std::uint64_t number_ = 0;       // ... under this number
};

class Messages final : private Fragments::Owner {
 public:
  /// Communicators of the same ranks for messages on addressed and on open tags, for receipts and
  /// for fragments, all returning errors.
  struct Comms {
    MPI_Comm addressed;
    MPI_Comm open;
    MPI_Comm receipts;
    MPI_Comm fragments;
    NodeMemory* node = nullptr;  ///< for values of devices, where there is any
  };
  /// Counts in `activity` what is sent and received.
  Messages(Comms comms, const Options& options, const Clock& clock, Waiter& waiter,
           Activity& activity);
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;

  /// `name` has its context; `lane` is that of the flow, null without an accelerator.
  Operation& send(Rank to, Tag name, ConstPayload payload, Lane* lane, std::uint64_t sequence);
  Operation& receive(Rank from, Tag name, Payload room, Lane* lane, std::uint64_t sequence);

  /// Matches what has arrived and completes what has ended by now. True if there was something.
  bool poll();
  /// Blocks inside MPI until something has ended.
  void wait();
  /// True while something can still happen here.
  bool pending() const noexcept {
    return !requests_.empty() || posted_addressed_ + posted_open_ > 0 || receipts_.expected() ||
           fragments_.copying();
  }
  /// True while a message is moving that is long enough to need this thread's help throughout.
  bool moving() const noexcept { return long_ones_ > 0 || fragments_.copying(); }
  /// True while a message that has arrived is being received.
  bool receiving() const noexcept { return taking_ > 0; }
  /// What those of the operations under way that are asked for wait for, in words.
  std::vector<std::string> waits(const std::function<bool(const Operation&)>& asked) const;
  /// Waits, with all ranks, until every message of the run has arrived; receives and forgets those
  /// that nobody asked for. Returns how many those were here. Calls `idle` again and again while
  /// others have not called it, unless it waits inside MPI.
  std::size_t finish(const std::function<void()>& idle);
  const Comms& comms() const noexcept { return comms_; }

 private:
  friend class MessageOperation;

  /// A message that has arrived before anybody asked.
  struct Arrived {
    MPI_Message message;
    Rank from;
    std::uint64_t key;
    TagPacking::Brings brings;
    std::size_t bytes;
    Fragments::Header header;  // if that is what it brings; `message` has been received then
    bool wants_receipt;
    std::uint64_t number;  // of the receipt
  };
  struct Matched {
    MessageOperation* operation;
    Arrived message;
  };
  /// What is to be matched: from one rank, or on open tags from any. Matches by key, first come
  /// first served.
  struct Channel {
    std::vector<MessageOperation*> posted;
    std::vector<Arrived> arrived;
  };
  /// What MPI is working on, beside requests_.
  struct Active {
    MessageOperation* operation;  // null: an eager send that has already completed, or a receipt
    std::unique_ptr<std::byte[]> copy;  // of its bytes
    std::size_t bytes;
    Fragments::Fragment* fragment = nullptr;
  };

  MessageOperation& fresh(std::uint64_t sequence);
  void recycle(MessageOperation& operation) noexcept;
  /// Forgets a receive that is not matched. False: it is.
  bool forget(MessageOperation& operation);

  Channel& channel(Rank from, bool open) {
    return open ? open_ : addressed_[static_cast<std::size_t>(from)];
  }
  /// The tag of a message that brings values, once the receiver knows what it stands for.
  int tag_to(Rank to, Tag name);
  /// Sends an item that is copied, for nobody to wait for.
  template <class Item>
  void send_item(const Item& item, Rank to, int tag, MPI_Comm comm) {
    auto copy = std::make_unique_for_overwrite<std::byte[]>(sizeof(item));
    std::memcpy(copy.get(), &item, sizeof(item));
    MPI_Request request = MPI_REQUEST_NULL;
    check_call(MPI_Isend(copy.get(), sizeof(item), MPI_BYTE, to, tag, comm, &request), "MPI_Isend");
    activate(request, {nullptr, std::move(copy), sizeof(item)});
  }
  MPI_Comm comm(bool open) const noexcept { return open ? comms_.open : comms_.addressed; }
  void activate(MPI_Request request, Active active);
  void activate(MPI_Request request, Fragments::Fragment* fragment) override;
  void payload_left(MessageOperation& operation) override;
  void values_arrived(MessageOperation& operation) override;
  void values_landed(MessageOperation& operation, std::size_t bytes) override;
  /// Sends a header in the place of values that are on an accelerator, and starts sending these.
  void send_in_fragments(MessageOperation& operation, int tag, ConstPayload payload, Lane& lane);
  /// Where to receive: the operation's own room, or ballast where it has none or must not be used.
  std::byte* room_for(MessageOperation& operation, std::size_t bytes, bool usable);
  /// Receives a message, at once or when its turn has come.
  void take(MessageOperation& operation, const Arrived& arrived);
  /// Those whose turn has come meanwhile.
  void take_next();
  void start_taking(MessageOperation& operation, Arrived arrived);
  /// Takes one message that has arrived, if there is one.
  bool probe(bool open);
  /// Completes what MPI has done. True if there was something.
  bool test_active();
  void finish_active(std::size_t slot, const MPI_Status& status, int error, Seconds at);
  void remove_active(std::size_t slot);
  /// A message that was taken is on this rank: its sender and the next to be taken hear of it.
  void arrive(MessageOperation& operation);
  /// The values of a message are where they belong: completes its receive as soon as those before
  /// it are complete.
  void end_receive(MessageOperation& operation, std::size_t bytes);
  void complete_receive(MessageOperation& operation, Seconds at);
  /// The end of a receive that MPI has matched.
  void end_posted(MessageOperation& operation, const MPI_Status& status, int error, Seconds at);
  /// `length`: of the message, in words, where it is known.
  static void fail_as_truncated(MessageOperation& operation, Rank from, const std::string& length,
                                Seconds at);
  /// Counts one end of a send; the last completes it.
  static void end_send(MessageOperation& operation, Seconds at);
  void send_receipt(const MessageOperation& received);
  bool take_receipts();
  bool forget_message(bool open);
  /// Starts receiving, for nobody, what follows a header.
  void forget_values(Rank from, const Fragments::Header& header);
  void forget_arrived(Channel& queue);
  void wait_for(MPI_Request request, const std::function<void()>& idle = std::this_thread::yield);

  Comms comms_;
  const Options& options_;
  const Clock& clock_;
  Waiter& waiter_;
  Activity& activity_;
  Ballast ballast_;
  ContextNumbers contexts_;
  Receipts receipts_;
  Fragments fragments_;
  std::vector<Channel> addressed_;  // by sender
  Channel open_;
  std::size_t posted_addressed_ = 0, posted_open_ = 0;

  std::vector<MPI_Request> requests_;
  std::vector<Active> active_;  // as long as requests_
  std::vector<int> indices_;
  std::vector<MPI_Status> statuses_;
  std::size_t long_ones_ = 0;
  std::size_t taking_ = 0;                // messages being received
  std::vector<MessageOperation*> taken_;  // all whose receive is not complete, in order
  std::deque<Matched> matched_;           // and those that wait for their turn

  std::vector<int> sent_;     // messages to each rank
  std::size_t received_ = 0;  // messages from all
  std::vector<std::unique_ptr<MessageOperation>> operations_;
  std::vector<MessageOperation*> free_;
};

}  // namespace troupe::mpi
