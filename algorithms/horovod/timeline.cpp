#include "algorithms/horovod/timeline.hpp"

#include <array>
#include <cstdio>
#include <map>
#include <utility>

namespace troupe::algorithms::horovod {
namespace {

/// A text as JSON writes it.
std::string quoted(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    std::array<char, 8> escaped{};
    std::snprintf(escaped.data(), escaped.size(), "\\u%04x", code);
    if (c == '"' || c == '\\') json += std::string{'\\', c};
    else if (code < 0x20) json += escaped.data();
    else json += c;
  }
  return json + '"';
}

std::string microseconds(Seconds time) {
  std::array<char, 40> digits{};
  std::snprintf(digits.data(), digits.size(), "%.6f", time.count() * 1e6);
  return digits.data();
}

}  // namespace

void Timeline::add(Phase phase) {
  const std::lock_guard lock{mutex_};
  phases_.push_back(std::move(phase));
}

std::vector<Phase> Timeline::phases() const {
  const std::lock_guard lock{mutex_};
  return phases_;
}

std::string Timeline::chrome_trace() const {
  const std::vector<Phase> all = phases();
  std::map<std::pair<Rank, std::string>, std::size_t> threads;
  std::string events;
  const auto add = [&](const std::string& event) {
    events += (events.empty() ? "\n " : ",\n ") + event;
  };
  for (const Phase& phase : all) {
    const auto [thread, is_new] =
        threads.try_emplace({phase.rank, phase.tensor}, threads.size() + 1);
    const std::string where =
        ", \"pid\": " + std::to_string(phase.rank) + ", \"tid\": " + std::to_string(thread->second);
    if (is_new)
      add("{\"name\": \"thread_name\", \"ph\": \"M\"" + where +
          ", \"args\": {\"name\": " + quoted(phase.tensor) + "}}");
    add("{\"name\": " + quoted(phase.name) + ", \"ph\": \"X\"" + where + ", \"ts\": " +
        microseconds(phase.begin) + ", \"dur\": " + microseconds(phase.end - phase.begin) + "}");
  }
  return "{\"traceEvents\": [" + events + "]}\n";
}

PhaseWriter::PhaseWriter(const Communicator& comm, Timeline* timeline,
                         std::vector<std::string> tensors)
    : comm_{comm}, timeline_{timeline}, tensors_{std::move(tensors)} {}

void PhaseWriter::begin(std::string phase) {
  end();
  phase_ = std::move(phase);
  since_ = comm_.now();
}

void PhaseWriter::end() {
  if (timeline_ && !phase_.empty())
    for (const std::string& tensor : tensors_)
      timeline_->add({comm_.rank(), tensor, phase_, since_, comm_.now()});
  phase_.clear();
}

}  // namespace troupe::algorithms::horovod
