#include "horovod/page.hpp"

#include <fstream>

#include "algorithms/horovod/parameters.hpp"

namespace troupe::tests {

using namespace algorithms::horovod;

// What stands between the dashes is in docs/horovod.md, letter for letter.
// ---
std::vector<double> fit_a_line(Communicator& comm, const std::string& checkpoint) {
  Horovod hvd{comm};                               // hvd.init()
  std::vector<double> line{1.0 * hvd.rank(), -3};  // every rank would start elsewhere
  const std::vector<NamedValues> parameters{{"line", {2}, std::span{line}}};
  broadcast_parameters(hvd, parameters);  // hvd.broadcast_parameters(parameters, root_rank=0)

  const double x = hvd.rank() + 1, y = 2 * x + 1;  // this rank's sample
  for (int step = 0; step < 400; ++step) {
    const double residual = line[0] * x + line[1] - y;
    const Tensor gradient{{2}, std::vector<double>{residual * x, residual}};
    const Handle handle = hvd.allreduce_async(gradient, "gradient");  // the average is the default
    // … what does not need the average can be computed here …
    const Tensor mean = hvd.synchronize(handle);
    for (std::size_t i = 0; i < 2; ++i) line[i] -= 0.2 * mean.host<double>()[i];
  }
  if (hvd.rank() == 0) std::ofstream{checkpoint} << line[0] << ' ' << line[1] << '\n';
  hvd.shutdown();
  return line;
}
// ---

}  // namespace troupe::tests
