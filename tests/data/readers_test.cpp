// Files as they should be, and damaged in every way that a reader can notice: what it says then.

#include "algorithms/data/readers.hpp"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <fstream>
#include <functional>

#include "core/errors.hpp"

namespace troupe::algorithms {
namespace {

namespace fs = std::filesystem;

/// A folder of files for one test.
class Readers : public testing::Test {
 protected:
  Readers() : folder_{fs::temp_directory_path() / ("troupe-data-" + std::to_string(getpid()))} {
    fs::create_directories(folder_);
  }
  ~Readers() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  fs::path write(const std::string& name, const std::string& content) const {
    std::ofstream{folder_ / name, std::ios::binary} << content;
    return folder_ / name;
  }
  /// What a reader says about a file, without the folder.
  std::string refusal(const std::function<void()>& read) const {
    try {
      read();
    } catch (const BadInput& error) {
      std::string text = error.what();
      const std::string prefix = folder_.string() + "/";
      for (auto at = text.find(prefix); at != text.npos; at = text.find(prefix))
        text.erase(at, prefix.size());
      return text;
    }
    return "no refusal";
  }
  std::string refusal_of_csv(const std::string& content, const CsvOptions& options = {}) const {
    const fs::path file = write("f.csv", content);
    return refusal([&] { read_csv(file, options); });
  }
  std::string refusal_of_libsvm(const std::string& content, LabelRange labels = {},
                                std::size_t inputs = 0) const {
    const fs::path file = write("f.svm", content);
    return refusal([&] { read_libsvm(file, labels, inputs); });
  }

