#include "real_backend/mpi/world.hpp"

#include <mpi.h>
#if __has_include(<mpi-ext.h>)
#include <mpi-ext.h>  // Open MPI's: whether it is CUDA-aware
#endif

#include <array>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "core/errors.hpp"
#include "real_backend/mpi/engine.hpp"
#include "real_backend/mpi/launch.hpp"
#include "real_backend/mpi/mpi_call.hpp"
#include "real_backend/mpi/no_unwinding.hpp"
#include "real_backend/mpi/node_memory.hpp"

namespace troupe::mpi {

namespace {

MPI_Comm copy_of_world() {
  MPI_Comm copy = MPI_COMM_NULL;
  check_call(MPI_Comm_dup(MPI_COMM_WORLD, &copy), "MPI_Comm_dup");
  check_call(MPI_Comm_set_errhandler(copy, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  return copy;
}

struct Failure {
  std::string message;
  int exit_status;
};
/// What is being handled, as a person should read it.
Failure current_failure() noexcept {
  if (!std::current_exception()) return {"std::terminate was called", EXIT_FAILURE};
  try {
    throw;
  } catch (const Error& error) {
    return {error.what(), error.exit_status()};
  } catch (const std::exception& error) {
    return {error.what(), EXIT_FAILURE};
  } catch (...) {
    return {"an exception of unknown type left the program", EXIT_FAILURE};
  }
}

/// In one piece, beside what other ranks say: the C library writes what is formatted to stderr in
/// pieces of 128 bytes (glibc 2.37 and later).
void say_line(std::string_view message) noexcept {
  std::fflush(stdout);
  const std::string line = "troupe: " + std::string{message} + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}
void say(std::string_view message) noexcept {
  Rank rank = 0;
  int size = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  say_line("rank " + std::to_string(rank) + " of " + std::to_string(size) + ": " +
           std::string{message});
}
[[noreturn]] void end_job(std::string_view message, int exit_status) noexcept {
  Rank rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  // What fails on every rank is said by rank 0, which ends the others before they speak.
  if (rank != 0) std::this_thread::sleep_for(std::chrono::milliseconds{300});
  say(message);
  MPI_Abort(MPI_COMM_WORLD, exit_status);
  std::_Exit(exit_status);
}
[[noreturn]] void end_job_of_failure() noexcept {
  const Failure failure = current_failure();
  end_job(failure.message, failure.exit_status);
}

/// A launcher has started many processes, and MPI sees one: it is the launcher of another MPI.
[[noreturn]] void end_alone(const Launch& launch) noexcept {
  if (launch.rank != 0) std::this_thread::sleep_for(std::chrono::milliseconds{300});
  else
    say_line(std::string{launch.launcher} + " started " + std::to_string(launch.size) +
             " processes, but each is alone in the MPI that this program was built with (" +
             library_name() +
             "): start it with that one's own launcher, which troupe doctor names");
  MPI_Finalize();
  std::_Exit(2);
}

/// While it lives, std::terminate ends the job.
class TerminateEndsJob {
 public:
  TerminateEndsJob() : before_{std::set_terminate(end_job_of_failure)} {}
  TerminateEndsJob(const TerminateEndsJob&) = delete;
  TerminateEndsJob& operator=(const TerminateEndsJob&) = delete;
  ~TerminateEndsJob() { std::set_terminate(before_); }

 private:
  std::terminate_handler before_;
};

}  // namespace

std::string library_name() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  check_call(MPI_Get_library_version(text.data(), &length), "MPI_Get_library_version");
  const std::string_view all{text.data()};
  std::string name;  // until the first comma or line, with single spaces
  for (const char c : all.substr(0, all.find_first_of(",\n"))) {
    const bool space = c == ' ' || c == '\t' || c == '\r';
    if (!space) name += c;
    else if (!name.empty() && name.back() != ' ') name += ' ';
  }
  return name;
}

struct World::State {
  State()
      : exceptions{std::uncaught_exceptions()},
        comms{copy_of_world(), copy_of_world(), copy_of_world(), copy_of_world()},
        standstills{copy_of_world()} {
    check_call(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "MPI_Comm_rank");
    check_call(MPI_Comm_size(MPI_COMM_WORLD, &size), "MPI_Comm_size");
    check_call(
        MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node),
        "MPI_Comm_split_type");
    check_call(MPI_Comm_rank(node, &local_rank), "MPI_Comm_rank");
    check_call(MPI_Comm_size(node, &local_size), "MPI_Comm_size");
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    node_memory.clear();
    for (MPI_Comm* const comm :
         {&node, &comms.addressed, &comms.open, &comms.receipts, &comms.fragments, &standstills})
      MPI_Comm_free(comm);
  }

