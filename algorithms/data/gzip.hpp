#pragma once
// Files as data sets are distributed: compressed with gzip. Not for others than the readers.

#include <filesystem>
#include <string>
#include <string_view>

namespace troupe::algorithms {

/// True for bytes that begin as gzip's do.
bool is_gzip(std::string_view bytes);

/// What was compressed, of all members one after another (RFC 1952, section 2.2). Throws BadInput
/// with the name of the file: the stream is damaged or ends too early.
std::string unpacked(std::string_view bytes, const std::filesystem::path& file);

}  // namespace troupe::algorithms
