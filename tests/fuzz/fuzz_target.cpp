// What libFuzzer calls.

#include <cstddef>
#include <cstdint>

#include "tests/fuzz/readers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  troupe::fuzz::read_everywhere({reinterpret_cast<const char*>(data), size});
  return 0;
}
