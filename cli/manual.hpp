#pragma once
// What a command's options are, as data, and what is made of it beside --help: manual pages, pages
// of the documentation, and completions for shells.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::cli {

struct OptionHelp {
  std::string name, letter;  ///< without dashes; the letter may be empty
  bool takes_value = false;
  std::string help;
};

struct OptionGroup {
  std::string title;
  std::vector<OptionHelp> options;
};

struct CommandHelp {
  std::string usage;  ///< begins with the command's name
  std::string about, examples;
  std::vector<OptionGroup> groups;
};

struct CommandSummary {
  std::string_view name, summary;
  std::vector<OptionHelp> options;
};

/// The page of one command, as man reads it and in Markdown.
std::string manual_page(const CommandHelp& command);
std::string markdown_page(const CommandHelp& command);
/// The page of the program, as man reads it.
std::string manual_overview(std::span<const CommandSummary> commands);

/// Text as Markdown shows it, in one line, and in the cell of a table.
std::string markdown(const std::string& text);

/// One option a line, and back: what completions are made from.
std::string option_lines(const CommandHelp& command);
std::vector<OptionHelp> options_from(const std::string& lines);

/// A script for bash, zsh or fish. Throws BadInput for another shell, with the nearest.
std::string completion(const std::string& shell, std::span<const CommandSummary> commands);

}  // namespace troupe::cli
