#include "algorithms/horovod/adasum.hpp"

#include <bit>

namespace troupe::algorithms::horovod {
namespace {

constexpr Tag tag{0};

template <class T>
void add_adaptively(ConstSlice first, ConstSlice second, Slice into) {
  const auto a = first.host<T>(), b = second.host<T>();
  const auto sum = into.host<T>();
  double dot = 0, norm_a = 0, norm_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    norm_a += static_cast<double>(a[i]) * static_cast<double>(a[i]);
    norm_b += static_cast<double>(b[i]) * static_cast<double>(b[i]);
  }
  const double share_a = norm_a > 0 ? 1 - dot / (2 * norm_a) : 1;
  const double share_b = norm_b > 0 ? 1 - dot / (2 * norm_b) : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum[i] =
        static_cast<T>(share_a * static_cast<double>(a[i]) + share_b * static_cast<double>(b[i]));
}

/// into = Adasum(a, b): three scalar products and a weighted sum.
Opaque adaptive_sum(ConstSlice a, ConstSlice b, Slice into) {
  const auto n = static_cast<double>(a.size());
  return {.reads = {a, b},
          .writes = {into},
          .work = {.flops = {9 * n}, .bytes = {5 * a.size_bytes()}},
          .body = [=] {
            if (a.dtype() == Dtype::float32) add_adaptively<float>(a, b, into);
            else add_adaptively<double>(a, b, into);
          }};
}

}  // namespace

/// Adasum (Maleki et al. 2020, §3 and §4.1), by recursive doubling with whole vectors:
///   Adasum(a, b) = (1 − a·b / 2‖a‖²) a + (1 − a·b / 2‖b‖²) b
///   orthogonal a, b: a + b · equal ones: their average
///
///   distance 1:  0─1  2─3         g01 = Adasum(g0, g1), g23 = Adasum(g2, g3)
///   distance 2:  0─2  1─3         Adasum(g01, g23), on all four with the lower rank's vector first
///
///   log2 n messages, M log2 n bytes · log2 n (α + Mβ), and 9 flops a value and round
void adasum_allreduce(Communicator& comm, Slice vector, std::span<const std::size_t> lengths) {
  EXPECTS(std::has_single_bit(static_cast<unsigned>(comm.size())), "Adasum pairs all ranks");
  const Scratch scratch{vector, vector.size()};
  const Slice theirs = scratch.all();
  for (int distance = 1; distance < comm.size(); distance *= 2) {
    const Rank peer = comm.rank() ^ distance;
    exchange(comm, tag, vector, peer, theirs, peer);
    std::size_t at = 0;
    for (const std::size_t length : lengths) {
      const Slice mine = vector.subslice(at, length), other = theirs.subslice(at, length);
      compute(comm, comm.rank() < peer ? adaptive_sum(mine, other, mine)
                                       : adaptive_sum(other, mine, mine));
      at += length;
    }
  }
}

}  // namespace troupe::algorithms::horovod
