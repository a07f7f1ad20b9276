#pragma once
// A glance at a SimGrid platform file for what SimGrid does not tell afterwards. Judges nothing:
// whether the file is a platform is SimGrid's to say.

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::platforms {

/// A start tag.
struct XmlTag {
  std::string name;
  std::map<std::string, std::string, std::less<>> attributes;
  int line = 0;

  /// The attribute, or "" where it is missing.
  std::string_view operator[](std::string_view attribute) const;
};

/// The start tags of a file in their order; comments, declarations and text are passed over. Stops
/// quietly where the text is no XML.
std::vector<XmlTag> start_tags(std::string_view xml);

/// The dimensions of a platform that is one <cluster topology="TORUS">, the last varying fastest
/// (SimGrid writes the fastest first); empty for any other.
std::vector<int> torus_dimensions(const std::vector<XmlTag>& tags);

}  // namespace troupe::platforms