  fs::path folder_;
};

using Csv = Readers;

TEST_F(Csv, HasFeaturesAndATargetInItsLastColumn) {
  const Dataset data = read_csv(write("f.csv", "1,2,3\n4,-5e1,+6.5\n"), {});
  EXPECT_EQ(data.samples, 2u);
  EXPECT_EQ(data.inputs, 2u);
  EXPECT_EQ(data.outputs, 1u);
  EXPECT_EQ(data.classes, 0u);
  EXPECT_EQ(data.features, (std::vector<double>{1, 2, 4, -50}));
  EXPECT_EQ(data.targets, (std::vector<double>{3, 6.5}));
}

TEST_F(Csv, TakesTheTargetByNameOrByNumber) {
  const fs::path file = write("f.csv", "age, \"dose, mg\" ,risk\r\n1, 2 ,0\r\n\r\n4,\"5\",1\r\n");
  const Dataset by_name = read_csv(file, {.labels = {2}, .target = "risk"});
  EXPECT_EQ(by_name.labels, (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(by_name.features, (std::vector<double>{1, 2, 4, 5}));
  EXPECT_TRUE(by_name.targets.empty());
  const Dataset quoted = read_csv(file, {.target = "dose, mg"});
  EXPECT_EQ(quoted.targets, (std::vector<double>{2, 5}));
  EXPECT_EQ(quoted.features, (std::vector<double>{1, 0, 4, 1}));
  EXPECT_EQ(read_csv(file, {.target = "0"}).targets, (std::vector<double>{1, 4}));
}

TEST_F(Csv, MayUseAnotherSeparatorAndBeginWithAByteOrderMark) {
  const fs::path file = write("f.csv",
                              "\xef\xbb\xbf"
                              "1\t2\n3\t4");
  EXPECT_EQ(read_csv(file, {.separator = '\t'}).features, (std::vector<double>{1, 3}));
}

TEST_F(Csv, NumbersItsClassesFromWhereItIsTold) {
  const fs::path file = write("f.csv", "0,1\n0,3\n0,2\n");
  EXPECT_EQ(read_csv(file, {.labels = {3, 1}}).labels, (std::vector<std::int32_t>{0, 2, 1}));
  const fs::path signs = write("g.csv", "0,-1\n0,+1\n0,1\n");
  EXPECT_EQ(read_csv(signs, {.labels = {2, -1}}).labels, (std::vector<std::int32_t>{0, 1, 1}));
}

TEST_F(Csv, SaysWhereItIsDamaged) {
  EXPECT_EQ(refusal_of_csv("a,b\n1,2\n3,x\n"),
            "f.csv: line 3, column 2: found \"x\", expected a finite number as target");
  EXPECT_EQ(refusal_of_csv("1,2,3\n\n1,,3\n"),
            "f.csv: line 3, column 2: found nothing, expected a finite number");
  EXPECT_EQ(refusal_of_csv("1,2,3\nnan,2,3\n"),
            "f.csv: line 2, column 1: found \"nan\", expected a finite number");
  EXPECT_EQ(refusal_of_csv("1,2\n1e999,2\n"),
            "f.csv: line 2, column 1: found \"1e999\", expected a finite number");
  EXPECT_EQ(refusal_of_csv("1,2,3\n4,5\n"), "f.csv: line 2: found 2 columns, expected 3 as before");
  EXPECT_EQ(refusal_of_csv("1,2,3\n4,5,6,\n"),
            "f.csv: line 2: found 4 columns, expected 3 as before");
  EXPECT_EQ(refusal_of_csv("1,\"2\n"),
            "f.csv: line 1, column 2: found \"\"2\", expected a quoted field that ends at its "
            "closing quote");
  EXPECT_EQ(refusal_of_csv("1,\"2\"3\n"),
            "f.csv: line 1, column 2: found \"\"2\"3\", expected a quoted field that ends at its "
            "closing quote");
}

TEST_F(Csv, DoesNotTakeADamagedFirstLineForAHeader) {
  EXPECT_EQ(refusal_of_csv("x,2\n3,4\n"),
            "f.csv: line 1, column 1: found \"x\", expected a finite number");
}

TEST_F(Csv, RefusesLabelsOutOfRange) {
  EXPECT_EQ(refusal_of_csv("0,1\n0,3\n", {.labels = {3}}),
            "f.csv: line 2, column 2: found \"3\", expected a label, a whole number from 0 to 2");
  EXPECT_EQ(refusal_of_csv("0,0.5\n", {.labels = {3}}),
            "f.csv: line 1, column 2: found \"0.5\", expected a label, a whole number from 0 to 2");
  EXPECT_EQ(refusal_of_csv("0,0\n", {.labels = {2, -1}}),
            "f.csv: line 1, column 2: found \"0\", expected a label, -1 or +1");
}

TEST_F(Csv, RefusesATargetThatIsNotThere) {
  EXPECT_EQ(refusal_of_csv("age,risk\n1,2\n", {.target = "rist"}),
            "f.csv: the target is \"rist\", expected a column's number from 0 to 1 or its name, "
            "did you mean \"risk\"?");
  EXPECT_EQ(refusal_of_csv("1,2\n", {.target = "2"}),
            "f.csv: the target is \"2\", expected a column's number from 0 to 1 (the file has no "
            "header to name columns)");
}

TEST_F(Csv, RefusesFilesWithoutSamples) {
  EXPECT_EQ(refusal_of_csv(""), "f.csv: is empty, expected samples");
  EXPECT_EQ(refusal_of_csv("\n\n"), "f.csv: has no samples, only empty lines");
  EXPECT_EQ(refusal_of_csv("a,b\n"), "f.csv: has no samples, only a header");
  EXPECT_EQ(refusal_of_csv("1;2\n"),
            "f.csv: line 1: found one column, \"1;2\", expected a target and at least one feature, "
            "separated by \",\"");
  EXPECT_EQ(refusal([&] { read_csv(folder_ / "none.csv", {}); }),
            "none.csv: cannot be read: No such file or directory");
  EXPECT_NE(refusal([&] { read_csv(folder_, {}); }).find("is a folder"), std::string::npos);
}

using Libsvm = Readers;

TEST_F(Libsvm, FillsInWhatItLeavesOut) {
  const fs::path file = write("f.svm", "+1 1:0.5 3:-2 # remark\n# nothing\n-1\n-1 2:1e1 \n");
  const Dataset data = read_libsvm(file, {2, -1});
  EXPECT_EQ(data.samples, 3u);
  EXPECT_EQ(data.inputs, 3u);
  EXPECT_EQ(data.labels, (std::vector<std::int32_t>{1, 0, 0}));
  EXPECT_EQ(data.features, (std::vector<double>{0.5, 0, -2, 0, 0, 0, 0, 10, 0}));
  EXPECT_EQ(read_libsvm(file, {}, 4).inputs, 4u);
  EXPECT_EQ(read_libsvm(file, {}).targets, (std::vector<double>{1, -1, -1}));
}

TEST_F(Libsvm, SaysWhereItIsDamaged) {
  EXPECT_EQ(refusal_of_libsvm("1 1:2\n1 2\n"),
            "f.svm: line 2, column 2: found \"2\", expected index:value with two numbers");
  EXPECT_EQ(refusal_of_libsvm("1 1:x\n"),
            "f.svm: line 1, column 2: found \"1:x\", expected index:value with two numbers");
  EXPECT_EQ(refusal_of_libsvm("1 1:2 -3:4\n"),
            "f.svm: line 1, column 3: found \"-3:4\", expected index:value with two numbers");
  EXPECT_EQ(refusal_of_libsvm("1 0:2\n"),
            "f.svm: line 1, column 2: found \"0:2\", expected an index of 1 or more");
  EXPECT_EQ(refusal_of_libsvm("1 2:2 2:3\n"),
            "f.svm: line 1, column 3: found \"2:3\", expected an index above 2");
  EXPECT_EQ(refusal_of_libsvm("1 5:2\n", {}, 4),
            "f.svm: line 1, column 2: found \"5:2\", expected an index of at most 4");
  EXPECT_EQ(refusal_of_libsvm("a 1:2\n"),
            "f.svm: line 1, column 1: found \"a\", expected a finite number as target");
  EXPECT_EQ(refusal_of_libsvm("3 1:2\n", {3}),
            "f.svm: line 1, column 1: found \"3\", expected a label, a whole number from 0 to 2");
}

TEST_F(Libsvm, RefusesWhatHoldsNothingOrTooMuch) {
  EXPECT_EQ(refusal_of_libsvm(""), "f.svm: is empty, expected samples");
  EXPECT_EQ(refusal_of_libsvm("# none\n"), "f.svm: has no samples, only empty lines");
  EXPECT_EQ(refusal_of_libsvm("1\n-1\n"), "f.svm: no sample has a feature");
  EXPECT_EQ(refusal_of_libsvm("1 2000000000:1\n1 1:1\n"),
            "f.svm: 2 samples of 2000000000 features are too many to keep dense: at most "
            "2147483648 values");
}

/// The header of an IDX file.
std::string idx(std::initializer_list<unsigned> dimensions, unsigned type = 8) {
  std::string bytes{'\0', '\0', static_cast<char>(type), static_cast<char>(dimensions.size())};
  for (const unsigned dimension : dimensions)
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes += static_cast<char>(dimension >> shift & 0xff);
  return bytes;
}

class IdxFiles : public Readers {
 protected:
  std::string refusal_of(const std::string& pictures, const std::string& labels) const {
    const fs::path p = write("p.idx", pictures), l = write("l.idx", labels);
    return refusal([&] { read_idx(p, l); });
  }
  const std::string pictures_ = idx({2, 2, 2}) + "abcdefgh", labels_ = idx({2}) + "\x07\x02";
};

TEST_F(IdxFiles, HoldPicturesAndLabels) {
  const Dataset data = read_idx(write("p.idx", pictures_), write("l.idx", labels_));
  EXPECT_EQ(data.samples, 2u);
  EXPECT_EQ(data.inputs, 4u);
  EXPECT_EQ(data.classes, 10u);
  EXPECT_EQ(data.pixels, (std::vector<std::uint8_t>{97, 98, 99, 100, 101, 102, 103, 104}));
  EXPECT_EQ(data.labels, (std::vector<std::int32_t>{7, 2}));
  EXPECT_DOUBLE_EQ(data.feature(1, 0), 101 / 255.0);
}

TEST_F(IdxFiles, SayWhereTheyAreDamaged) {
  EXPECT_EQ(refusal_of(labels_, labels_),
            "p.idx: byte 0: found magic number 0x00000801, expected 0x00000803 of pictures in "
            "unsigned bytes");
  EXPECT_EQ(refusal_of(pictures_, pictures_),
            "l.idx: byte 0: found magic number 0x00000803, expected 0x00000801 of labels in "
            "unsigned bytes");
  EXPECT_EQ(refusal_of(idx({2, 2, 2}, 13) + "abcdefgh", labels_),
            "p.idx: byte 0: found magic number 0x00000d03, expected 0x00000803 of pictures in "
            "unsigned bytes");
  EXPECT_EQ(refusal_of("ab", labels_),
            "p.idx: byte 2: found the end of the file, expected 4 bytes of magic number");
  EXPECT_EQ(refusal_of(idx({2, 2, 2}).substr(0, 10), labels_),
            "p.idx: byte 10: found the end of the file, expected 16 bytes of header");
  EXPECT_EQ(refusal_of(pictures_.substr(0, 23), labels_),
            "p.idx: byte 23: found the end of the file, expected the 2 items that the header "
            "announces");
  EXPECT_EQ(refusal_of(pictures_ + "i", labels_),
            "p.idx: byte 24: found 1 bytes more, expected the end of the file after 2 items");
  EXPECT_EQ(refusal_of(idx({3, 4000000000u, 4000000000u, 4000000000u}) + "a", labels_),
            "p.idx: byte 21: found the end of the file, expected the 3 items that the header "
            "announces");
  EXPECT_EQ(refusal_of(idx({0, 2, 2}), labels_),
            "p.idx: byte 4: found a header of no values, expected at least one sample");
  EXPECT_EQ(refusal_of(pictures_, idx({2}) + "\x07\x0a"),
            "l.idx: byte 9: found label 10, expected one from 0 to 9");
  EXPECT_EQ(refusal_of(pictures_, idx({1}) + "\x07"),
            "l.idx: found 1 labels, expected 2, one for each picture of p.idx");
  EXPECT_EQ(refusal_of("", labels_), "p.idx: is empty, expected samples");
}

std::string gzipped(const std::string& content) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(content.size() + 1024, '\0');
  std::string bytes = content;
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

TEST_F(IdxFiles, AreReadAsTheyAreDistributedCompressedWithGzip) {
  const Dataset data = read_idx(write("p.gz", gzipped(pictures_)), write("l.gz", gzipped(labels_)));
  EXPECT_EQ(data.pixels, read_idx(write("p.idx", pictures_), write("l.idx", labels_)).pixels);
  EXPECT_EQ(data.labels, (std::vector<std::int32_t>{7, 2}));
  const std::string large = idx({1, 300, 300}) + std::string(90000, 'x');  // more than a buffer
  EXPECT_EQ(read_idx(write("p.gz", gzipped(large)), write("l.idx", idx({1}) + "\x07")).inputs,
            90000u);
  const std::string halves = gzipped(pictures_.substr(0, 9)) + gzipped(pictures_.substr(9));
  EXPECT_EQ(read_idx(write("p.gz", halves), write("l.idx", labels_)).pixels, data.pixels);
}

TEST_F(IdxFiles, SayWhereTheirCompressionIsDamaged) {
  const std::string whole = gzipped(pictures_);
  EXPECT_EQ(refusal_of(whole.substr(0, 12), labels_),
            "p.idx: byte 12 of the compressed file: found the end of the file, expected the rest "
            "of what gzip compressed");
  std::string flipped = whole;
  flipped[whole.size() - 6] ^= 1;  // of the checksum
  EXPECT_EQ(refusal_of(flipped, labels_),
            "p.idx: byte " + std::to_string(whole.size() - 4) +
                " of the compressed file: found incorrect data check, expected data compressed by "
                "gzip");
  EXPECT_EQ(refusal_of(whole + "x", labels_),
            "p.idx: byte " + std::to_string(whole.size() + 1) +
                " of the compressed file: found the end of the file, expected the rest of what "
                "gzip compressed");
  EXPECT_EQ(refusal_of(gzipped(""), labels_), "p.idx: holds nothing, expected samples");
}

class Cifar : public Readers {
 protected:
  static std::string record(char label) { return label + std::string(3072, '\x33'); }
  std::string refusal_of(const std::string& content) const {
    const std::vector<fs::path> files{write("a.bin", record(1)), write("b.bin", content)};
    return refusal([&] { read_cifar10(files); });
  }
};

TEST_F(Cifar, HoldsRecordsOfALabelAndPixels) {
  const std::vector<fs::path> files{write("a.bin", record(1) + record(9)),
                                    write("b.bin", record(0))};
  const Dataset data = read_cifar10(files);
  EXPECT_EQ(data.samples, 3u);
  EXPECT_EQ(data.inputs, 3072u);
  EXPECT_EQ(data.labels, (std::vector<std::int32_t>{1, 9, 0}));
  EXPECT_EQ(data.pixels.size(), 3 * 3072u);
  EXPECT_DOUBLE_EQ(data.feature(2, 3071), 0.2);
}

TEST_F(Cifar, SaysWhereItIsDamaged) {
  EXPECT_EQ(refusal_of(record(2) + record(10)),
            "b.bin: byte 3073: found label 10, expected one from 0 to 9");
  EXPECT_EQ(refusal_of((record(2) + record(3)).substr(0, 6000)),
            "b.bin: byte 6000: found the end of the file, expected 146 bytes more of record 1 (a "
            "record has 3073)");
  EXPECT_EQ(refusal_of(""), "b.bin: is empty, expected samples");
  EXPECT_EQ(refusal([] { read_cifar10({}); }), "CIFAR-10 needs one file or more, none given");
}

}  // namespace
}  // namespace troupe::algorithms
