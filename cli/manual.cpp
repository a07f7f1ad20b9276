#include "cli/manual.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "core/version.hpp"

namespace troupe::cli {
namespace {

/// Text as roff takes it: nothing in it is a request or a hyphen that may be broken.
std::string roff(const std::string& text) {
  std::string escaped;
  bool begins = true;
  for (const char c : text) {
    if (begins && (c == '.' || c == '\'')) escaped += "\\&";
    if (c == '\\') escaped += "\\e";
    else if (c == '-') escaped += "\\-";
    else escaped += c;
    begins = c == '\n';
  }
  return escaped;
}

/// Lines without the two spaces that they begin with in a help text.
std::string unindented(const std::string& text) {
  std::string lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);)
    lines += (line.starts_with("  ") ? line.substr(2) : line) + '\n';
  return lines;
}

std::string head(const std::string& name, std::string_view summary) {
  return fmt::format(".TH {} 1 \"\" \"troupe {}\" \"Troupe\"\n.SH NAME\n{} \\- {}\n", name, version,
                     roff(name), roff(std::string{summary}));
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// The first sentence, as a summary.
std::string first_sentence(const std::string& about) {
  auto text = about.substr(0, about.find_first_of(".:"));
  std::ranges::replace(text, '\n', ' ');
  return text;
}

constexpr std::string_view exit_status =
    ".SH EXIT STATUS\n0 success, 1 the run failed, 2 usage or input, 3 outside a threshold.\n";

}  // namespace

std::string markdown(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view{"\\`*_[]<>|"}.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

std::string manual_page(const CommandHelp& command) {
  const auto name = command.usage.substr(0, command.usage.find(' '));
  auto text = head("troupe-" + name, first_sentence(command.about)) +
              fmt::format(".SH SYNOPSIS\n.B troupe\n{}\n.SH DESCRIPTION\n{}\n", roff(command.usage),
                          roff(command.about));
  for (const auto& group : command.groups) {
    text += fmt::format(".SH {}\n", upper(group.title));
    for (const auto& option : group.options)
      text += fmt::format(
          ".TP\n.B {}{}{}\n{}\n", option.letter.empty() ? "" : roff("-" + option.letter + ", "),
          roff("--" + option.name), option.takes_value ? " \\fIvalue\\fR" : "", roff(option.help));
  }
  if (!command.examples.empty())
    text += fmt::format(".SH EXAMPLES\n.nf\n{}.fi\n", roff(command.examples));
  return text + std::string{exit_status} + ".SH SEE ALSO\n.BR troupe (1)\n";
}

std::string markdown_page(const CommandHelp& command) {
  const auto name = command.usage.substr(0, command.usage.find(' '));
  auto text = fmt::format("# troupe {}\n\n```\ntroupe {}\n```\n\n{}\n", name, command.usage,
                          markdown(command.about));
  for (const auto& group : command.groups) {
    text += fmt::format("\n## {}\n\n| option | |\n|---|---|\n", group.title);
    for (const auto& option : group.options)
      text += fmt::format("| `{}--{}{}` | {} |\n",
                          option.letter.empty() ? "" : "-" + option.letter + ", ", option.name,
                          option.takes_value ? " VALUE" : "", markdown(option.help));
  }
  if (!command.examples.empty())
    text += fmt::format("\n## Examples\n\n```\n{}```\n", unindented(command.examples));
  return text +
         "\nExit status: 0 success, 1 the run failed, 2 usage or input, 3 outside a threshold.\n";
}

std::string manual_overview(std::span<const CommandSummary> commands) {
  auto text = head("troupe", "distributed training algorithms, written once") +
              ".SH SYNOPSIS\n.B troupe\n\\fIcommand\\fR [options]\n.SH DESCRIPTION\nRuns "
              "distributed training algorithms on simulated networks, on threads, on MPI and on "
              "GPUs.\n.SH COMMANDS\n";
  for (const auto& command : commands)
    text += fmt::format(".TP\n.BR troupe\\-{} (1)\n{}\n", command.name,
                        roff(std::string{command.summary}));
  return text + std::string{exit_status};
}

std::string option_lines(const CommandHelp& command) {
  std::string text;
  for (const auto& group : command.groups)
    for (const auto& option : group.options) {
      auto help = option.help;
      std::ranges::replace(help, '\n', ' ');
      text += fmt::format("{}\t{}\t{}\t{}\n", option.name, option.letter,
                          option.takes_value ? 1 : 0, help);
    }
  return text;
}

std::vector<OptionHelp> options_from(const std::string& lines) {
  std::vector<OptionHelp> options;
  std::istringstream text{lines};
  for (std::string line; std::getline(text, line);) {
    std::istringstream fields{line};
    OptionHelp option;
    std::string takes_value;
    std::getline(fields, option.name, '\t');
    std::getline(fields, option.letter, '\t');
    std::getline(fields, takes_value, '\t');
    std::getline(fields, option.help);
    option.takes_value = takes_value == "1";
    options.push_back(std::move(option));
  }
  return options;
}

}  // namespace troupe::cli
