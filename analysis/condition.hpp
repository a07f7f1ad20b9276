#pragma once
// A condition on the figures of a row: "time > 1.05*baseline && busbw < 10e9".

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::analysis {

/// or: and { ("||" | "or") and } · and: comparison { ("&&" | "and") comparison } · comparison: sum
/// (< | <= | > | >= | == | !=) sum, or a condition in brackets · sums, products, signs, brackets
/// and numbers as everywhere. A name is a figure of the row, "baseline.NAME" the baseline's;
/// "baseline" alone is the baseline's of the figure that is named first.
class Condition {
 public:
  /// Throws BadInput with the position (from 1), what stands there and what was expected.
  explicit Condition(std::string text);
  ~Condition();
  Condition(Condition&&) noexcept;
  Condition& operator=(Condition&&) noexcept;

  struct Name {
    std::string figure;
    bool of_baseline = false;
    std::size_t position = 0;  ///< from 1
  };
  /// All names in it, in order; "baseline" alone with the figure that it means.
  const std::vector<Name>& names() const noexcept { return names_; }
  const std::string& text() const noexcept { return text_; }
  bool uses_baseline() const noexcept;

  /// `value(name)` gives the numbers.
  bool holds(const std::function<double(const Name&)>& value) const;

  struct Node;

 private:
  std::string text_;
  std::vector<Name> names_;
  std::unique_ptr<Node> root_;
};

}  // namespace troupe::analysis
