#pragma once
// Messages between memories that MPI cannot reach: the values of a message from the memory of a
// device follow its header in fragments, each copied to staging memory and sent from there, and
// copied to where they belong on the other side. Some fragments of a message are under way at a
// time, so that copies and the network overlap. Fragments travel on a communicator of their own, by
// sender and number of the transfer: they never meet another message.
//
// Between ranks of one node a fragment is copied to memory that both see, where there is room for
// it, and only word of it travels: that it is there, and back that it has been taken.

#include <mpi.h>

#include <cstdint>
#include <list>
#include <vector>

#include "core/communicator.hpp"
#include "real_backend/mpi/accelerator.hpp"
#include "real_backend/mpi/ballast.hpp"
#include "real_backend/mpi/lanes.hpp"
#include "real_backend/mpi/node_memory.hpp"
#include "real_backend/mpi/options.hpp"
#include "real_backend/mpi/waiter.hpp"

namespace troupe::mpi {

class MessageOperation;

class Fragments {
 public:
  /// What is sent in the place of a message.
  struct Header {
    std::uint64_t bytes;     ///< of the message
    std::uint64_t fragment;  ///< of each fragment but the last
    std::uint64_t number;    ///< of the transfer, among those of this pair
    std::uint64_t slots;     ///< in which fragments lie in turn; 0: they travel
    std::uint64_t offset;    ///< of the first slot, in the sender's part of the node's memory
  };
  /// Where values go, or come from.
  struct Place {
    std::byte* address = nullptr;  ///< null: nowhere, they are thrown away
    Lane* lane = nullptr;          ///< whose order they follow; null: host memory
    Mark after{};                  ///< what they follow in it
  };
  struct Transfer;
  /// A part of a transfer that is under way.
  struct Fragment {
    Transfer* transfer;
    std::size_t offset, bytes;
    std::byte* address;  ///< where MPI sends it from or receives it, or where it lies
    enum class Stage {
      awaiting,  ///< what its copy comes after
      held,      ///< until its copy to the host is done
      travelling,
      landing  ///< being copied to the device
    } stage;
    Mark mark;  ///< the end of the copy, or what comes before MPI sends it from its place
  };

  /// Who has MPI work on fragments, and hears of their ends.
  class Owner {
   public:
    /// MPI works on a fragment, and ended() is to be called afterwards; or, null, on word of one.
    virtual void activate(MPI_Request request, Fragment* fragment) = 0;
    /// The payload of a send is no longer needed.
    virtual void payload_left(MessageOperation& operation) = 0;
    /// All values of a message are on this rank ...
    virtual void values_arrived(MessageOperation& operation) = 0;
    /// ... and where they belong, for all that its flow does from now on.
    virtual void values_landed(MessageOperation& operation, std::size_t bytes) = 0;

   protected:
    ~Owner() = default;
  };

  /// `node`: null where all values travel.
  Fragments(MPI_Comm comm, NodeMemory* node, int ranks, const Options& options, const Waiter& rank,
            Owner& owner);
  Fragments(const Fragments&) = delete;
  Fragments& operator=(const Fragments&) = delete;
  ~Fragments();

  /// Starts sending values from the accelerator; the header is for the caller to send. The payload
  /// of an eager message is copied before any of it must have been received.
  Header send(MessageOperation& operation, Rank to, const Place& payload, std::size_t bytes,
              bool eager);
  /// Receives the values that a header announces. `operation`: null if nobody asked for them.
  void receive(MessageOperation* operation, Rank from, const Header& header, const Place& room);
  /// Receives a message that MPI has matched into the accelerator's memory.
  void receive(MessageOperation& operation, Rank from, MPI_Message message, std::size_t bytes,
               const Place& room);

  /// MPI has ended its work on a fragment.
  void ended(Fragment& fragment);
  /// Goes on with what has waited for the accelerator. True if there was something.
  bool poll();
  /// True while something waits for the accelerator.
  bool copying() const noexcept { return copying_ > 0; }
  /// True while a transfer is not over.
  bool busy() const noexcept { return !transfers_.empty(); }

 private:
  Transfer& begin(MessageOperation* operation, Rank peer, const Place& place);
  void refill(Transfer& transfer);
  void add_fragment(Transfer& transfer);
  /// Finds slots for the fragments of a send. False: they travel.
  bool find_slots(Transfer& transfer);
  /// Copies it from the device if it is sent, else to it.
  void copy(Fragment& fragment);
  void travel(Fragment& fragment);
  /// Says that a fragment lies in its slot, or that it has been taken from there.
  void send_word(const Transfer& transfer, int tag);
  void land(Fragment& fragment);
  void go_on(Transfer& transfer, bool& some);
  /// Tells what has come to its end; the last thing done with a transfer, which may be over.
  void settle(Transfer& transfer);
  void end(Transfer& transfer);
  void release(Fragment& fragment);
  void remove(Fragment& fragment);

  MPI_Comm comm_;
  std::uint64_t tags_;  // numbers of transfers are taken modulo this
  NodeMemory* node_;
  Accelerator* accelerator_;
  std::size_t fragment_bytes_;
  const Waiter& rank_;
  Owner& owner_;
  Ballast ballast_;
  std::list<Transfer> transfers_;
  std::vector<std::uint64_t> sent_;  // transfers to each rank
  std::size_t copying_ = 0;          // fragments that are not travelling
};

/// One message whose values travel in fragments.
struct Fragments::Transfer {
  MessageOperation* operation = nullptr;  // null once it need not be told any more
  Rank peer = 0;
  int tag =
      0;  // of the fragments, or of word that they lie there; the next one: that they are taken
  Place place;
  bool sends = false, eager = false;
  bool staged = false;              // fragments go through staging memory
  bool told = false;                // that all has arrived
  std::byte* first_slot = nullptr;  // null: fragments travel; else they lie in slots in turn
  std::size_t slots = 0;
  std::size_t bytes = 0;                   // of the message ...
  std::size_t fragment = 0;                // ... of a fragment
  std::size_t begun = 0, travelled = 0;    // in fragments so far
  MPI_Message message = MPI_MESSAGE_NULL;  // that MPI has matched, in the place of fragments
  std::list<Fragment> under_way{};         // in the order of their offsets
  std::list<Transfer>::iterator self{};
};

}  // namespace troupe::mpi
