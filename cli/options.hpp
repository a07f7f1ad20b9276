#pragma once
// The options of one command: declared, read, explained. A thin cover over Boost.Program_options
// with errors of ours (BadInput, with the nearest option).

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/manual.hpp"

namespace troupe::cli {

class Options {
 public:
  /// `usage` follows the program's name: "collective [options]".
  Options(std::string usage, std::string about);
  ~Options();

  /// Options declared from here on stand under this title in the help.
  void group(std::string title);
  /// `names` is "long" or "long,s"; a flag has no value.
  void flag(const std::string& names, const std::string& help);
  /// An option with a value, given at most once.
  void value(const std::string& names, const std::string& help);
  /// An option with a value that may be given several times.
  void values(const std::string& names, const std::string& help);
  /// Another way to write an option, taken letter for letter: "-np" for "np".
  void also_written(const std::string& argument, const std::string& name);
  /// Arguments without an option, under `name`; at least `least`, at most `most`.
  void positional(const std::string& name, std::size_t least, std::size_t most);
  /// Text at the end of the help.
  void examples(std::string text);

  /// Reads the arguments. Throws BadInput. True if help was asked for and nothing else counts.
  bool parse(const std::vector<std::string>& arguments);
  bool given(const std::string& name) const;
  /// The value of an option, or `fallback`.
  std::string text(const std::string& name, std::string_view fallback = {}) const;
  std::vector<std::string> texts(const std::string& name) const;
  /// What --help shows; after --help=man the manual page, after --help=markdown the same for the
  /// documentation, after --help=options one option a line.
  std::string help(std::string_view program) const;
  /// The same as data.
  CommandHelp described() const;

 private:
  struct Boost;
  std::unique_ptr<Boost> boost_;
};

}  // namespace troupe::cli
