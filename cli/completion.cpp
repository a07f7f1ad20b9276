// troupe completion: what shells complete, made from the options of all commands.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include "cli/commands.hpp"
#include "cli/manual.hpp"
#include "cli/options.hpp"
#include "cli/processes.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::cli {
namespace {

constexpr std::string_view programs = "troupe troupe-mpi troupe-cuda";

std::string bash(std::span<const CommandSummary> commands) {
  std::string names, cases;
  for (const auto& command : commands) {
    names += fmt::format("{}{}", names.empty() ? "" : " ", command.name);
    cases += fmt::format("    {}) options='", command.name);
    for (const auto& option : command.options) {
      cases += fmt::format("--{} ", option.name);
      if (!option.letter.empty()) cases += fmt::format("-{} ", option.letter);
    }
    cases += "' ;;\n";
  }
  return fmt::format(
      "# bash completion for troupe\n"
      "_troupe() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} options=\n"
      "  if [ \"$COMP_CWORD\" = 1 ] || [ \"${{COMP_WORDS[1]}}\" = help ]; then\n"
      "    COMPREPLY=($(compgen -W '{} --help --version' -- \"$current\"))\n"
      "    return\n"
      "  fi\n"
      "  case ${{COMP_WORDS[1]}} in\n{}  esac\n"
      "  case $current in\n"
      "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$current\")) ;;\n"
      "    *) COMPREPLY=($(compgen -f -- \"$current\")) ;;\n"
      "  esac\n"
      "}}\n"
      "complete -o filenames -F _troupe {}\n",
      names, cases, programs);
}

/// A help text inside zsh's brackets.
std::string in_brackets(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string zsh(std::span<const CommandSummary> commands) {
  std::string names, cases;
  for (const auto& command : commands) {
    names +=
        fmt::format("    {}\n", shell_word(fmt::format("{}:{}", command.name, command.summary)));
    cases += fmt::format("    {})\n      _arguments \\\n", command.name);
    for (const auto& option : command.options)
      for (const auto& spelling : {"--" + option.name, "-" + option.letter})
        if (spelling != "-")
          cases +=
              fmt::format("        {} \\\n",
                          shell_word(fmt::format("*{}[{}]{}", spelling, in_brackets(option.help),
                                                 option.takes_value ? ":value:_files" : "")));
    cases += "        '*:file:_files' ;;\n";
  }
  return fmt::format(
      "#compdef {}\n"
      "_troupe() {{\n"
      "  local -a commands=(\n{}  )\n"
      "  if (( CURRENT == 2 )) || [[ $words[2] == help ]]; then\n"
      "    _describe command commands\n"
      "    return\n"
      "  fi\n"
      "  local command=$words[2]\n"
      "  shift words\n"
      "  (( CURRENT-- ))\n"
      "  case $command in\n{}  esac\n"
      "}}\n"
      "_troupe \"$@\"\n",
      programs, names, cases);
}

std::string fish(std::span<const CommandSummary> commands) {
  std::string text = "# fish completion for troupe\n";
  for (const auto& command : commands) {
    text += fmt::format("complete -c troupe -f -n __fish_use_subcommand -a {} -d {}\n",
                        command.name, shell_word(std::string{command.summary}));
    for (const auto& option : command.options)
      text += fmt::format(
          "complete -c troupe -n '__fish_seen_subcommand_from {}' -l {}{}{} -d {}\n", command.name,
          option.name, option.letter.empty() ? "" : " -s " + option.letter,
          option.takes_value ? " -r" : "", shell_word(option.help));
  }
  return text;
}

/// What a command prints, caught in a process of its own.
std::string printed(const std::function<void()>& print) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file{std::tmpfile(), std::fclose};
  if (!file) throw Error{"cannot make a temporary file"};
  ::dup2(::fileno(file.get()), STDOUT_FILENO);
  print();
  std::fflush(stdout);
  if (std::fseek(file.get(), 0, SEEK_SET) != 0) throw Error{"cannot read a temporary file"};
  std::string text;
  std::array<char, 4096> chunk{};
  while (!std::feof(file.get()) && !std::ferror(file.get()))
    text.append(chunk.data(), std::fread(chunk.data(), 1, chunk.size(), file.get()));
  return text;
}

}  // namespace

std::string completion(const std::string& shell, std::span<const CommandSummary> commands) {
  if (shell == "bash") return bash(commands);
  if (shell == "zsh") return zsh(commands);
  if (shell == "fish") return fish(commands);
  const std::vector<std::string> shells{"bash", "zsh", "fish"};
  throw BadInput{fmt::format("completion \"{}\": expected bash, zsh or fish{}", shell,
                             did_you_mean(shell, shells))};
}

int completion_command(const Program& program, const std::vector<std::string>& arguments) {
  Options options{"completion bash|zsh|fish",
                  "Prints what completes commands and options in a shell."};
  options.positional("shell", 1, 1);
  options.examples("  source <(troupe completion bash)\n");
  if (options.parse(arguments)) {
    fmt::print("{}", options.help(program.name));
    return 0;
  }
  std::vector<CommandSummary> commands;
  for (const auto& command : all_commands())
    if (command.name != "platform" || program.platform)
      commands.push_back({command.name, command.summary, {}});
  run_in_processes(
      commands.size(), 1,
      [&](std::size_t at) {
        if (commands[at].name == "help") return std::string{};
        return printed([&] {
          command_named(std::string{commands[at].name}).run(program, {"--help=options"});
        });
      },
      [&](std::size_t at, const Finished& finished) {
        if (finished.status != 0) throw Error{finished.output};
        commands[at].options = options_from(finished.output);
      });
  fmt::print("{}", completion(options.texts("shell").front(), commands));
  return 0;
}

}  // namespace troupe::cli
