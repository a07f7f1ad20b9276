#pragma once
// How a random program is drawn. Whatever is under way (a flow, a kernel, a message) has a number,
// and each value has one owner, who may write it while nobody else reads it.

#include <array>
#include <bitset>
#include <optional>
#include <set>
#include <vector>

#include "contract/random_program.hpp"
#include "core/random.hpp"

namespace troupe::contract {

class RandomProgram::Draw {
 public:
  Draw(RandomProgram& program, std::uint64_t seed);

 private:
  using Marked = std::bitset<cells>;
  struct Ownership {
    std::size_t owner = 0;
    std::set<std::size_t> readers{};
  };
  struct Piece {
    std::size_t number = 0, parent = 0;
    std::optional<std::size_t> flow{};  ///< index in flows_, if it is a flow
    int depth = 0;
    bool is_over = false;
  };

  std::size_t below(std::size_t bound) { return random_.below(bound); }
  bool one_in(std::size_t times) { return below(times) == 0; }
  double small() { return static_cast<double>(below(1000)); }

  Marked writable(std::size_t by) const;
  Marked readable(std::size_t by) const;
  /// Neighbours in a block that all are `allowed`; none if it finds no such place.
  Cells some_cells(const Marked& allowed);
  void own(const Cells& which, std::size_t owner);
  void share(const Cells& which, std::size_t reader);
  Values parts(const Cells& which) const;

  std::size_t new_piece(std::size_t parent, std::optional<std::size_t> flow);
  std::vector<std::size_t> under_way(std::size_t parent) const;
  std::vector<std::size_t> living_flows() const;
  Steps& steps(std::size_t flow) { return program_.flows_[*pieces_[flow].flow]; }

  // Steps of a flow, by its number.
  void draw_step(std::size_t flow);
  void act(std::size_t flow);
  void start(std::size_t flow);
  void spawn(std::size_t flow);
  void wait(std::size_t flow, std::size_t piece);
  void give(std::size_t flow);
  void put(std::size_t flow);
  void look(std::size_t flow);
  void renew(std::size_t flow);

  /// Of values of a flow; writes nothing where it found no place.
  Action draw_action(std::size_t flow);
  /// What it does, on all ranks.
  void apply(const Action& action);

  RandomProgram& program_;
  SplitMix64 random_;
  std::size_t quiet_;  // the rarer messages, and looks at values, the longer kernels may be put off
  std::array<Ownership, cells> cells_{};
  std::vector<Piece> pieces_;  // by number; the first is the rank's own flow
  std::size_t given_ = 0;
  Values now_;
};

}  // namespace troupe::contract
