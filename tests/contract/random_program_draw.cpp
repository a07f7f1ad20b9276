#include "contract/random_program_draw.hpp"

#include <algorithm>

namespace troupe::contract {

RandomProgram::Draw::Draw(RandomProgram& program, std::uint64_t seed)
    : program_{program}, random_{seed}, quiet_{2 + below(9)} {
  for (int rank = 0; rank < program.ranks_; ++rank) {
    std::vector<double> values(cells);
    for (double& value : values) value = small();
    now_.push_back(values);
  }
  program.first_ = now_;
  program.flows_.emplace_back();
  new_piece(0, 0);
  constexpr int steps_in_all = 80;
  for (int i = 0; i < steps_in_all; ++i) {
    const auto living = living_flows();
    draw_step(one_in(2) ? 0 : living[below(living.size())]);
  }
  for (const std::size_t piece : under_way(0)) wait(0, piece);
  program.last_ = now_;
}

// ---- whose values are whose

RandomProgram::Draw::Marked RandomProgram::Draw::writable(std::size_t by) const {
  Marked all;
  for (std::size_t i = 0; i < cells; ++i)
    all[i] = cells_[i].owner == by && cells_[i].readers.empty();
  return all;
}
RandomProgram::Draw::Marked RandomProgram::Draw::readable(std::size_t by) const {
  Marked all;
  for (std::size_t i = 0; i < cells; ++i)
    all[i] = cells_[i].owner == by || cells_[i].readers.contains(by);
  return all;
}
RandomProgram::Cells RandomProgram::Draw::some_cells(const Marked& allowed) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    const std::size_t begin = below(cells), most = block_size - begin % block_size;
    const std::size_t wanted = 1 + below(most);
    std::size_t count = 0;
    while (count < wanted && allowed[begin + count]) ++count;
    if (count > 0) return {begin, count};
  }
  return {};
}
void RandomProgram::Draw::own(const Cells& which, std::size_t owner) {
  for (std::size_t i = 0; i < which.count; ++i) cells_[which.begin + i].owner = owner;
}
void RandomProgram::Draw::share(const Cells& which, std::size_t reader) {
  for (std::size_t i = 0; i < which.count; ++i) {
    auto& cell = cells_[which.begin + i];
    if (cell.owner != reader) cell.readers.insert(reader);
  }
}
RandomProgram::Values RandomProgram::Draw::parts(const Cells& which) const {
  Values all;
  for (const auto& values : now_) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(which.begin);
    all.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(which.count));
  }
  return all;
}

// ---- what is under way

std::size_t RandomProgram::Draw::new_piece(std::size_t parent, std::optional<std::size_t> flow) {
  const std::size_t number = pieces_.size();
  const int depth = number == 0 ? 0 : pieces_[parent].depth + 1;
  pieces_.push_back({.number = number, .parent = parent, .flow = flow, .depth = depth});
  return number;
}
std::vector<std::size_t> RandomProgram::Draw::under_way(std::size_t parent) const {
  std::vector<std::size_t> all;
  for (const Piece& piece : pieces_)
    if (piece.number > 0 && piece.parent == parent && !piece.is_over) all.push_back(piece.number);
  return all;
}
std::vector<std::size_t> RandomProgram::Draw::living_flows() const {
  std::vector<std::size_t> all;
  for (const Piece& piece : pieces_)
    if (piece.flow && !piece.is_over) all.push_back(piece.number);
  return all;
}

// ---- steps