  /// Collective in the node: null unless a rank of it has a device whose values need such memory.
  NodeMemory* memory_for(const Options& options) {
    const auto bytes = static_cast<std::size_t>(options.node_memory.value);
    const bool is_there = node_memory.contains(bytes);
    // Whether this rank needs it, and whether it finds no room for it.
    const int here[2]{options.accelerator && !options.accelerator->reachable_by_mpi(),
                      !is_there && !NodeMemory::fits(local_size, bytes)};
    int anywhere[2]{};
    check_call(MPI_Allreduce(here, anywhere, 2, MPI_INT, MPI_MAX, node), "MPI_Allreduce");
    const auto [needed, has_no_room] = anywhere;
    if (!needed || has_no_room || local_size == 1 || bytes == 0) return nullptr;
    NodeMemory& memory = node_memory.try_emplace(bytes, MPI_COMM_WORLD, node, bytes).first->second;
    if (options.accelerator)
      for (const std::span<std::byte> part : memory.parts()) options.accelerator->pin(part);
    return &memory;
  }

  int exceptions;
  Messages::Comms comms;
  MPI_Comm standstills;  // for votes on them
  Rank rank = 0;
  int size = 1;
  MPI_Comm node = MPI_COMM_NULL;  // the ranks of this node
  int local_rank = 0, local_size = 1;
  std::map<std::size_t, NodeMemory> node_memory;  // by size; a device may have pinned it
  Activity activity;
  const Engine* engine = nullptr;  // of the run under way
  bool threads = false;            // this MPI bears threads beside the one that calls it
};

World::World(int& argc, char**& argv) {
  int provided = MPI_THREAD_SINGLE;
  check_call(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  check_call(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  state_ = std::make_unique<State>();
  state_->threads = provided >= MPI_THREAD_FUNNELED;
  if (const auto launch = find_launch(); launch && launch->size > 1 && size() == 1)
    end_alone(*launch);
}
World::~World() {
  if (std::uncaught_exceptions() > state_->exceptions)
    abort("an exception leaves the program", EXIT_FAILURE);
  state_.reset();
  MPI_Finalize();
}

Rank World::rank() const noexcept { return state_->rank; }
int World::size() const noexcept { return state_->size; }
int World::local_rank() const noexcept { return state_->local_rank; }
int World::local_size() const noexcept { return state_->local_size; }
bool World::reaches_gpu_memory() const noexcept {
#if defined(MPIX_CUDA_AWARE_SUPPORT) || defined(MPIX_GPU_SUPPORT_CUDA)  // Open MPI, MPICH
  return MPIX_Query_cuda_support() == 1;
#else
  return false;
#endif
}

void World::abort(std::string_view message, int exit_status) const noexcept {
  end_job(message, exit_status);
}

void World::guard(const std::function<void()>& body) {
  try {
    body();
  } catch (...) {
    end_job_of_failure();
  }
}

std::size_t World::run(const std::function<void(Communicator&)>& program, const Options& options) {
  std::size_t unasked = 0;
  guard([&] {
    if (options.progress == Progress::worker && !state_->threads)
      throw BackendError{
          "this MPI bears no thread beside its own (MPI_THREAD_FUNNELED); use "
          "Progress::none"};
    state_->comms.node = state_->memory_for(options);
    Engine engine{state_->comms,
                  state_->standstills,
                  options,
                  {.notice = say,
                   .abort = [](const std::string& message) { end_job(message, EXIT_FAILURE); }},
                  state_->activity = {}};
    check_call(MPI_Barrier(state_->comms.addressed), "MPI_Barrier");
    engine.start_clock();
    state_->engine = &engine;
    {
      const TerminateEndsJob ends;
      call_without_unwinding([&] { program(engine.root()); });
    }
    unasked = engine.finish();
    state_->engine = nullptr;
  });
  return unasked;
}

const Activity& World::activity() const noexcept { return state_->activity; }
Seconds World::host_now() const {
  EXPECTS(state_->engine, "a run is under way");
  return state_->engine->host_now();
}

void World::check_same_everywhere(std::string_view text) const {
  const MPI_Comm comm = state_->comms.addressed;
  const auto broadcast = [comm](std::string value, Rank root) {
    EXPECTS(value.size() <= INT_MAX, "what all ranks must agree on is short");
    int length = static_cast<int>(value.size());
    check_call(MPI_Bcast(&length, 1, MPI_INT, root, comm), "MPI_Bcast");
    value.resize(static_cast<std::size_t>(length));
    check_call(MPI_Bcast(value.data(), length, MPI_CHAR, root, comm), "MPI_Bcast");
    return value;
  };
  const std::string expected = broadcast(std::string{text}, 0);
  const int mine = expected == text ? size() : rank();
  int first = 0;
  check_call(MPI_Allreduce(&mine, &first, 1, MPI_INT, MPI_MIN, comm), "MPI_Allreduce");
  if (first == size()) return;
  const std::string other = broadcast(std::string{text}, first);
  throw BadInput{"the ranks are about to run different things: rank " + std::to_string(first) +
                 " has \"" + other + "\" and rank 0 has \"" + expected + "\""};
}

}  // namespace troupe::mpi
