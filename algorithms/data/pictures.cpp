// Binary files of labelled pictures: IDX and CIFAR-10.

#include <array>
#include <cstdio>
#include <limits>
#include <vector>

#include "algorithms/data/reading.hpp"
#include "core/errors.hpp"

namespace troupe::algorithms {
namespace {

std::uint8_t byte_at(const std::string& bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

/// A label of a picture, from the byte of a file. Throws BadInput.
std::int32_t label_at(const std::string& bytes, std::size_t at, std::size_t classes,
                      const std::filesystem::path& file) {
  const std::uint8_t label = byte_at(bytes, at);
  if (label >= classes)
    damaged(at_byte(file, at), "label " + std::to_string(label),
            "one from 0 to " + std::to_string(classes - 1));
  return label;
}

void add_pixels(Dataset& data, const std::string& bytes, std::size_t first, std::size_t count) {
  const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(first);
  data.pixels.insert(data.pixels.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
}

/// What an IDX file holds: bytes from `begin` on, `items` times `size` of them.
struct Idx {
  std::string bytes;
  std::size_t begin = 0, items = 0, size = 1;
};

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | byte_at(bytes, at + i);
  return value;
}

std::string hexadecimal(std::uint32_t value) {
  std::array<char, 11> text;
  std::snprintf(text.data(), text.size(), "0x%08x", value);
  return text.data();
}

/// The header: 0, 0, 8 (unsigned bytes), the number of dimensions, and each of them.
Idx open_idx(const std::filesystem::path& file, bool pictures) {
  Idx idx{.bytes = read_whole(file)};
  const std::size_t length = idx.bytes.size();
  const auto expect_length = [&](std::size_t wanted, const char* what) {
    if (length < wanted)
      damaged(at_byte(file, length), "the end of the file",
              std::to_string(wanted) + " bytes of " + what);
  };
  expect_length(4, "magic number");
  const std::uint32_t magic = big_endian(idx.bytes, 0), dimensions = magic & 0xff;
  if (magic >> 8 != 8 || (pictures ? dimensions < 2 : dimensions != 1))
    damaged(at_byte(file, 0), "magic number " + hexadecimal(magic),
            pictures ? "0x00000803 of pictures in unsigned bytes"
                     : "0x00000801 of labels in unsigned bytes");
  idx.begin = 4 + 4 * std::size_t{dimensions};
  expect_length(idx.begin, "header");
  idx.items = big_endian(idx.bytes, 4);
  for (std::size_t at = 8; at < idx.begin; at += 4) {
    const std::size_t dimension = big_endian(idx.bytes, at);
    // More than any file has is as good as the number itself, which need not fit.
    const bool fits = dimension == 0 || idx.size <= length / dimension;
    idx.size = fits ? idx.size * dimension : length;
  }
  if (idx.items == 0 || idx.size == 0)
    damaged(at_byte(file, 4), "a header of no values", "at least one sample");
  if (idx.items > (length - idx.begin) / idx.size)
    damaged(at_byte(file, length), "the end of the file",
            "the " + std::to_string(idx.items) + " items that the header announces");
  const std::size_t end = idx.begin + idx.items * idx.size;
  if (length > end)
    damaged(at_byte(file, end), std::to_string(length - end) + " bytes more",
            "the end of the file after " + std::to_string(idx.items) + " items");
  return idx;
}

}  // namespace

Dataset read_idx(const std::filesystem::path& pictures, const std::filesystem::path& labels,
                 std::size_t classes) {
  EXPECTS(classes > 0, "labels are numbers of classes");
  const Idx drawn = open_idx(pictures, true), named = open_idx(labels, false);
  if (drawn.items != named.items)
    damaged(labels.string(), std::to_string(named.items) + " labels",
            std::to_string(drawn.items) + ", one for each picture of " + pictures.string());
  Dataset data{.samples = drawn.items, .inputs = drawn.size, .classes = classes};
  add_pixels(data, drawn.bytes, drawn.begin, drawn.items * drawn.size);
  for (std::size_t n = 0; n < data.samples; ++n)
    data.labels.push_back(label_at(named.bytes, named.begin + n, classes, labels));
  return data;
}

Dataset read_cifar10(std::span<const std::filesystem::path> files) {
  Dataset data{.inputs = 3 * 32 * 32, .classes = 10};
  if (files.empty()) throw BadInput("CIFAR-10 needs one file or more, none given");
  const std::size_t record = 1 + data.inputs;
  for (const std::filesystem::path& file : files) {
    const std::string bytes = read_whole(file);
    if (const std::size_t rest = bytes.size() % record)
      damaged(at_byte(file, bytes.size()), "the end of the file",
              std::to_string(record - rest) + " bytes more of record " +
                  std::to_string(bytes.size() / record) + " (a record has " +
                  std::to_string(record) + ")");
    for (std::size_t at = 0; at < bytes.size(); at += record) {
      data.labels.push_back(label_at(bytes, at, data.classes, file));
      add_pixels(data, bytes, at + 1, data.inputs);
      ++data.samples;
    }
  }
  return data;
}

}  // namespace troupe::algorithms
