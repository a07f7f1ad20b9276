#pragma once
// The tables that the catalogue joins, one in each family's folder (algorithms/<family>/table.cpp),
// and what those tables are written with. Not for algorithms, nor for those who run them.

#include <span>
#include <string>
#include <string_view>

#include "algorithms/catalogue.hpp"
#include "algorithms/selection.hpp"

namespace troupe::algorithms::tables {

std::span<const Entry> allreduce();
std::span<const Entry> reduce_scatter();
std::span<const Entry> allgather();
std::span<const Entry> broadcast();
std::span<const Entry> reduce();
std::span<const Entry> scatter();
std::span<const Entry> gather();
std::span<const Entry> all_to_all();  ///< of all_to_all and all_to_all_v
std::span<const Entry> barrier();

// ---- one uniform way to run: each adapter checks the buffers and adds what Problem asks for

using Run = void (*)(Communicator&, const Problem&, Buffers);

/// EXPECTS that the buffers have the sizes that the collective gives them.
void expect_sizes(std::size_t input, std::size_t wanted_input, std::size_t output,
                  std::size_t wanted_output);
/// The values in this rank's block of the vector.
std::size_t block_size(const Communicator& comm, const Problem& problem);
/// Divides the reduced values by the number of ranks, where the problem asks for the average.
void average(Communicator& comm, const Problem& problem, Slice reduced);

// ---- why a problem cannot be served; empty if it can

std::string common_refusal(const Problem& problem);
/// Likewise of a collective that reduces.
std::string reduction_refusal(const Problem& problem);

/// Entry::exact of a closed form that holds for every problem.
bool always(const Problem&);

// ---- auto: whatever the closed forms say for problem.machine

template <Collective collective>
void run_least(Communicator& comm, const Problem& problem, Buffers buffers) {
  least_cost(collective, problem, problem.machine).run(comm, problem, buffers);
}
template <Collective collective>
Cost cost_of_least(const Problem& problem, const AlphaBetaGamma& machine) {
  return least_cost(collective, problem, problem.machine).cost(problem, machine);
}
template <Collective collective>
bool least_is_exact(const Problem& problem) {
  return least_cost(collective, problem, problem.machine).exact(problem);
}
template <auto refusal>
std::string refusal_of_least(const Problem& problem) {
  if (problem.machine.alpha == Seconds{} && problem.machine.beta == 0 && problem.machine.gamma == 0)
    return "needs to know the network: give a platform or a calibration, or name an algorithm";
  return refusal(problem);
}
template <Collective collective, auto refusal>
constexpr Entry least(std::string_view family) {
  return {.collective = collective,
          .name = "auto",
          .family = family,
          .summary = "the least closed form for this size and network, contention-free",
          .source = "the closed forms of this catalogue",
          .formula = "min over the others",
          .static_schedule = true,
          .run = run_least<collective>,
          .cost = cost_of_least<collective>,
          .exact = least_is_exact<collective>,
          .refusal = refusal_of_least<refusal>};
}

// ---- sources of several entries

inline constexpr std::string_view thakur =
    "Thakur, Rabenseifner and Gropp, Int. J. High Performance Computing Applications 19, 2005";
inline constexpr std::string_view bruck =
    "Bruck, Ho, Kipnis, Upfal and Weathersby, IEEE TPDS 8, 1997";
inline constexpr std::string_view chan =
    "Chan, Heimlich, Purkayastha and van de Geijn, Concurrency and Computation 19, 2007";

}  // namespace troupe::algorithms::tables
