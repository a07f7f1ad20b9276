#pragma once
// Bytes for messages without values: they must weigh what real ones weigh, and nobody reads them.

#include <cstddef>
#include <memory>
#include <vector>

namespace troupe::mpi {

class Ballast {
 public:
  Ballast() = default;
  Ballast(const Ballast&) = delete;
  Ballast& operator=(const Ballast&) = delete;
  ~Ballast();

  /// `bytes` zeros that any number of sends may share. They take address space, not memory.
  const std::byte* to_send(std::size_t bytes);

  /// Room for one receive: two at a time into the same room would race. At least `bytes`.
  std::byte* borrow(std::size_t bytes);
  /// Takes room back that was borrowed for `bytes`.
  void give_back(std::byte* room, std::size_t bytes);

 private:
  struct Zeros {
    void* address;
    std::size_t bytes;
  };
  std::vector<Zeros> zeros_;  // growing; the smaller ones may still be travelling
  std::vector<std::vector<std::unique_ptr<std::byte[]>>> free_;  // by power of two
};

}  // namespace troupe::mpi
