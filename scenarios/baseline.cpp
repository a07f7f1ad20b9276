#include "scenarios/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <climits>

namespace troupe::scenarios {
namespace {

using algorithms::Collective;
using algorithms::Problem;

constexpr std::array calls_of_mpi{
    Library::Call{Collective::allreduce, "MPI_Allreduce"},
    Library::Call{Collective::reduce_scatter,
                  "MPI_Reduce_scatter_block (MPI_Reduce_scatter where blocks differ)"},
    Library::Call{Collective::allgather, "MPI_Allgather (MPI_Allgatherv where blocks differ)"},
    Library::Call{Collective::broadcast, "MPI_Bcast"},
    Library::Call{Collective::reduce, "MPI_Reduce"},
    Library::Call{Collective::scatter, "MPI_Scatter (MPI_Scatterv where blocks differ)"},
    Library::Call{Collective::gather, "MPI_Gather (MPI_Gatherv where blocks differ)"},
    Library::Call{Collective::all_to_all, "MPI_Alltoall (MPI_Alltoallv where blocks differ)"},
    Library::Call{Collective::all_to_all_v, "MPI_Alltoallv"},
    Library::Call{Collective::barrier, "MPI_Barrier"}};

/// Values in the largest buffer of any rank.
std::size_t most_values(Collective collective, const Problem& problem) {
  const auto n = static_cast<std::size_t>(problem.ranks);
  if (collective == Collective::all_to_all) return (problem.count + n - 1) / n * n;
  if (collective != Collective::all_to_all_v) return problem.count;
  std::size_t most = 0;
  for (std::size_t rank = 0; rank < n; ++rank) {
    std::size_t sent = 0, received = 0;
    for (std::size_t peer = 0; peer < n; ++peer) {
      sent += problem.counts[rank * n + peer];
      received += problem.counts[peer * n + rank];
    }
    most = std::max({most, sent, received});
  }
  return most;
}

std::string refusal_of_mpi(Collective collective, const Problem& problem) {
  const auto most = most_values(collective, problem);
  if (most <= INT_MAX) return {};
  return fmt::format("MPI counts values with an int, up to {}, and a rank has {} here", INT_MAX,
                     most);
}

constexpr std::array calls_of_nccl{
    Library::Call{Collective::allreduce, "ncclAllReduce"},
    Library::Call{Collective::reduce_scatter, "ncclReduceScatter"},
    Library::Call{Collective::allgather, "ncclAllGather"},
    Library::Call{Collective::broadcast, "ncclBroadcast"},
    Library::Call{Collective::reduce, "ncclReduce"},
    Library::Call{Collective::scatter, "ncclSend and ncclRecv in one group"},
    Library::Call{Collective::gather, "ncclSend and ncclRecv in one group"},
    Library::Call{Collective::all_to_all, "ncclSend and ncclRecv in one group"},
    Library::Call{Collective::all_to_all_v, "ncclSend and ncclRecv in one group"}};

std::string refusal_of_nccl(Collective collective, const Problem& problem) {
  const bool by_blocks =
      collective == Collective::reduce_scatter || collective == Collective::allgather;
  if (!by_blocks || problem.count % static_cast<std::size_t>(problem.ranks) == 0) return {};
  return fmt::format("NCCL wants blocks of one size, and {} values do not divide among {} ranks",
                     problem.count, problem.ranks);
}

constexpr std::array all_libraries{
    Library{.name = "mpi",
            .owner = "MPI's",
            .backends = "mpi or cuda",
            .source = "MPI: A Message-Passing Interface Standard, version 3.1, chapter 5",
            .calls = calls_of_mpi,
            .refusal = refusal_of_mpi},
    Library{.name = "nccl",
            .owner = "NCCL's",
            .backends = "cuda, built with NCCL",
            .source = "NVIDIA Collective Communications Library (NCCL) Documentation",
            .calls = calls_of_nccl,
            .refusal = refusal_of_nccl}};

}  // namespace

std::span<const Library> libraries() { return all_libraries; }

}  // namespace troupe::scenarios
