// A ring allreduce as an MPI user writes it, for SMPI: every rank has its 100 MB.
#include <mpi.h>

#include <vector>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int n = 0, me = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &n);
  MPI_Comm_rank(MPI_COMM_WORLD, &me);
  const int count = 25'000'000 / n, right = (me + 1) % n, left = (me + n - 1) % n;
  std::vector<float> vector(static_cast<std::size_t>(count) * static_cast<std::size_t>(n), 1.f);
  std::vector<float> incoming(static_cast<std::size_t>(count));
  const auto block = [&](int i) { return vector.data() + ((i % n + n) % n) * count; };
  for (int step = 0; step < n - 1; ++step) {
    MPI_Sendrecv(block(me - step), count, MPI_FLOAT, right, 0, incoming.data(), count, MPI_FLOAT,
                 left, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    float* mine = block(me - step - 1);
    for (int i = 0; i < count; ++i) mine[i] += incoming[static_cast<std::size_t>(i)];
  }
  for (int step = 0; step < n - 1; ++step)
    MPI_Sendrecv(block(me + 1 - step), count, MPI_FLOAT, right, 0, block(me - step), count,
                 MPI_FLOAT, left, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Finalize();
}
