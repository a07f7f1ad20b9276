// Does the prediction hold? Measures this machine's device, trains three models on it for real, as
// one rank, and simulates the same with what was measured: time of a step, predicted and measured.
//
//   prediction_benchmark [--backend loopback|mpi|cuda] [--intervals N] [--full] [--tf32|--bf16]
//   [--keep FOLDER]
//
// A run is timed in intervals of some tenths of a second, between points of its curve; the first,
// in which libraries start, does not count. --full calibrates with all shapes instead of the few of
// --quick. Under mpirun -n 1 for mpi. What was measured and run is kept in FOLDER.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "analysis/output.hpp"
#include "analysis/report_json.hpp"

namespace {

using namespace troupe;

struct Case {
  const char* name;
  int steps;      ///< of an interval on a processor; 0: minutes there, so on a GPU only
  int gpu_steps;  ///< of one on a GPU
  const char* training;
};

constexpr Case cases[]{
    {"mlp 784-128-64-10, batch 32", 500, 1500,
     R"("model": {"kind": "mlp", "layers": [784, 128, 64, 10]}, "dtype": "float32",
        "data": {"kind": "digits", "samples": 2000}, "batch": 32,
        "optimiser": {"kind": "sgd", "rate": 0.05})"},
    {"mlp 784-512-512-10, batch 256, momentum", 50, 1500,
     R"("model": {"kind": "mlp", "layers": [784, 512, 512, 10]}, "dtype": "float32",
        "data": {"kind": "digits", "samples": 2000}, "batch": 256,
        "optimiser": {"kind": "momentum", "rate": 0.01})"},
    {"mlp 784-1024-1024-10, batch 8192", 0, 100,
     R"("model": {"kind": "mlp", "layers": [784, 1024, 1024, 10]}, "dtype": "float32",
        "data": {"kind": "digits", "samples": 8192}, "batch": 8192,
        "optimiser": {"kind": "sgd", "rate": 0.01})"},
    {"cnn 4-8 filters, batch 16", 200, 500,
     R"("model": {"kind": "cnn", "filters": [4, 8], "window": 5, "hidden": 32}, "dtype": "float32",
        "data": {"kind": "digits", "samples": 400, "sampling": "epochs"}, "batch": 16,
        "optimiser": {"kind": "sgd", "rate": 0.05})"},
    {"cnn 32-64 filters, batch 1024", 0, 100,
     R"("model": {"kind": "cnn", "filters": [32, 64], "window": 5, "hidden": 512},
        "dtype": "float32", "data": {"kind": "digits", "samples": 2048, "sampling": "epochs"},
        "batch": 1024, "optimiser": {"kind": "sgd", "rate": 0.01})"},
    {"rbfn of 20 on sinc, batch 20", 20000, 5000,
     R"("model": {"kind": "least_squares", "features": 20, "width": 0.7, "ridge": 1},
        "data": {"kind": "sinc", "samples": 10000, "noise": 0.2}, "batch": 20,
        "optimiser": {"kind": "sgd", "rate": 1})"},
    {"rbfn of 1000 on sinc, batch 1000, float32", 200, 3000,
     R"("model": {"kind": "least_squares", "features": 1000, "width": 0.7, "ridge": 1},
        "dtype": "float32", "data": {"kind": "sinc", "samples": 10000, "noise": 0.2}, "batch": 1000,
        "optimiser": {"kind": "sgd", "rate": 0.001})"},
    {"rbfn of 2000 on sinc, batch 16384, float32", 0, 1000,
     R"("model": {"kind": "least_squares", "features": 2000, "width": 0.7, "ridge": 1},
        "dtype": "float32", "data": {"kind": "sinc", "samples": 20000, "noise": 0.2}, "batch": 16384,
        "optimiser": {"kind": "sgd", "rate": 0.001})"}};

class Bench {
 public:
  Bench(std::string backend, std::string options, const std::string& keep)
      : keeps_{!keep.empty()},
        folder_{keeps_ ? std::filesystem::path{keep}
                       : std::filesystem::temp_directory_path() /
                             fmt::format("troupe-prediction-{}", ::getpid())},
        backend_{std::move(backend)},
        options_{std::move(options)} {
    std::filesystem::create_directories(folder_);
  }
  ~Bench() {
    if (keeps_) return;
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  /// Everything measured that the cases run, beside the ladders and grids.
  void calibrate(const std::vector<const Case*>& wanted, bool full) {
    std::string command = fmt::format("calibrate --device --backend {} -q -o {}{}", backend_,
                                      file("exact.json"), full ? "" : " --quick");
    for (std::size_t i = 0; i < wanted.size(); ++i)
      command += " --for " + write(fmt::format("case{}.json", i), *wanted[i], 1, 0, "");
    run(command + options_);
    // The same without the shapes of the cases.
    auto text = analysis::read_file(file("exact.json"));
    if (const auto at = text.find(",\n \"exact\""); at != std::string::npos)
      text = text.substr(0, at) + "}\n";
    std::ofstream{file("grid.json")} << text;
  }
  /// Seconds a step in each interval.
  std::vector<double> measured(const Case& one, int intervals) {
    const int steps = backend_ == "cuda" ? one.gpu_steps : one.steps;
    const auto file = write("real.json", one, (intervals + 1) * steps, steps, "");
    const auto curve = curve_of(file, fmt::format("--backend {}{}", backend_, options_));
    std::vector<double> times;
    for (std::size_t i = 1; i < curve.size(); ++i)
      if (curve[i - 1].step >= steps && curve[i].step > curve[i - 1].step)
        times.push_back((curve[i].time - curve[i - 1].time - curve[i].evaluating).count() /
                        static_cast<double>(curve[i].step - curve[i - 1].step));
    std::ranges::sort(times);
    return times;
  }
  double predicted(const Case& one, const char* device) {
    constexpr const char* platform =
        R"("network": "loggp", "platform": {"generator": {"kind": "star", "hosts": 2,
           "bandwidth": "10Gbps", "latency": "1us", "speed": "10Gf"}, "ranks": 1},)";
    const auto seconds = [&](int steps) {
      return curve_of(write("simulated.json", one, steps, 0, platform),
                      "--payload phantom --device " + file(device))
          .back()
          .time.count();
    };
    constexpr int steps = 20;
    return (seconds(2 * steps) - seconds(steps)) / steps;
  }

