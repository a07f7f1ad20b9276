#pragma once
// A glance at a SimGrid platform file: for what SimGrid does not tell afterwards, and for mistakes
// on which it ends the process or says nothing helpful. Whether all else is right is SimGrid's to
// say.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.hpp"

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

struct XmlMistake {
  int line = 0;
  std::string what;
};

/// The first of: a version other than 4 and 4.1; a routing or topology SimGrid does not have; a
/// <cluster> with another number of hosts than its topology; a dragonfly SimGrid 3.32 crashes on;
/// Wi-Fi, whose stations have rates in a program only.
std::optional<XmlMistake> first_mistake(const std::vector<XmlTag>& tags);

/// What a property eager_limit of the platform's first zone says, as a calibrated platform's does:
/// messages up to so many bytes leave at once. Throws BadPlatform, without the file's name, for a
/// value that is no size.
std::optional<Bytes> eager_limit(const std::vector<XmlTag>& tags);

/// Whether a property connections="one_per_pair" of the platform's first zone says that what one
/// rank sends to another goes over one connection (NetworkModel::one_connection), as a calibrated
/// platform's may. Throws BadPlatform, without the file's name, for any other value.
bool one_connection(const std::vector<XmlTag>& tags);

/// Something that changes with time.
struct Profile {
  enum class Of { speed, bandwidth, latency, state } of = Of::state;
  int line = 0;
  std::string what;  ///< an attribute, "<trace>" or "<trace_connect>"
};
std::vector<Profile> profiles(const std::vector<XmlTag>& tags);

/// The dimensions of a platform that is one <cluster topology="TORUS">, the last varying fastest
/// (SimGrid writes the fastest first); empty for any other.
std::vector<int> torus_dimensions(const std::vector<XmlTag>& tags);

}  // namespace troupe::platforms
