#include "cli/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <map>
#include <sstream>

#include "core/errors.hpp"
#include "core/text.hpp"

namespace troupe::cli {

namespace po = boost::program_options;

struct Options::Boost {
  std::string usage, about, example_text;
  std::vector<std::unique_ptr<po::options_description>> groups;
  po::options_description hidden;
  po::positional_options_description positions;
  std::string positional_name;
  std::size_t least = 0, most = 0;
  po::variables_map read;
  std::vector<std::string> names;
  std::map<std::string, std::string> spellings;  // argument → name
  std::string help_form;                         // "", "man", "markdown" or "options"

  po::options_description_easy_init declare(const std::string& option) {
    if (groups.empty()) groups.push_back(std::make_unique<po::options_description>("Options"));
    names.push_back("--" + option.substr(0, option.find(',')));
    return groups.back()->add_options();
  }
};

Options::Options(std::string usage, std::string about) : boost_{std::make_unique<Boost>()} {
  boost_->usage = std::move(usage);
  boost_->about = std::move(about);
}
Options::~Options() = default;

void Options::group(std::string title) {
  boost_->groups.push_back(std::make_unique<po::options_description>(title, 100, 50));
}
void Options::flag(const std::string& names, const std::string& help) {
  boost_->declare(names)(names.c_str(), help.c_str());
}
void Options::value(const std::string& names, const std::string& help) {
  boost_->declare(names)(names.c_str(), po::value<std::string>(), help.c_str());
}
void Options::values(const std::string& names, const std::string& help) {
  boost_->declare(names)(names.c_str(), po::value<std::vector<std::string>>(), help.c_str());
}
void Options::also_written(const std::string& argument, const std::string& name) {
  boost_->spellings[argument] = name;
}
void Options::positional(const std::string& name, std::size_t least, std::size_t most) {
  boost_->hidden.add_options()(name.c_str(), po::value<std::vector<std::string>>());
  boost_->positions.add(name.c_str(), -1);
  boost_->positional_name = name;
  boost_->least = least;
  boost_->most = most;
}
void Options::examples(std::string text) { boost_->example_text = std::move(text); }

bool Options::parse(const std::vector<std::string>& arguments) {
  flag("help,h", "this text");
  for (const char* form : {"man", "markdown", "options"})
    if (std::ranges::find(arguments, std::string{"--help="} + form) != arguments.end()) {
      boost_->help_form = form;
      return true;
    }
  po::options_description all;
  for (const auto& group : boost_->groups) all.add(*group);
  all.add(boost_->hidden);
  try {
    const int style =
        po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::command_line_parser parser{arguments};
    parser.options(all).style(style);
    parser.extra_parser([this](const std::string& argument) {
      const auto found = boost_->spellings.find(argument);
      return std::pair{found == boost_->spellings.end() ? std::string{} : found->second,
                       std::string{}};
    });
    parser.positional(boost_->positions);
    po::store(parser.run(), boost_->read);
  } catch (const po::unknown_option& error) {
    const auto name = error.get_option_name();
    throw BadInput{fmt::format("unknown option {}{}", name, did_you_mean(name, boost_->names))};
  } catch (const po::too_many_positional_options_error&) {
    throw BadInput{"too many arguments (this command takes options only)"};
  } catch (const po::multiple_occurrences& error) {
    throw BadInput{fmt::format("{} is given twice", error.get_option_name())};
  } catch (const po::error& error) {
    throw BadInput{error.what()};
  }
  if (given("help")) return true;
  const auto count = boost_->positional_name.empty() ? 0 : texts(boost_->positional_name).size();
  if (count < boost_->least || count > boost_->most)
    throw BadInput{fmt::format("{} argument{} given; usage: troupe {}", count,
                               count == 1 ? "" : "s", boost_->usage)};
  return false;
}

bool Options::given(const std::string& name) const { return boost_->read.count(name) > 0; }
std::string Options::text(const std::string& name, std::string_view fallback) const {
  return given(name) ? boost_->read[name].as<std::string>() : std::string{fallback};
}
std::vector<std::string> Options::texts(const std::string& name) const {
  return given(name) ? boost_->read[name].as<std::vector<std::string>>()
                     : std::vector<std::string>{};
}

CommandHelp Options::described() const {
  CommandHelp command{boost_->usage, boost_->about, boost_->example_text, {}};
  for (const auto& group : boost_->groups) {
    if (group->options().empty()) continue;
    std::ostringstream text;
    text << *group;
    const auto title = text.str();
    command.groups.push_back({title.substr(0, title.find(':')), {}});
    for (const auto& option : group->options()) {
      const auto names =
          option->canonical_display_name(po::command_line_style::allow_dash_for_short);
      command.groups.back().options.push_back(
          {.name = option->long_name(),
           .letter = names.size() == 2 && names.starts_with("-") ? names.substr(1) : "",
           .takes_value = option->semantic()->max_tokens() > 0,
           .help = option->description()});
    }
  }
  return command;
}

std::string Options::help(std::string_view program) const {
  if (boost_->help_form == "man") return manual_page(described());
  if (boost_->help_form == "markdown") return markdown_page(described());
  if (boost_->help_form == "options") return option_lines(described());
  std::ostringstream text;
  text << "Usage: " << program << ' ' << boost_->usage << "\n\n" << boost_->about << '\n';
  for (const auto& group : boost_->groups)
    if (!group->options().empty()) text << '\n' << *group;
  if (!boost_->example_text.empty()) text << "\nExamples:\n" << boost_->example_text;
  return std::move(text).str();
}

}  // namespace troupe::cli
