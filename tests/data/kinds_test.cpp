// The table of data: every kind loads what its shape says, and files are found, cut and refused.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <numeric>

#include "algorithms/data/files.hpp"
#include "algorithms/data/generated.hpp"
#include "algorithms/learner.hpp"
#include "algorithms/models/least_squares.hpp"
#include "core/errors.hpp"
#include "core/loopback.hpp"

namespace troupe::algorithms {
namespace {

namespace fs = std::filesystem;

TEST(DataKinds, LoadWhatTheirShapeSays) {
  int generated = 0;
  for (const DataKind& kind : data_kinds()) {
    if (!kind.shape) continue;
    ++generated;
    Choice choice{std::string{kind.kind.name}};
    choice.set(samples_setting, 30);
    const DataShape shape = kind.shape(choice);
    const Dataset data = kind.load(choice, 3);
    EXPECT_EQ(shape.samples, 30u) << kind.kind.name;
    EXPECT_EQ(data.samples, shape.samples) << kind.kind.name;
    EXPECT_EQ(data.inputs, shape.inputs) << kind.kind.name;
    EXPECT_EQ(data.outputs, shape.outputs) << kind.kind.name;
    EXPECT_EQ(data.classes, shape.classes) << kind.kind.name;
    EXPECT_EQ(data.features.size() + data.pixels.size(), 30 * shape.inputs) << kind.kind.name;
  }
  EXPECT_EQ(generated, 6);
}

class DataFiles : public testing::Test {
 protected:
  DataFiles() : folder_{fs::temp_directory_path() / ("troupe-kinds-" + std::to_string(getpid()))} {
    fs::create_directories(folder_);
  }
  ~DataFiles() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream{folder_ / name, std::ios::binary} << content;
    return (folder_ / name).string();
  }
  static TrainingProblem problem_of(const Choice& data) {
    TrainingProblem problem;
    static_cast<Choice&>(problem.data) = data;
    return problem;
  }
  static std::string refusal(const Choice& data) {
    try {
      load_dataset(problem_of(data));
    } catch (const BadInput& error) {
      return error.what();
    }
    return "no refusal";
  }

