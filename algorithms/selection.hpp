#pragma once
// Choosing an algorithm for a problem: by the closed forms, or by a table of what was measured.

#include <string>
#include <vector>

#include "algorithms/catalogue.hpp"

namespace troupe::algorithms {

/// The algorithm of least closed form on `machine` among those that can serve the problem; the
/// first of the catalogue where several are equal. Contention-free: on a torus or an oversubscribed
/// tree the closed forms can order wrongly, and a tuning should be used. EXPECTS that one can serve
/// it.
const Entry& least_cost(Collective, const Problem&, const AlphaBetaGamma& machine);

/// Which algorithm was the best up to which size, on one platform, as `troupe tune` writes it.
struct Tuning {
  struct Row {
    Bytes up_to;
    std::string algorithm;
  };
  Collective collective;
  std::vector<Row> rows;  ///< of growing sizes
};

/// The first row that reaches problem.bytes(), or the last one. Throws BadInput where the table is
/// empty, names an algorithm that does not exist, or one that cannot serve the problem.
const Entry& tuned(const Tuning&, const Problem&);

}  // namespace troupe::algorithms
