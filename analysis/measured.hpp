#pragma once
// Tables of collectives that somebody measured: what nccl-tests and OSU's benchmarks print, and a
// plain CSV. Read only; docs/validation.md describes the CSV.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.hpp"

namespace troupe::analysis {

/// One measured time.
struct MeasuredRow {
  std::string machine{};    ///< rows of one machine share costs; may be empty
  std::string op;           ///< "allreduce", …; "point_to_point" for one message, one way
  std::string algorithm{};  ///< empty: not told
  int ranks = 0, nodes = 0;
  std::uint64_t bytes = 0;  ///< of the whole array, as nccl-tests counts
  Seconds time{};           ///< the median, where the table has one
  Seconds p10{}, p90{};     ///< of repeated runs; `time` where they are not told
  int line = 0;             ///< of the file, from 1; 0 in JSON
};

/// What a table may leave out.
struct MeasuredDefaults {
  std::string machine{}, op{}, algorithm{};
  int ranks = 0, nodes = 0;  ///< 0: not told; nodes: as many as ranks
};

/// Reads any of the four by what it looks like. Throws BadInput with `name`, line and column (JSON:
/// pointer), what was met and what was expected: numbers that are none, negative or not finite,
/// columns unknown or without a unit, tables without a row, ranks that nobody told.
std::vector<MeasuredRow> read_measured(const std::string& text, const std::string& name,
                                       const MeasuredDefaults& defaults = {});

namespace measured {

/// A text line by line, and complaints about a place in it.
class Lines {
 public:
  Lines(const std::string& text, std::string name);
  /// The next line without its end, or nothing. Lines of more than a million bytes are refused.
  std::optional<std::string_view> next();
  int number() const noexcept { return number_; }
  /// Throws "name:line: column NAME: found …; expected …".
  [[noreturn]] void fail(std::string_view column, std::string_view found,
                         std::string_view expected) const;
  [[noreturn]] void fail(const std::string& message) const;
  const std::string& name() const noexcept { return name_; }

 private:
  std::string_view rest_;
  std::string name_;
  int number_ = 0;
};

std::vector<std::string_view> words_of(std::string_view line);
/// A finite number above 0 of that unit, in seconds.
Seconds time_at(const Lines&, std::string_view column, std::string_view text, double unit);
/// A whole number from `least` on.
std::uint64_t whole_at(const Lines&, std::string_view column, std::string_view text,
                       std::uint64_t least, std::uint64_t most);
/// Fills in what the table left out; throws where it is needed and not told.
MeasuredRow completed(MeasuredRow row, const MeasuredDefaults& defaults, const std::string& name);
/// "all_reduce_perf", "Allreduce", … as Troupe calls it; empty where it knows none.
std::string op_of_program(std::string_view program);

std::vector<MeasuredRow> read_csv(const std::string&, const std::string&, const MeasuredDefaults&);
std::vector<MeasuredRow> read_osu(const std::string&, const std::string&, const MeasuredDefaults&);
std::vector<MeasuredRow> read_nccl_text(const std::string&, const std::string&,
                                        const MeasuredDefaults&);
std::vector<MeasuredRow> read_nccl_json(const std::string&, const std::string&,
                                        const MeasuredDefaults&);

}  // namespace measured
}  // namespace troupe::analysis
