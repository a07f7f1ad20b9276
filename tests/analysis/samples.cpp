#include "samples.hpp"

namespace troupe::analysis::samples {

CollectiveResult result(const char* algorithm, std::uint64_t bytes, double time_s) {
  CollectiveResult r;
  r.op = "allreduce";
  r.algorithm = algorithm;
  r.dtype = "float32";
  r.redop = "sum";
  r.ranks = 4;
  r.bytes = bytes;
  r.count = bytes / 4;
  r.iterations = 1;
  r.time = r.min = r.p10 = r.p90 = Seconds{time_s};
  r.algbw.value = static_cast<double>(bytes) / time_s;
  r.busbw.value = 1.5 * r.algbw.value;
  r.model = Seconds{time_s};
  r.bound = Seconds{time_s / 2};
  r.messages = 24;
  r.sent_bytes = 6 * bytes;
  r.messages_per_rank = 6;
  r.sent_bytes_per_rank = bytes * 3 / 2;
  r.wrong = 0;
  return r;
}

Report report() {
  Report report;
  report.scenario = R"({"troupe":1,"name":"sample"})";
  report.digest = "0123456789abcdef";
  report.environment = {{"name", "sample"}, {"backend", "sim"}, {"ranks", "4"}};
  report.results = {result("ring", 1024, 60e-6), result("tree", 1024, 40e-6),
                    result("ring", 1 << 20, 1e-3), result("tree", 1 << 20, 2e-3)};
  report.refused = {{"allreduce", "torus", "needs a grid", 1024}};
  report.ranks = {{.rank = 0,
                   .host = "h0",
                   .messages = 6,
                   .bytes = 100,
                   .received_messages = 6,
                   .received_bytes = 100,
                   .kernels = 3,
                   .flops = {75},
                   .compute = Seconds{1e-6},
                   .communication = Seconds{2e-6},
                   .waiting = Seconds{3e-6}}};
  report.links = {{.name = "l0_UP",
                   .bandwidth = {1e9},
                   .messages = 6,
                   .bytes = 100,
                   .busy_share = 0.25,
                   .most_flows = 2}};
  report.traffic = {{.from = 0, .to = 1, .messages = 6, .bytes = 100}};
  report.wall_clock = {{"run_s", 1.5}};
  return report;
}

Report training(std::vector<double> losses) {
  Report report;
  report.environment = {{"name", "training"}};
  report.digest = "0123456789abcdef";
  std::int64_t step = 0;
  for (const double loss : losses) {
    report.training.push_back(
        {.step = step, .time = Seconds{static_cast<double>(step)}, .values = {{"loss", loss}}});
    ++step;
  }
  report.totals = {{"time_s", static_cast<double>(losses.size())}, {"messages", 10}};
  return report;
}

}  // namespace troupe::analysis::samples