 private:
  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const Case& one, int steps, int every,
                    const char* machine) {
    std::ofstream{file(name)} << fmt::format(
        R"({{"troupe": 1, {} "ranks": 1, "training": {{"strategy": "data_parallel", {},
            "evaluate_every": {}, "stop": {{"steps": {}}}}}}})",
        machine, one.training, every, steps);
    return file(name);
  }
  std::vector<analysis::TrainingPoint> curve_of(const std::string& scenario,
                                                const std::string& options) {
    run(fmt::format("run {} {} -q --json {}", scenario, options, file("report.json")));
    return analysis::report_from_json(analysis::read_file(file("report.json")), "report.json")
        .training;
  }
  static void run(const std::string& arguments) {
    const auto command = fmt::format("{} {}", TROUPE_PROGRAM, arguments);
    if (std::system(command.c_str()) != 0) {
      fmt::print(stderr, "failed: {}\n", command);
      std::exit(1);
    }
  }

  bool keeps_;
  std::filesystem::path folder_;
  std::string backend_, options_;
};

}  // namespace

int main(int argc, char** argv) {
  std::string backend = "loopback", options, keep;
  int intervals = 5;
  bool full = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--backend" && i + 1 < argc) backend = argv[++i];
    else if (argument == "--intervals" && i + 1 < argc)
      intervals = std::max(1, std::atoi(argv[++i]));
    else if (argument == "--full") full = true;
    else if (argument == "--keep" && i + 1 < argc) keep = argv[++i];
    else if (argument == "--tf32" || argument == "--bf16") options = " " + argument;
    else return fmt::print(stderr, "unknown argument {}\n", argument), 2;
  }
  std::vector<const Case*> wanted;
  for (const Case& one : cases)
    if (backend == "cuda" || one.steps > 0) wanted.push_back(&one);
  Bench bench{backend, options, keep};
  bench.calibrate(wanted, full);
  fmt::print("# {}, {} calibration{}, median of {} intervals (least to most)\n", backend,
             full ? "full" : "quick", options, intervals);
  fmt::print("# {:<44} {:>32} {:>12} {:>8} {:>12} {:>8}\n", "us a step", "measured", "own shapes",
             "off %", "grid", "off %");
  for (const Case* one : wanted) {
    std::vector<double> times = bench.measured(*one, intervals);
    for (double& time : times) time *= 1e6;
    const double middle = times[times.size() / 2];
    const double exact = bench.predicted(*one, "exact.json") * 1e6;
    const double grid = bench.predicted(*one, "grid.json") * 1e6;
    fmt::print("  {:<44} {:>32} {:>12.2f} {:>8.1f} {:>12.2f} {:>8.1f}\n", one->name,
               fmt::format("{:.2f} ({:.2f} to {:.2f})", middle, times.front(), times.back()), exact,
               100 * (exact / middle - 1), grid, 100 * (grid / middle - 1));
    std::fflush(stdout);
  }
}
