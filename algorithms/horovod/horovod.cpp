#include "algorithms/horovod/horovod.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>
#include <span>

#include "algorithms/catalogue.hpp"
#include "algorithms/horovod/background.hpp"

namespace troupe::algorithms::horovod {
namespace {

constexpr std::size_t handed_back = 0, background_flow = 1;  // what is waited for

/// The place of a rank: among the ranks of its node, and among those at the same place of others.
struct Place {
  int local_rank = 0, local_size = 1, cross_rank = 0, cross_size = 0;
};
Place place_of(const Communicator& comm, const Layout& layout) {
  const auto nodes = ranks_by_node(layout, comm.size());
  Place place;
  std::size_t own = 0;
  for (std::size_t node = 0; node < nodes.size(); ++node)
    if (const auto found = std::ranges::find(nodes[node], comm.rank());
        found != nodes[node].end()) {
      own = node;
      place.local_rank = static_cast<int>(found - nodes[node].begin());
      place.local_size = static_cast<int>(nodes[node].size());
    }
  for (std::size_t node = 0; node < nodes.size(); ++node)
    if (nodes[node].size() > static_cast<std::size_t>(place.local_rank)) {
      ++place.cross_size;
      if (node < own) ++place.cross_rank;
    }
  return place;
}

void expect_usable(const Options& options, int ranks) {
  Problem problem;
  problem.ranks = ranks;
  problem.count = static_cast<std::size_t>(ranks);
  problem.layout = options.layout;
  std::string why = complaint(options.layout, ranks);
  const Entry& allreduce = find_entry(Collective::allreduce, options.allreduce);
  if (why.empty()) why = allreduce.refusal(problem);
  if (!why.empty()) throw BadInput{"allreduce \"" + options.allreduce + "\": " + why};
}

}  // namespace

struct Horovod::State {
  State(Communicator& its_comm, Options options)
      : comm{its_comm}, place{place_of(its_comm, options.layout)} {
    shared->options = std::move(options);
  }

  std::string unused(Kind kind, std::string name);
  std::shared_ptr<Operation> begin(Kind kind, const TensorView& tensor, std::string name);
  Handle hand_over(std::shared_ptr<Operation> operation);
  void listen();
  bool hear(Seconds until);
  Operation& result_of(const std::shared_ptr<Operation>& operation);