void RandomProgram::Draw::draw_step(std::size_t flow) {
  const auto pieces = under_way(flow);
  switch (below(16)) {
    case 0:
      if (!pieces.empty()) wait(flow, pieces[below(pieces.size())]);
      return;
    case 1: return start(flow);
    case 2: return spawn(flow);
    case 3:
    case 4:
    case 5: return give(flow);
    case 6: return renew(flow);
    case 7:
      if (flow > 0 || one_in(quiet_)) put(flow);
      return;
    case 8:
      if (flow > 0 || one_in(quiet_)) look(flow);
      return;
    default: return act(flow);
  }
}
RandomProgram::Action RandomProgram::Draw::draw_action(std::size_t flow) {
  using enum Action::Kind;
  constexpr Action::Kind kernels[]{fill, copy, sum, max, add_scratch};
  Action action{.kind = one_in(quiet_) ? pass_on : kernels[below(std::size(kernels))],
                .into = some_cells(writable(flow))};
  if (action.kind == fill) {
    action.value = small();
    return action;
  }
  Marked others = readable(flow);
  for (std::size_t i = 0; i < action.into.count; ++i) others.reset(action.into.begin + i);
  action.from = some_cells(others);
  action.into.count = action.from.count = std::min(action.into.count, action.from.count);
  action.shift = static_cast<int>(below(static_cast<std::size_t>(program_.ranks_)));
  action.tag = static_cast<std::uint32_t>(below(2));
  return action;
}
void RandomProgram::Draw::act(std::size_t flow) {
  const Action action = draw_action(flow);
  if (action.into.count == 0) return;
  apply(action);
  steps(flow).push_back({.kind = Step::Kind::act, .action = action});
}
void RandomProgram::Draw::start(std::size_t flow) {
  const Action action = draw_action(flow);
  if (action.into.count == 0) return;
  apply(action);
  const std::size_t piece = new_piece(flow, {});
  own(action.into, piece);
  share(action.from, piece);
  steps(flow).push_back({.kind = Step::Kind::start, .action = action, .which = piece});
}
void RandomProgram::Draw::spawn(std::size_t flow) {
  constexpr int deepest = 2;
  if (pieces_[flow].depth == deepest) return;
  const std::size_t index = program_.flows_.size();
  program_.flows_.emplace_back();
  const std::size_t piece = new_piece(flow, index);
  for (int i = 0; i < 2; ++i) own(some_cells(writable(flow)), piece);
  for (int i = 0; i < 2; ++i) share(some_cells(readable(flow)), piece);
  steps(flow).push_back({.kind = Step::Kind::start,
                         .action = {.kind = Action::Kind::spawn, .flow = index},
                         .which = piece});
}
void RandomProgram::Draw::wait(std::size_t flow, std::size_t piece) {
  if (pieces_[piece].flow)
    for (const std::size_t inner : under_way(piece)) wait(piece, inner);
  pieces_[piece].is_over = true;
  for (Ownership& cell : cells_) {
    if (cell.owner == piece) cell.owner = flow;
    cell.readers.erase(piece);
  }
  steps(flow).push_back({.kind = Step::Kind::wait, .which = piece});
}
void RandomProgram::Draw::give(std::size_t flow) {
  const auto living = living_flows();
  const std::size_t other = living[below(living.size())];
  const Cells what = some_cells(writable(flow));
  if (other == flow || what.count == 0) return;
  own(what, other);
  steps(flow).push_back({.kind = Step::Kind::give, .which = given_});
  steps(other).push_back({.kind = Step::Kind::take, .which = given_++});
}
void RandomProgram::Draw::put(std::size_t flow) {
  const Cells where = some_cells(writable(flow));
  if (where.count == 0) return;
  for (auto& values : now_)
    for (std::size_t i = 0; i < where.count; ++i) values[where.begin + i] = small();
  steps(flow).push_back({.kind = Step::Kind::put, .cells = where, .values = parts(where)});
}
void RandomProgram::Draw::look(std::size_t flow) {
  const Cells where = some_cells(readable(flow));
  if (where.count == 0) return;
  steps(flow).push_back({.kind = Step::Kind::look, .cells = where, .values = parts(where)});
}
void RandomProgram::Draw::renew(std::size_t flow) {
  const Marked mine = writable(flow);
  const std::size_t block = below(blocks);
  for (std::size_t i = 0; i < block_size; ++i)
    if (!mine[block * block_size + i]) return;
  steps(flow).push_back({.kind = Step::Kind::renew, .which = block});
}

void RandomProgram::Draw::apply(const Action& action) {
  using enum Action::Kind;
  const Values before = now_;
  const std::size_t n = now_.size();
  for (std::size_t rank = 0; rank < n; ++rank)
    for (std::size_t i = 0; i < action.into.count; ++i) {
      double& into = now_[rank][action.into.begin + i];
      const auto from = [&](std::size_t of) { return before[of][action.from.begin + i]; };
      switch (action.kind) {
        case fill: into = action.value; break;
        case copy: into = from(rank); break;
        case sum:
        case add_scratch: into += from(rank); break;
        case max: into = std::max(into, from(rank)); break;
        case pass_on: into = from((rank + n - static_cast<std::size_t>(action.shift)) % n); break;
        case spawn: break;
      }
    }
}

}  // namespace troupe::contract
