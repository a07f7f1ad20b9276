#pragma once
// A matrix of `rows` rows of `width` neighbours cut into tiles: neighbours along x, rows along y.

#include <algorithm>
#include <cstddef>

#include "real_backend/cuda/elementwise.cuh"

namespace troupe::cuda {

constexpr unsigned tile_threads = 256;

/// Threads for every column and for rows, each of which takes about `rows_each` of them: it begins
/// at its own and goes on by gridDim.y · blockDim.y.
struct Tiles {
  dim3 block, grid;
  Tiles(std::size_t width, std::size_t rows, std::size_t rows_each) {
    unsigned across = 1;
    while (across < tile_threads && across < width) across *= 2;
    block = {across, tile_threads / across};
    const std::size_t down = blocks_of(rows, block.y * rows_each);
    grid = {static_cast<unsigned>(blocks_of(width, block.x)),
            static_cast<unsigned>(std::clamp<std::size_t>(down, 1, 65535))};
  }
};

}  // namespace troupe::cuda
