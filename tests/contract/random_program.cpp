#include "contract/random_program.hpp"

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "contract/contract.hpp"
#include "contract/random_program_draw.hpp"

namespace troupe::contract {

RandomProgram::RandomProgram(std::uint64_t seed, int ranks) : ranks_{ranks} { Draw{*this, seed}; }

/// A rank that runs a program, all of its flows.
class RandomProgram::Player {
 public:
  Player(const RandomProgram& program, Communicator& root, Memory& memory)
      : program_{program},
        own_{root.context()},
        rank_{static_cast<std::size_t>(root.rank())},
        memory_{memory} {
    for (std::size_t i = 0; i < blocks; ++i) {
      blocks_.emplace_back(block_size, Dtype::float64, memory);
      const Cells all{i * block_size, block_size};
      copy_from_host(blocks_.back(),
                     std::span{program.first_[rank_]}.subspan(all.begin, all.count));
    }
  }

  void play(Communicator& comm, const Steps& steps) {
    std::map<std::size_t, WaitSet> under_way;
    WaitSet given;
    for (const Step& step : steps) switch (step.kind) {
        case Step::Kind::act: {
          WaitSet set;
          start(comm, step.action, set);
          wait_all(comm, set);
          break;
        }
        case Step::Kind::start: start(comm, step.action, under_way[step.which]); break;
        case Step::Kind::wait: wait_all(comm, under_way.at(step.which)); break;
        case Step::Kind::give:
          given.add(comm.isend(comm.rank(), gift(step.which), ConstPayload{}));
          if (step.which % 2 == 0) wait_all(comm, given);
          break;
        case Step::Kind::take: receive(comm, comm.rank(), gift(step.which), Payload{}); break;
        case Step::Kind::put: copy_from_host(of(step.cells), std::span{step.values[rank_]}); break;
        case Step::Kind::look: expect(step.cells, step.values[rank_]); break;
        case Step::Kind::renew: {
          Buffer fresh{block_size, Dtype::float64, memory_};
          compute(comm, Copy{fresh, blocks_[step.which]});
          blocks_[step.which] = std::move(fresh);
          break;
        }
      }
    wait_all(comm, given);
  }
  /// Throws what was wrong first, there or before.
  void expect_last() {
    for (std::size_t i = 0; i < cells; i += block_size) {
      const auto begin = program_.last_[rank_].begin() + static_cast<std::ptrdiff_t>(i);
      expect({i, block_size}, {begin, begin + static_cast<std::ptrdiff_t>(block_size)});
    }
    check(wrong_.empty(), wrong_);
  }

 private:
  /// What is given to another flow of this rank is ready.
  Tag gift(std::size_t number) const {
    constexpr std::size_t steps = 32;  // that all backends keep apart
    return Tag{static_cast<std::uint32_t>(2 + number / steps)}
        .at(static_cast<std::int64_t>(number % steps))
        .in(own_);
  }
  Slice of(const Cells& which) const {
    return blocks_[which.begin / block_size].slice().subslice(which.begin % block_size,
                                                              which.count);
  }
  /// Does not throw: others may be waiting for what this flow does next.
  void expect(const Cells& which, const std::vector<double>& values) {
    const HostView seen{of(which)};
    const auto found = seen.slice().host<double>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (found[i] == values[i]) continue;
      const std::scoped_lock one_flow{wrong_access_};
      if (wrong_.empty())
        wrong_ = "value " + std::to_string(which.begin + i) +
                 " of a random program: " + std::to_string(found[i]) + " where " +
                 std::to_string(values[i]) + " was expected";
    }
  }

  void start(Communicator& comm, const Action& action, WaitSet& set) {
    using enum Action::Kind;
    const auto begin = [&](Kernel kernel) { set.add(comm.start(std::move(kernel))); };
    if (action.kind == spawn) {
      const Steps& steps = program_.flows_[action.flow];
      set.add(comm.spawn([&](Communicator& own) { play(own, steps); }));
      return;
    }
    const Slice into = of(action.into);
    const ConstSlice from = action.kind == fill ? ConstSlice{into} : of(action.from);
    switch (action.kind) {
      case fill: return begin(Fill{action.value, into});
      case copy: return begin(Copy{into, from});
      case sum: return begin(Reduce{Op::sum, into, from});
      case max: return begin(Reduce{Op::max, into, from});
      case add_scratch: {
        const Scratch scratch{into, into.size()};
        compute(comm, Copy{scratch.all(), from});
        return compute(comm, Reduce{Op::sum, into, scratch.all()});
      }
      case pass_on: return pass_on_to(comm, action, set);
      case spawn: return;
    }
  }
  void pass_on_to(Communicator& comm, const Action& action, WaitSet& set) const {
    const int n = comm.size();
    const Tag tag{action.tag};
    set.add(comm.irecv((comm.rank() + n - action.shift) % n, tag, of(action.into)));
    set.add(comm.isend((comm.rank() + action.shift) % n, tag, of(action.from)));
  }

  const RandomProgram& program_;
  Context own_;
  std::size_t rank_;
  Memory& memory_;
  std::vector<Buffer> blocks_;
  std::mutex wrong_access_;
  std::string wrong_;
};

void RandomProgram::run(Communicator& comm, Memory& memory) const {
  Player player{*this, comm, memory};
  player.play(comm, flows_.front());
  player.expect_last();
}

}  // namespace troupe::contract