  Communicator& comm;
  const Place place;
  const std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  Recorder control{comm, shared->control};
  Outbox outbox{control};
  std::map<const Operation*, std::shared_ptr<Operation>> under_way;
  std::map<Kind, int> unnamed;
  Operation* returned = nullptr;  // the receive's room
  bool background_ended = false, shut_down = false;
  WaitSet waits;
};

// ---- beginning and ending

Horovod::Horovod(Communicator& comm, Options options) {
  expect_usable(options, comm.size());
  state_ = std::make_unique<State>(comm, std::move(options));
  state_->listen();
  state_->waits.put(background_flow, comm.spawn([shared = state_->shared,
                                                 caller = comm.context()](Communicator& flow) {
    Background{flow, caller, *shared}.run();
  }));
}

Horovod::~Horovod() {
  try {
    shutdown();
  } catch (...) {  // said where the operations were waited for; a killed flow is told again
  }
}

void Horovod::shutdown() {
  State& state = *state_;
  if (state.shut_down) return;
  const auto leave = state.begin(Kind::leave, {{}, {0}}, "leave");
  state.shut_down = true;
  state.hand_over(leave);
  while (!state.waits.empty()) state.hear(forever);
  state.outbox.wait_for_all();
  if (state.shared->failure) std::rethrow_exception(state.shared->failure);
  if (!state.shared->lost.empty()) throw PeerLost{state.shared->lost};
}

// ---- where this rank is

Rank Horovod::rank() const { return state_->comm.rank(); }
int Horovod::size() const { return state_->comm.size(); }
int Horovod::local_rank() const noexcept { return state_->place.local_rank; }
int Horovod::local_size() const noexcept { return state_->place.local_size; }
int Horovod::cross_rank() const noexcept { return state_->place.cross_rank; }
int Horovod::cross_size() const noexcept { return state_->place.cross_size; }
const RecordedRank& Horovod::data_sent() const noexcept { return state_->shared->data; }
const RecordedRank& Horovod::control_sent() const noexcept { return state_->shared->control; }
Communicator& Horovod::communicator() noexcept { return state_->comm; }

// ---- between the caller's flow and the background flow

void Horovod::State::listen() {
  waits.put(handed_back, control.irecv(comm.rank(), horovod::hand_back, value(returned)));
}

/// Takes one operation that was handed back, or the end of the background flow; false if neither
/// came until then.
bool Horovod::State::hear(Seconds until) {
  const auto message = control.wait_any(waits, until);
  if (!message) return false;
  if (message->index == background_flow) return true;
  if (!returned) {
    background_ended = true;
    return true;
  }
  const auto at = under_way.find(returned);
  EXPECTS(at != under_way.end(), "what is handed back was handed over");
  at->second->done = true;
  under_way.erase(at);
  listen();
  return true;
}

std::string Horovod::State::unused(Kind kind, std::string name) {
  if (name.empty())
    return std::string{name_of(kind)} + ".noname." + std::to_string(++unnamed[kind]);
  while (!background_ended && hear(at_once)) {
  }
  for (const auto& [address, operation] : under_way)
    if (operation->announcement.name == name)
      throw BadInput{title_of(operation->announcement) +
                     " is still under way: wait for it before its name is used again"};
  return name;
}

std::shared_ptr<Operation> Horovod::State::begin(Kind kind, const TensorView& tensor,
                                                 std::string name) {
  EXPECTS(!shut_down, "after the shutdown there are no operations");
  auto operation = std::make_shared<Operation>();
  Announcement& what = operation->announcement;
  what.kind = kind;
  what.name = unused(kind, std::move(name));
  what.dtype = tensor.values.dtype();
  what.shape = tensor.shape;
  what.phantom = tensor.values.is_phantom() && !tensor.values.empty();
  operation->tensor = Tensor::like(tensor.values, tensor.shape);
  return operation;
}

Handle Horovod::State::hand_over(std::shared_ptr<Operation> operation) {
  const Operation* address = operation.get();
  under_way.emplace(address, operation);
  outbox.send(comm.rank(), horovod::hand_over, std::as_bytes(std::span{&address, 1}));
  return Handle{std::move(operation)};
}

Operation& Horovod::State::result_of(const std::shared_ptr<Operation>& operation) {
  EXPECTS(operation && !operation->taken, "an operation is waited for once, by its handle");
  while (!operation->done && !background_ended) hear(forever);
  if (!operation->done) std::rethrow_exception(shared->failure);
  if (operation->verdict == Verdict::refused) throw BadInput{operation->reason};
  if (operation->verdict == Verdict::lost) throw PeerLost{operation->reason};
  operation->taken = true;
  return *operation;
}

bool Horovod::poll(const Handle& handle) {
  EXPECTS(handle.operation_, "an operation is waited for once, by its handle");
  while (!state_->background_ended && state_->hear(at_once)) {
  }
  return handle.operation_->done || state_->background_ended;
}
Tensor Horovod::synchronize(Handle handle) {
  return std::move(state_->result_of(handle.operation_).tensor);
}
Received Horovod::synchronize_alltoall(Handle handle) {
  Operation& operation = state_->result_of(handle.operation_);
  return {std::move(operation.tensor), std::move(operation.splits)};
}

// ---- the operations

namespace {

void copy(Communicator& comm, const TensorView& from, Operation& operation) {
  compute(comm, Copy{operation.tensor.slice(), from.values});
}

/// Empty, or why no rank can do this.
std::string complaint_about(const Announcement& what, int ranks) {
  const bool reduces = what.kind == Kind::allreduce || what.kind == Kind::reducescatter;
  if (reduces && !has_arithmetic(what.dtype))
    return std::string{name_of(what.dtype)} + " has no arithmetic: it only travels";
  const bool has_rows = what.kind == Kind::allgather || what.kind == Kind::alltoall ||
                        what.kind == Kind::reducescatter;
  if (has_rows && what.shape.empty()) return "a scalar has no rows";
  if (what.kind == Kind::broadcast && (what.root < 0 || what.root >= ranks))
    return "the root is a rank below " + std::to_string(ranks) + ", " + std::to_string(what.root) +
           " given";
  if (what.op != ReduceOp::adasum) return "";
  if (what.kind == Kind::reducescatter) return "Adasum needs whole vectors: use allreduce";
  if (what.dtype != Dtype::float32 && what.dtype != Dtype::float64)
    return "Adasum needs float32 or float64, " + std::string{name_of(what.dtype)} + " given";
  if (!std::has_single_bit(static_cast<unsigned>(ranks)))
    return "Adasum needs a power of two of ranks, " + std::to_string(ranks) + " given";
  return "";
}

}  // namespace

Handle Horovod::begin_reduction(Kind kind, const TensorView& tensor, std::string name,
                                const Reduction& how, const std::string& group,
                                std::size_t group_size) {
  auto operation = state_->begin(kind, tensor, std::move(name));
  Announcement& what = operation->announcement;
  what.op = how.op;
  what.prescale = how.prescale;
  what.postscale = how.postscale;
  what.group = group;
  what.group_size = group_size;
  what.complaint = complaint_about(what, size());
  copy(state_->comm, tensor, *operation);
  return state_->hand_over(std::move(operation));
}

Handle Horovod::allreduce_async(const TensorView& tensor, std::string name, const Reduction& how) {
  return begin_reduction(Kind::allreduce, tensor, std::move(name), how, "", 0);
}
Handle Horovod::reducescatter_async(const TensorView& tensor, std::string name,
                                    const Reduction& how) {
  return begin_reduction(Kind::reducescatter, tensor, std::move(name), how, "", 0);
}

std::vector<Handle> Horovod::grouped_allreduce_async(std::span<const TensorView> tensors,
                                                     std::string name, const Reduction& how) {
  const std::string group = state_->unused(Kind::allreduce, std::move(name));
  std::vector<Handle> handles;
  for (const TensorView& tensor : tensors)
    handles.push_back(begin_reduction(Kind::allreduce, tensor,
                                      group + "." + std::to_string(handles.size()), how, group,
                                      tensors.size()));
  return handles;
}

Handle Horovod::allgather_async(const TensorView& tensor, std::string name) {
  auto operation = state_->begin(Kind::allgather, tensor, std::move(name));
  operation->announcement.complaint = complaint_about(operation->announcement, size());
  copy(state_->comm, tensor, *operation);
  return state_->hand_over(std::move(operation));
}

Handle Horovod::broadcast_async(const TensorView& tensor, Rank root, std::string name) {
  auto operation = state_->begin(Kind::broadcast, tensor, std::move(name));
  operation->announcement.root = root;
  operation->announcement.complaint = complaint_about(operation->announcement, size());
  if (rank() == root) copy(state_->comm, tensor, *operation);
  return state_->hand_over(std::move(operation));
}

Handle Horovod::alltoall_async(const TensorView& tensor, std::span<const std::size_t> splits,
                               std::string name) {
  auto operation = state_->begin(Kind::alltoall, tensor, std::move(name));
  Announcement& what = operation->announcement;
  what.complaint = complaint_about(what, size());
  const auto n = static_cast<std::size_t>(size());
  const std::size_t rows = tensor.shape.empty() ? 0 : tensor.shape.front();
  operation->splits.assign(splits.begin(), splits.end());
  if (splits.empty()) operation->splits.assign(n, rows / n);
  const std::size_t sum =
      std::accumulate(operation->splits.begin(), operation->splits.end(), std::size_t{0});
  if (what.complaint.empty() && operation->splits.size() != n)
    what.complaint = "rank " + std::to_string(rank()) + " gave " +
                     std::to_string(operation->splits.size()) + " splits for " + std::to_string(n) +
                     " ranks";
  else if (what.complaint.empty() && sum != rows)
    what.complaint = "the splits of rank " + std::to_string(rank()) + " are " +
                     std::to_string(sum) + " rows, its tensor has " + std::to_string(rows);
  copy(state_->comm, tensor, *operation);
  return state_->hand_over(std::move(operation));
}

// ---- the same, waited for

Tensor Horovod::allreduce(const TensorView& tensor, std::string name, const Reduction& how) {
  return synchronize(allreduce_async(tensor, std::move(name), how));
}
std::vector<Tensor> Horovod::grouped_allreduce(std::span<const TensorView> tensors,
                                               std::string name, const Reduction& how) {
  std::vector<Tensor> results;
  for (Handle& handle : grouped_allreduce_async(tensors, std::move(name), how))
    results.push_back(synchronize(std::move(handle)));
  return results;
}
Tensor Horovod::allgather(const TensorView& tensor, std::string name) {
  return synchronize(allgather_async(tensor, std::move(name)));
}
Tensor Horovod::broadcast(const TensorView& tensor, Rank root, std::string name) {
  return synchronize(broadcast_async(tensor, root, std::move(name)));
}
Received Horovod::alltoall(const TensorView& tensor, std::span<const std::size_t> splits,
                           std::string name) {
  return synchronize_alltoall(alltoall_async(tensor, splits, std::move(name)));
}
Tensor Horovod::reducescatter(const TensorView& tensor, std::string name, const Reduction& how) {
  return synchronize(reducescatter_async(tensor, std::move(name), how));
}
void Horovod::barrier() {
  synchronize(state_->hand_over(state_->begin(Kind::barrier, {{}, {0}}, "")));
}
Rank Horovod::join() {
  const auto operation = state_->begin(Kind::join, {{}, {0}}, "");
  state_->hand_over(operation);
  return state_->result_of(operation).last_to_join;
}

}  // namespace troupe::algorithms::horovod
