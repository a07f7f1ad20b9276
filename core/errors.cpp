#include "core/errors.hpp"

namespace troupe {

void violated(const char* condition, std::string_view why, const char* file, int line) {
  throw ContractViolation{std::string{file} + ":" + std::to_string(line) + ": " + std::string{why} +
                          " (expected: " + condition + ")"};
}

}  // namespace troupe
