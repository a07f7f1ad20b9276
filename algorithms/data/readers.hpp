#pragma once
// Data sets from files in the four formats most of them come in. A file that is damaged is BadInput
// with the file, the line or byte, what was found there and what was expected: no reader guesses,
// skips a sample or fills a hole.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "algorithms/data/dataset.hpp"

namespace troupe::algorithms {

/// Which numbers stand for classes in a text file.
struct LabelRange {
  std::size_t classes = 0;  ///< 0: regression, the target is any number
  /// The classes are numbered first, first + 1, …; −1 with two classes: they are −1 and +1.
  int first = 0;
};

struct CsvOptions {
  LabelRange labels{};
  std::string target{};  ///< name of the column or its number from 0; empty = the last
  char separator = ',';
};

/// Comma-separated values (RFC 4180, without line breaks within quotes), one sample a line; every
/// column but the target is a feature. A first line without any number is a header. Empty lines are
/// no samples. Spaces around a field are not part of it.
Dataset read_csv(const std::filesystem::path& file, const CsvOptions& options);

/// The sparse text of LIBSVM (Chang and Lin 2011): `target index:value …`, indices from 1 upwards,
/// what is left out is 0, # begins a remark. Features as many as `inputs`, or as the largest index
/// where that is 0. Kept dense: more than 2^31 values are refused.
Dataset read_libsvm(const std::filesystem::path& file, const LabelRange& labels,
                    std::size_t inputs = 0);

/// IDX, the format of MNIST: unsigned bytes in big-endian order, a file of pictures and one with
/// their labels. A picture may have any number of dimensions; labels are below `classes`.
Dataset read_idx(const std::filesystem::path& pictures, const std::filesystem::path& labels,
                 std::size_t classes = 10);

/// The binary form of CIFAR-10: records of a label and 3·32·32 pixels, red, green, blue plane. All
/// files together are one set.
Dataset read_cifar10(std::span<const std::filesystem::path> files);

}  // namespace troupe::algorithms
