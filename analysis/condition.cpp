#include "analysis/condition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include "core/errors.hpp"

namespace troupe::analysis {

/// A number, a name or an operator; what compares or joins is 1 or 0.
struct Condition::Node {
  std::string op;  ///< "number", "name", or the operator
  double number = 0;
  std::size_t name = 0;  ///< index of names
  std::unique_ptr<Node> left, right;
  bool says_yes_or_no = false;
};

namespace {

using Node = Condition::Node;
using NodePointer = std::unique_ptr<Node>;

constexpr int most_brackets = 100;

class Parser {
 public:
  Parser(const std::string& text, std::vector<Condition::Name>& names)
      : text_{text}, names_{names} {}

  NodePointer parse() {
    auto root = either();
    skip();
    if (at_ < text_.size()) expected("an operator or the end");
    if (!root->says_yes_or_no) expected("a comparison (<, <=, >, >=, ==, !=)");
    name_lone_baselines();
    return root;
  }

 private:
  [[noreturn]] void expected(const std::string& what) const {
    const auto found =
        at_ < text_.size() ? fmt::format("found \"{}\"", text_.substr(at_, 12)) : "the end is here";
    throw BadInput{
        fmt::format("condition \"{}\": position {}: {}; expected {}", text_, at_ + 1, found, what)};
  }
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  static bool is_part_of_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.';
  }
  /// Takes `symbol` if it is next.
  bool take(std::string_view symbol) {
    skip();
    if (text_.compare(at_, symbol.size(), symbol) != 0) return false;
    const auto end = at_ + symbol.size();
    const bool word = std::isalpha(static_cast<unsigned char>(symbol.front())) != 0;
    if (word && end < text_.size() && is_part_of_name(text_[end])) return false;
    at_ = end;
    return true;
  }
  static NodePointer joined(std::string op, NodePointer left, NodePointer right,
                            bool says_yes_or_no) {
    auto node = std::make_unique<Node>();
    node->op = std::move(op);
    node->left = std::move(left);
    node->right = std::move(right);
    node->says_yes_or_no = says_yes_or_no;
    return node;
  }
  NodePointer checked(NodePointer node, bool says_yes_or_no) {
    if (node->says_yes_or_no != says_yes_or_no)
      expected(says_yes_or_no ? "a comparison (<, <=, >, >=, ==, !=)" : "no second comparison");
    return node;
  }

  NodePointer either() {
    auto node = both();
    while (take("||") || take("or")) {
      node = checked(std::move(node), true);
      node = joined("||", std::move(node), checked(both(), true), true);
    }
    return node;
  }
  NodePointer both() {
    auto node = comparison();
    while (take("&&") || take("and")) {
      node = checked(std::move(node), true);
      node = joined("&&", std::move(node), checked(comparison(), true), true);
    }
    return node;
  }
  NodePointer comparison() {
    auto node = sum();
    for (const char* op : {"<=", ">=", "==", "!=", "<", ">"})
      if (take(op)) {
        node = checked(std::move(node), false);
        return joined(op, std::move(node), checked(sum(), false), true);
      }
    return node;
  }
  NodePointer sum() {
    auto node = product();
    for (;;) {
      const char* op = take("+") ? "+" : take("-") ? "-" : nullptr;
      if (!op) return node;
      node = checked(std::move(node), false);
      node = joined(op, std::move(node), checked(product(), false), false);
    }
  }
  NodePointer product() {
    auto node = factor();
    for (;;) {
      const char* op = take("*") ? "*" : take("/") ? "/" : nullptr;
      if (!op) return node;
      node = checked(std::move(node), false);
      node = joined(op, std::move(node), checked(factor(), false), false);
    }
  }
  NodePointer factor() {
    if (++depth_ > most_brackets) expected(fmt::format("at most {} brackets", most_brackets));
    auto node = bracket_or_value();
    --depth_;
    return node;
  }
  NodePointer bracket_or_value() {
    if (take("-")) return joined("negative", checked(factor(), false), nullptr, false);
    if (take("(")) {
      auto node = either();
      if (!take(")")) expected("\")\"");
      return node;
    }
    skip();
    if (at_ < text_.size() &&
        (std::isdigit(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '.'))
      return number();
    if (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_])) != 0)
      return name();
    expected("a number, a figure, \"baseline\" or \"(\"");
  }
  NodePointer number() {
    const char* begin = text_.c_str() + at_;
    char* end = nullptr;
    auto node = std::make_unique<Node>();
    node->op = "number";
    node->number = std::strtod(begin, &end);
    if (end == begin) expected("a number");
    at_ += static_cast<std::size_t>(end - begin);
    return node;
  }
  NodePointer name() {
    const auto begin = at_;
    while (at_ < text_.size() && is_part_of_name(text_[at_])) ++at_;
    auto word = text_.substr(begin, at_ - begin);
    auto node = std::make_unique<Node>();
    node->op = "name";
    node->name = names_.size();
    constexpr std::string_view of = "baseline.";
    const bool alone = word == "baseline", dotted = word.starts_with(of);
    if (dotted) word.erase(0, of.size());
    names_.push_back({alone ? "" : word, alone || dotted, begin + 1});
    return node;
  }
  /// "baseline" alone means the figure that is named first.
  void name_lone_baselines() {
    const auto first = std::ranges::find_if(
        names_, [](const Condition::Name& name) { return !name.figure.empty(); });
    for (auto& name : names_) {
      if (!name.figure.empty()) continue;
      if (first == names_.end()) {
        at_ = name.position - 1;
        expected("a figure beside the baseline, such as time > 1.05*baseline");
      }
      name.figure = first->figure;
    }
  }

  const std::string& text_;
  std::vector<Condition::Name>& names_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

double value_of(const Node& node, const std::vector<Condition::Name>& names,
                const std::function<double(const Condition::Name&)>& value) {
  if (node.op == "number") return node.number;
  if (node.op == "name") return value(names[node.name]);
  const double left = value_of(*node.left, names, value);
  if (node.op == "negative") return -left;
  const double right = value_of(*node.right, names, value);
  if (node.op == "+") return left + right;
  if (node.op == "-") return left - right;
  if (node.op == "*") return left * right;
  if (node.op == "/") return left / right;
  if (node.op == "<") return left < right;
  if (node.op == "<=") return left <= right;
  if (node.op == ">") return left > right;
  if (node.op == ">=") return left >= right;
  if (node.op == "==") return left == right;
  if (node.op == "!=") return left != right;
  if (node.op == "&&") return left != 0 && right != 0;
  return left != 0 || right != 0;
}

}  // namespace

Condition::Condition(std::string text) : text_{std::move(text)} {
  root_ = Parser{text_, names_}.parse();
}
Condition::~Condition() = default;
Condition::Condition(Condition&&) noexcept = default;
Condition& Condition::operator=(Condition&&) noexcept = default;

bool Condition::uses_baseline() const noexcept {
  return std::ranges::any_of(names_, &Name::of_baseline);
}

bool Condition::holds(const std::function<double(const Name&)>& value) const {
  return value_of(*root_, names_, value) != 0;
}

}  // namespace troupe::analysis
