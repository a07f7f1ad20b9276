#include "platforms/xml_scan.hpp"

#include <algorithm>
#include <charconv>

namespace troupe::platforms {
namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::string_view after_name = " \t\r\n=/>";

class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_{text} {}

  bool next(XmlTag& tag) {
    while (skip_to('<')) {
      if (skip_block("<!--", "-->") || skip_block("<![CDATA[", "]]>") || skip_block("<?", "?>") ||
          skip_block("<!", ">") || skip_block("</", ">"))
        continue;
      advance(1);
      tag = {.name = std::string{take_until(after_name)}, .attributes = {}, .line = line_};
      while (read_attribute(tag)) {
      }
      return !tag.name.empty();
    }
    return false;
  }

 private:
  void advance(std::size_t count) {
    count = std::min(count, rest_.size());
    line_ += static_cast<int>(std::ranges::count(rest_.substr(0, count), '\n'));
    rest_.remove_prefix(count);
  }
  bool skip_to(char c) {
    advance(rest_.find(c));
    return !rest_.empty();
  }
  bool skip_block(std::string_view open, std::string_view close) {
    if (!rest_.starts_with(open)) return false;
    const auto end = rest_.find(close, open.size());
    advance(end == rest_.npos ? end : end + close.size());
    return true;
  }
  void skip_blanks() { advance(rest_.find_first_not_of(blanks)); }
  std::string_view take_until(std::string_view ends) {
    const std::string_view taken = rest_.substr(0, rest_.find_first_of(ends));
    advance(taken.size());
    return taken;
  }
  bool read_attribute(XmlTag& tag) {
    skip_blanks();
    if (rest_.empty() || rest_.starts_with('>') || rest_.starts_with('/')) return false;
    const std::string name{take_until(after_name)};
    skip_blanks();
    if (name.empty() || !rest_.starts_with('=')) return false;
    advance(1);
    skip_blanks();
    if (!rest_.starts_with('"') && !rest_.starts_with('\'')) return false;
    const std::string_view quote = rest_.substr(0, 1);
    advance(1);
    tag.attributes.emplace(name, take_until(quote));
    advance(1);
    return true;
  }

  std::string_view rest_;
  int line_ = 1;
};

}  // namespace

std::string_view XmlTag::operator[](std::string_view attribute) const {
  const auto found = attributes.find(attribute);
  return found == attributes.end() ? std::string_view{} : found->second;
}

std::vector<XmlTag> start_tags(std::string_view xml) {
  std::vector<XmlTag> tags;
  Scanner scanner{xml};
  for (XmlTag tag; scanner.next(tag);) tags.push_back(tag);
  return tags;
}

std::vector<int> torus_dimensions(const std::vector<XmlTag>& tags) {
  const XmlTag* torus = nullptr;
  for (const XmlTag& tag : tags) {
    if (tag.name == "host" || (tag.name == "cluster" && torus != nullptr)) return {};
    if (tag.name == "cluster") torus = &tag;
  }
  if (torus == nullptr || (*torus)["topology"] != "TORUS") return {};
  std::vector<int> dimensions;
  std::string_view text = (*torus)["topo_parameters"];
  while (!text.empty()) {
    int size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc{} || size < 1) return {};
    dimensions.push_back(size);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.empty() && !text.starts_with(',')) return {};
    if (!text.empty()) text.remove_prefix(1);
  }
  std::ranges::reverse(dimensions);
  return dimensions;
}

}  // namespace troupe::platforms