  fs::path folder_;
};

TEST_F(DataFiles, AreReadCutAndStandardised) {
  Choice csv{"csv"};
  csv.set(file_setting, write("f.csv", "a,b,c\n1,2,0\n3,2,1\n100,2,1\n"))
      .set(CsvData::target, "c")
      .set(classes_setting, 2)
      .set(first_samples, 2)
      .set(standardise_setting, true);
  const auto data = load_dataset(problem_of(csv));
  EXPECT_EQ(data->features, (std::vector<double>{-1, 0, 1, 0}));
  EXPECT_EQ(data->labels, (std::vector<std::int32_t>{0, 1}));
  const DataShape shape = shape_of_data(problem_of(csv));
  EXPECT_EQ(shape.samples, 2u);
  EXPECT_EQ(shape.inputs, 2u);
  EXPECT_EQ(shape.classes, 2u);

  Choice libsvm{"libsvm"};
  libsvm.set(file_setting, write("f.svm", "0.5 2:1\n")).set(LibsvmData::inputs, 3);
  EXPECT_EQ(load_dataset(problem_of(libsvm))->features, (std::vector<double>{0, 1, 0}));

  Choice idx{"idx"};
  using namespace std::string_literals;
  idx.set(IdxData::pictures, write("p", "\0\0\x08\x03\0\0\0\x01\0\0\0\x01\0\0\0\x02yz"s))
      .set(IdxData::labels, write("l", "\0\0\x08\x01\0\0\0\x01\x03"s));
  EXPECT_EQ(load_dataset(problem_of(idx))->pixels, (std::vector<std::uint8_t>{121, 122}));
}

TEST_F(DataFiles, OfCifarAreAllOfAFolderInTheOrderOfTheirNames) {
  write("data_batch_2.bin", std::string(3073, '\x02'));
  write("data_batch_1.bin", std::string(3073, '\x01'));
  write("test_batch.bin", std::string(3073, '\x09'));
  Choice cifar{"cifar10"};
  cifar.set(CifarData::file, folder_.string());
  EXPECT_EQ(load_dataset(problem_of(cifar))->labels, (std::vector<std::int32_t>{1, 2}));
  cifar.set(CifarData::file, (folder_ / "test_batch.bin").string());
  EXPECT_EQ(load_dataset(problem_of(cifar))->labels, (std::vector<std::int32_t>{9}));
}

TEST_F(DataFiles, AreRefusedWithWhatIsWrong) {
  EXPECT_EQ(refusal("csv"),
            "data of kind csv needs \"file\": path, relative to the scenario's folder");
  EXPECT_EQ(refusal("idx"),
            "data of kind idx needs \"file\": the pictures, relative to the scenario's folder");
  Choice csv{"csv"};
  csv.set(file_setting, write("f.csv", "1,2\n"));
  EXPECT_NE(refusal(Choice{csv}.set(first_samples, 2)).find("has 1 samples, 2 wanted"),
            std::string::npos);
  EXPECT_EQ(refusal(Choice{csv}.set(CsvData::separator, "")),
            "the separator is one character, \"\" given");
  EXPECT_EQ(refusal(Choice{csv}.set(first_label, -1)),
            "first_label is -1 for the two classes -1 and +1; 0 classes given");
  Choice cifar{"cifar10"};
  cifar.set(CifarData::file, folder_.string());
  EXPECT_NE(refusal(cifar).find("has no data_batch_*.bin"), std::string::npos);
}

TEST_F(DataFiles, OfPhantomProblemsAreReadForTheirShape) {
  Choice csv{"csv"};
  csv.set(file_setting, write("f.csv", "1,2,3\n4,5,6\n7,8,9\n"));
  TrainingProblem problem = problem_of(csv);
  problem.phantom = true;
  problem.model.set(LeastSquares::basis, "inputs");
  EXPECT_EQ((Learner{problem, 0, 2}.samples()), 2u);
  EXPECT_EQ((Learner{problem, 0, 2}.size()), 2u);
}

/// Samples of each shard of the linear data by a partition, with values or without.
std::vector<std::size_t> sizes(const std::string& partition, bool phantom, double held_out = 0) {
  TrainingProblem problem;
  static_cast<Choice&>(problem.data) = Choice{"linear"};
  problem.data.set(samples_setting, 103);
  problem.data.partition = partition;
  problem.data.held_out = held_out;
  problem.model.set(LeastSquares::basis, "inputs");
  problem.speeds = {1, 2, 1, 4};
  problem.phantom = phantom;
  std::vector<std::size_t> sizes;
  for (int shard = 0; shard < 4; ++shard) sizes.push_back(Learner{problem, shard, 4}.samples());
  return sizes;
}

TEST(Learners, HaveAsManySamplesWithoutValuesAsWithThem) {
  for (const char* partition : {"strided", "shuffled", "sorted", "by_speed"}) {
    const auto real = sizes(partition, false);
    EXPECT_EQ(std::accumulate(real.begin(), real.end(), std::size_t{0}), 103u) << partition;
    EXPECT_EQ(sizes(partition, true), real) << partition;
    EXPECT_EQ(sizes(partition, true, 0.2), sizes(partition, false, 0.2)) << partition;
  }
}

TEST(Learners, WeighTheirBatchesByTheirSizes) {
  TrainingProblem problem;
  problem.data.set(samples_setting, 11);  // shards of 3, 3, 3 and 2
  problem.data.sampling = "epochs";
  problem.batch = 2;
  run_loopback(1, [&](Communicator& comm) {
    std::vector<std::unique_ptr<Learner>> learners;
    for (int shard = 0; shard < 4; ++shard)
      learners.push_back(std::make_unique<Learner>(problem, shard, 4));
    const auto expect_shares = [&](double first, double last) {
      for (int shard = 0; shard < 4; ++shard) {
        Learner& learner = *learners[static_cast<std::size_t>(shard)];
        EXPECT_DOUBLE_EQ(learner.share(), shard < 3 ? first : last);
        learner.next_batch(comm);
      }
    };
    expect_shares(2.0 / 8, 2.0 / 8);  // four whole batches
    expect_shares(1.0 / 5, 2.0 / 5);  // the last of three, and a new epoch of the fourth
    expect_shares(2.0 / 8, 2.0 / 8);
  });
}

TEST(Learners, SayBeforehandThatAShardWouldBeEmpty) {
  TrainingProblem problem;
  static_cast<Choice&>(problem.data) = Choice{"linear"};
  problem.model.set(LeastSquares::basis, "inputs");
  problem.data.partition = "by_speed";
  problem.speeds = {1, 1e-9};
  EXPECT_NE(refusal_of_learner(problem, 2).find("leaves rank 1 of 2 without any"),
            std::string::npos);
  problem.speeds = {};
  EXPECT_NE(refusal_of_learner(problem, 2).find("needs the speed of each of 2 ranks"),
            std::string::npos);
}

}  // namespace
}  // namespace troupe::algorithms
