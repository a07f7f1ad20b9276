#include "algorithms/tables.hpp"

#include "algorithms/cost/cost.hpp"

namespace troupe::algorithms::tables {

void expect_sizes(std::size_t input, std::size_t wanted_input, std::size_t output,
                  std::size_t wanted_output) {
  EXPECTS(input == wanted_input, "the input has the size that the collective gives it");
  EXPECTS(output == wanted_output, "the output has the size that the collective gives it");
}
std::size_t block_size(const Communicator& comm, const Problem& problem) {
  return cost::blocks(problem.count, comm.size()).size_of_block(comm.rank());
}
void average(Communicator& comm, const Problem& problem, Slice reduced) {
  if (problem.average) compute(comm, Scale{1.0 / problem.ranks, reduced});
}

std::string common_refusal(const Problem& problem) {
  if (problem.ranks < 1) return "needs at least one rank";
  if (problem.root < 0 || problem.root >= problem.ranks)
    return "the root must be one of " + std::to_string(problem.ranks) + " ranks, " +
           std::to_string(problem.root) + " given";
  if (problem.segments < 0 || problem.channels < 0)
    return "segments and channels are positive, or 0 for the best";
  return complaint(problem.layout, problem.ranks);
}
std::string reduction_refusal(const Problem& problem) {
  if (!has_arithmetic(problem.dtype))
    return std::string{name_of(problem.dtype)} + " has no arithmetic: cast to float32 to reduce";
  return common_refusal(problem);
}

bool always(const Problem&) { return true; }

}  // namespace troupe::algorithms::tables
