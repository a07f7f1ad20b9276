#include "tests/fuzz/readers.hpp"

#include "analysis/measured.hpp"
#include "analysis/report_json.hpp"
#include "analysis/validation.hpp"
#include "core/errors.hpp"

namespace troupe::fuzz {
namespace {

template <class Read>
void try_to(Read read) {
  try {
    read();
  } catch (const BadInput&) {
  }
}

}  // namespace

void read_everywhere(const std::string& bytes) {
  for (const auto read :
       {analysis::read_measured, analysis::measured::read_csv, analysis::measured::read_osu,
        analysis::measured::read_nccl_text, analysis::measured::read_nccl_json})
    try_to([&] { read(bytes, "input", {.ranks = 4}); });
  try_to([&] {
    const auto report = analysis::report_from_json(bytes, "input");
    analysis::report_from_json(analysis::to_json(report), "again");
  });
}

}  // namespace troupe::fuzz
