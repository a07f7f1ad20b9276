// Kernels made from shapes.

#include "algorithms/microbenchmarks/workbench.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "algorithms/microbenchmarks/ladders.hpp"
#include "algorithms/microbenchmarks/shape_collector.hpp"
#include "core/loopback.hpp"

namespace troupe::algorithms {
namespace {

std::string text_of(const KernelShape& shape) {
  std::string text = std::string{shape.kernel} + " " + std::string{shape.form} + " " +
                     std::string{name_of(shape.dtype)};
  for (const auto size : shape.sizes) text += " " + std::to_string(size);
  return text;
}

void on_one_rank(const std::function<void(Communicator&)>& program) { run_loopback(1, program); }

TEST(Ladder, HasEveryKindOfKernelInBothDtypes) {
  std::set<std::pair<std::string_view, Dtype>> there;
  for (const auto& shape : ladder({})) there.emplace(shape.kernel, shape.dtype);
  for (const auto& kind : kernel_kinds())
    for (const Dtype dtype : {Dtype::float32, Dtype::float64})
      EXPECT_TRUE(there.contains({kind.name, dtype})) << kind.name << " " << name_of(dtype);
}

TEST(Ladder, HasTheProductsOfBfloat16AndNothingElseOfIt) {
  const auto products_of = [](Dtype dtype) {
    std::set<std::string> products;
    for (auto shape : ladder({.dtypes = {dtype}})) {
      if (shape.kernel != "Gemm") continue;
      shape.dtype = Dtype::float32;
      products.insert(text_of(shape));
    }
    return products;
  };
  EXPECT_EQ(products_of(Dtype::bfloat16), products_of(Dtype::float32));
  EXPECT_EQ(products_of(Dtype::bfloat16).size(), ladder({.dtypes = {Dtype::bfloat16}}).size());
}

TEST(Ladder, GrowsWithinAKindAndNamesNoShapeTwice) {
  const auto shapes = ladder({.quick = true});
  std::set<std::string> seen;
  for (const auto& shape : shapes) EXPECT_TRUE(seen.insert(text_of(shape)).second);
  for (std::size_t i = 1; i < shapes.size(); ++i)
    if (shapes[i].kernel == "Copy" && shapes[i - 1].kernel == "Copy" &&
        shapes[i].dtype == shapes[i - 1].dtype) {
      EXPECT_LT(shapes[i - 1].sizes[0], shapes[i].sizes[0]);
    }
}

TEST(Workbench, MakesAKernelOfEachShapeThatIsAskedFor) {
  on_one_rank([](Communicator& comm) {
    Workbench bench{comm, host_memory(), true};
    for (const auto& shape : ladder({})) {
      const auto job = bench.job(shape);
      EXPECT_EQ(shape_of(job->kernels.front()), shape)
          << text_of(shape_of(job->kernels.front())) << ", asked for " << text_of(shape);
      check(job->kernels.front());
    }
  });
}

TEST(Workbench, GathersOtherColumnsEachTimeUntilAllHaveHadTheirTurn) {
  on_one_rank([](Communicator& comm) {
    Workbench bench{comm, host_memory(), true};
    const auto job = bench.job({.kernel = "Gather", .dtype = Dtype::float32, .sizes = {5, 4, 10}});
    const auto columns = [&] {
      const auto now = std::get<Gather>(job->next()).columns;
      EXPECT_EQ(now.size(), 4u);
      return std::vector<std::size_t>{now.begin(), now.end()};
    };
    const auto first = columns(), second = columns(), third = columns();
    EXPECT_NE(first, second);
    EXPECT_NE(second, third);
    EXPECT_EQ(columns(), first);  // 3 draws of 4 are at least 10 columns
  });
}

/// Of each kernel, form and dtype the smallest shape that has a size above 1, and no huge ones.
std::vector<KernelShape> one_of_each() {
  std::vector<KernelShape> shapes;
  for (const auto& shape : ladder({})) {
    const bool known = std::ranges::any_of(shapes, [&](const KernelShape& other) {
      return other.kernel == shape.kernel && other.form == shape.form && other.dtype == shape.dtype;
    });
    if (!known && shape.sizes[0] > 1) shapes.push_back(shape);
    if (!known && shape.form == "binary_cross_entropy" && shape.sizes[1] > 1)
      shapes.push_back(shape);
  }
  return shapes;
}

template <class T>
int odd_values(std::span<const T> values) {
  return static_cast<int>(std::ranges::count_if(values, [](T value) {
    const int kind = std::fpclassify(value);
    return kind == FP_SUBNORMAL || kind == FP_NAN || kind == FP_INFINITE;
  }));
}

TEST(Workbench, MultipliesOrdinaryValuesOfBfloat16) {
  on_one_rank([](Communicator& comm) {
    Workbench bench{comm, host_memory(), false};
    const auto job = bench.job(
        {.kernel = "Gemm", .form = "nn", .dtype = Dtype::bfloat16, .sizes = {1, 1, 1000}});
    const auto& gemm = std::get<Gemm>(job->kernels.front());
    for (const ConstSlice operand : {gemm.a, gemm.b}) {
      std::vector<float> values(1000);
      run_on_host(Cast{std::span{values}, operand});
      EXPECT_TRUE(std::ranges::all_of(
          values, [](float x) { return std::abs(x) >= 0.5f && std::abs(x) <= 1; }));
      EXPECT_TRUE(std::ranges::any_of(values, [](float x) { return x < 0; }));
    }
  });
}

TEST(Workbench, ItsKernelsCanRunThousandsOfTimesWithoutDenormalsInfinitiesOrNaN) {
  on_one_rank([](Communicator& comm) {
    Workbench bench{comm, host_memory(), false};
    for (const auto& shape : one_of_each()) {
      const auto job = bench.job(shape);
      for (int i = 0; i < 3000; ++i) compute(comm, job->next());
      for (const Buffer& operand : job->operands) {
        if (operand.slice().dtype() == Dtype::float32) {
          EXPECT_EQ(odd_values(std::span<const float>{operand.slice().host<float>()}), 0)
              << text_of(shape);
        }
        if (operand.slice().dtype() == Dtype::float64) {
          EXPECT_EQ(odd_values(std::span<const double>{operand.slice().host<double>()}), 0)
              << text_of(shape);
        }
      }
    }
  });
}

TEST(ShapeCollector, NamesEachShapeOnceAndNoOpaqueKernel) {
  on_one_rank([](Communicator& comm) {
    CollectedShapes shapes;
    ShapeCollector collector{comm, shapes};
    const Slice x = Slice::phantom(7);
    for (int i = 0; i < 3; ++i) compute(collector, Scale{.a = 2, .x = x});
    compute(collector, Fill{.value = 1, .x = x});
    compute(collector,
            Opaque{.reads = {x}, .writes = {}, .work = {Flops{1}, Bytes{}}, .body = [] {}});
    const auto seen = shapes.take();
    ASSERT_EQ(seen.size(), 2u);
    EXPECT_EQ(seen[0].kernel, "Scale");
    EXPECT_EQ(seen[0].sizes[0], 7u);
    EXPECT_EQ(seen[1].kernel, "Fill");
  });
}

}  // namespace
}  // namespace troupe::algorithms
