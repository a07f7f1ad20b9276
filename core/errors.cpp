#include "core/errors.hpp"

namespace troupe {

void violated(const char* condition, std::string_view why, std::source_location where) {
  throw ContractViolation{std::string{where.file_name()} + ":" + std::to_string(where.line()) +
                          ": " + std::string{why} + " (expected: " + condition + ")"};
}

}  // namespace troupe
