#include "algorithms/parallel/pipeline.hpp"

#include <deque>
#include <memory>
#include <numeric>
#include <optional>
#include <vector>

#include "algorithms/learner.hpp"
#include "algorithms/optimisers/optimiser.hpp"
#include "algorithms/parallel/schedule.hpp"
#include "algorithms/parallel/stage.hpp"
#include "algorithms/reporter.hpp"

namespace troupe::algorithms {
namespace {

constexpr Tag activation{0};  // to the next stage
constexpr Tag gradient{1};    // to the stage before
constexpr Tag whole{2};       // of parameters, at the end, to rank 0

PipelineShape shape_of(const TrainingProblem& problem, int ranks) {
  return {.ranks = ranks,
          .chunks = static_cast<int>(problem.strategy[Pipeline::chunks]),
          .micro_batches = static_cast<int>(problem.strategy[Pipeline::micro_batches])};
}

std::vector<StageWork> schedule_of(const TrainingProblem& problem, const PipelineShape& shape,
                                   Rank rank) {
  const std::string kind = problem.strategy[Pipeline::schedule];
  if (kind == "gpipe") return gpipe_schedule(shape, rank);
  return kind == "1f1b" ? one_forward_one_backward_schedule(shape, rank)
                        : interleaved_schedule(shape, rank);
}

/// Micro-batch `index` of `count` samples of a batch, the first ones one sample longer.
struct MicroBatch {
  std::size_t first, count;
  MicroBatch(std::size_t samples, int parts, int index) {
    const auto n = static_cast<std::size_t>(parts), i = static_cast<std::size_t>(index);
    first = i * (samples / n) + std::min(i, samples % n);
    count = samples / n + (i < samples % n ? 1 : 0);
  }
  /// Its columns of a matrix of `samples` columns.
  template <class Part>
  Part of(Part values, std::size_t samples) const {
    const std::size_t height = values.size() / samples;
    return values.subslice(first * height, count * height);
  }
};

/// One of the rank's stages with what it owns.
struct OwnStage {
  const Stage* stage;
  std::size_t index;   // among all stages
  std::size_t offset;  // of its parameters in those of the whole model
  Buffer parameters, gradient;
  std::unique_ptr<Optimiser> optimiser;
};

/// A micro-batch that this rank has taken in.
struct Taken {
  Buffer inputs, input_gradient;
  std::unique_ptr<Stage::Flight> flight;
};

class PipelineRank {
 public:
  PipelineRank(Communicator& comm, const TrainingProblem& problem, Learner& learner);

  /// One batch, forwards and backwards, and the step of the optimiser. The mean loss of the batch,
  /// on the last stage's rank where there are values.
  std::optional<double> step();
  /// Brings all parameters to rank 0; empty elsewhere.
  Buffer gather();

 private:
  bool is_first(const OwnStage& own) const { return own.index == 0; }
  bool is_last(const OwnStage& own) const { return own.index + 1 == staged_.stages.size(); }
  Rank rank_of(std::size_t stage) const {
    return static_cast<Rank>(stage % static_cast<std::size_t>(comm_.size()));
  }
  OwnStage& own(const StageWork& work) { return own_[static_cast<std::size_t>(work.chunk)]; }
  Taken& taken(const StageWork& work) {
    return taken_[static_cast<std::size_t>(work.chunk * shape_.micro_batches + work.micro_batch)];
  }
  MicroBatch micro(const StageWork& work) const {
    return {samples_, shape_.micro_batches, work.micro_batch};
  }
  void expect(const StageWork& work);
  Request receive_gradient(const StageWork& work);
  void forward(const StageWork& work);
  void backward(const StageWork& work);
  void judge(const StageWork& work);

  Communicator& comm_;
  const TrainingProblem& problem_;
  Learner& learner_;
  const PipelineShape shape_;
  const std::vector<StageWork> schedule_;
  const StagedModel staged_;
  std::vector<OwnStage> own_;
  std::size_t samples_ = 0;  // of the batch
  Batch batch_;              // where a stage of this rank needs it
  std::vector<Taken> taken_;
  WaitSet sending_;
  std::deque<Request> arriving_;  // of the works ahead that wait for a message, in their order
  double loss_ = 0;
};

PipelineRank::PipelineRank(Communicator& comm, const TrainingProblem& problem, Learner& learner)
    : comm_{comm},
      problem_{problem},
      learner_{learner},
      shape_{shape_of(problem, comm.size())},
      schedule_{schedule_of(problem, shape_, comm.rank())},
      staged_{cut(learner.model(), learner.whole().inputs.size() / learner.samples(),
                  static_cast<std::size_t>(shape_.ranks * shape_.chunks))},
      taken_(static_cast<std::size_t>(shape_.chunks * shape_.micro_batches)) {
  const Buffer all = make_buffer(problem, learner.size());
  learner.initialise(comm, all);
  std::size_t offset = 0;
  for (std::size_t index = 0; index < staged_.stages.size(); ++index) {
    const Stage& stage = *staged_.stages[index];
    const std::size_t count = stage.parameters();
    if (rank_of(index) == comm.rank()) {
      own_.push_back({&stage, index, offset, make_buffer(problem, count),
                      make_buffer(problem, count), make_optimiser(problem, count)});
      compute(comm, Copy{own_.back().parameters, all.slice().subslice(offset, count)});
    }
    offset += count;
  }
}

std::optional<double> PipelineRank::step() {
  const bool needs_data = is_first(own_.front()) || is_last(own_.back());
  if (needs_data) batch_ = learner_.next_batch(comm_);
  samples_ = needs_data ? batch_.count : learner_.skip_batch();
  loss_ = 0;
  for (OwnStage& mine : own_) compute(comm_, Fill{0, mine.gradient});

  // The message of the next work travels while this one is computed.
  expect(schedule_.front());
  for (std::size_t i = 0; i < schedule_.size(); ++i) {
    if (i + 1 < schedule_.size()) expect(schedule_[i + 1]);
    if (schedule_[i].forward) forward(schedule_[i]);
    else backward(schedule_[i]);
  }
  wait_all(comm_, sending_);
  for (Taken& gone : taken_) gone = {};
  for (OwnStage& mine : own_) mine.optimiser->step(comm_, mine.gradient, mine.parameters);
  if (problem_.phantom || !is_last(own_.back())) return std::nullopt;
  return loss_ / static_cast<double>(samples_);
}

/// Posts the receive of what the work begins with: activations, or the gradient of its outputs.
void PipelineRank::expect(const StageWork& work) {
  const OwnStage& mine = own(work);
  Taken& room = taken(work);
  if (work.forward && is_first(mine)) {
    arriving_.emplace_back();
  } else if (work.forward) {
    room.inputs = make_buffer(problem_, mine.stage->inputs() * micro(work).count);
    arriving_.push_back(comm_.irecv(rank_of(mine.index - 1), activation, room.inputs.slice()));
  } else {
    const bool possible = !is_last(mine) && room.flight;  // not before it has gone forwards
    arriving_.push_back(possible ? receive_gradient(work) : Request{});
  }
}

Request PipelineRank::receive_gradient(const StageWork& work) {
  return comm_.irecv(rank_of(own(work).index + 1), gradient, taken(work).flight->output_gradient());
}

void PipelineRank::forward(const StageWork& work) {
  OwnStage& mine = own(work);
  const MicroBatch part = micro(work);
  Taken& now = taken(work);
  if (Request arrived = std::move(arriving_.front())) wait(comm_, std::move(arrived));
  arriving_.pop_front();
  const ConstSlice inputs =
      is_first(mine) ? part.of(batch_.inputs, samples_) : ConstSlice{now.inputs};
  now.flight = mine.stage->make_flight(mine.parameters, part.count);
  mine.stage->forward(comm_, mine.parameters, inputs, part.count, *now.flight);
  if (!is_last(mine))
    sending_.add(comm_.isend(rank_of(mine.index + 1), activation, now.flight->outputs()));
}

/// The loss of the last outputs, and its gradient.
void PipelineRank::judge(const StageWork& work) {
  const MicroBatch part = micro(work);
  const Batch samples{{}, part.of(batch_.targets, samples_), part.count};
  const Buffer losses = make_buffer(problem_, part.count);
  staged_.loss(comm_, *taken(work).flight, samples, 1 / static_cast<double>(samples_), losses);
  const std::vector<double> each = to_doubles(losses);
  loss_ = std::accumulate(each.begin(), each.end(), loss_);
}

void PipelineRank::backward(const StageWork& work) {
  OwnStage& mine = own(work);
  Taken& now = taken(work);
  Request arriving = std::move(arriving_.front());
  arriving_.pop_front();
  if (is_last(mine)) judge(work);
  else wait(comm_, arriving ? std::move(arriving) : receive_gradient(work));
  if (!is_first(mine))
    now.input_gradient = make_buffer(problem_, mine.stage->inputs() * micro(work).count);
  mine.stage->backward(comm_, mine.parameters, *now.flight, mine.gradient, now.input_gradient);
  if (!is_first(mine))
    sending_.add(comm_.isend(rank_of(mine.index - 1), gradient, now.input_gradient.slice()));
}

Buffer PipelineRank::gather() {
  if (comm_.rank() != 0) {
    for (const OwnStage& mine : own_) send(comm_, 0, whole, mine.parameters.slice());
    return {};
  }
  Buffer all = make_buffer(problem_, learner_.size());
  std::size_t offset = 0, next = 0;
  for (std::size_t index = 0; index < staged_.stages.size(); ++index) {
    const std::size_t count = staged_.stages[index]->parameters();
    const Slice room = all.slice().subslice(offset, count);
    if (rank_of(index) == 0) compute(comm_, Copy{room, own_[next++].parameters});
    else receive(comm_, rank_of(index), whole, room);
    offset += count;
  }
  return all;
}

}  // namespace

/// Pipeline parallelism (GPipe: Huang et al., NeurIPS 2019; 1F1B and interleaved: Narayanan et al.,
/// SC 2021, §2.2): layers in p · v stages, a batch in m micro-batches that follow one another.
///   forward of a stage: activations in, activations out;  backward: gradient in, gradient out
///   a step: per boundary and micro-batch one message of the activations and one of their gradient,
///   2m(pv − 1) in all · time (m + (p−1)/v)(t_f + t_b) where links are free: the bubble is
///   (p−1)/(vm) of the rest · micro-batches kept: m by gpipe, min(m, p − r) by 1f1b
///
///     gpipe    rank 0   F0 F1 F2 F3             B0 B1 B2 B3
///              rank 1      F0 F1 F2 F3       B0 B1 B2 B3
///              rank 2         F0 F1 F2 F3 B0 B1 B2 B3
///     1f1b     rank 2         F0 B0 F1 B1 F2 B2 F3 B3
void pipeline(Communicator& comm, const TrainingProblem& problem, TrainingLog& log) {
  Learner learner{problem, 0, 1};  // all ranks draw the same batches
  PipelineRank mine{comm, problem, learner};
  Reporter reporter{comm, problem, learner, log, problem.stop.steps};
  std::int64_t step = 0;
  while (step < problem.stop.steps) {
    const std::optional<double> loss = mine.step();
    const bool enough = reporter.report({.step = ++step, .batch_loss = loss}, {});
    if (reporter.is_check(step) && agreed(comm, Op::max, enough) > 0) break;
  }
  const Buffer all = mine.gather();
  if (comm.rank() == 0) reporter.finish(step, all);
}

std::string refusal_of_pipeline(const TrainingProblem& problem, int ranks) {
  if (const std::string why = refusal_of_learner(problem, 1); !why.empty()) return why;
  const PipelineShape shape = shape_of(problem, ranks);
  const std::string schedule = problem.strategy[Pipeline::schedule];
  if (shape.chunks > 1 && schedule == "1f1b")
    return "several chunks need the schedule interleaved (or gpipe), 1f1b given";
  if (schedule == "interleaved" && shape.micro_batches % ranks != 0)
    return "an interleaved schedule needs a multiple of " + std::to_string(ranks) +
           " micro-batches, as many as ranks; " + std::to_string(shape.micro_batches) + " given";
  const std::size_t samples = problem.batch ? problem.batch : shape_of_data(problem).samples;
  if (samples < static_cast<std::size_t>(shape.micro_batches))
    return "a batch of " + std::to_string(samples) + " cannot be cut into " +
           std::to_string(shape.micro_batches) + " micro-batches";
  return refusal_of_stages(*make_model(problem), problem.model.kind(),
                           static_cast<std::size_t>(ranks * shape.chunks));
}

Footprint footprint_of_pipeline(const TrainingProblem& problem, int ranks) {
  const PipelineShape shape = shape_of(problem, ranks);
  const auto model = make_model(problem);
  const StagedModel staged = cut(*model, 0, static_cast<std::size_t>(ranks * shape.chunks));
  const double samples = samples_of_a_gradient(problem, 1) / shape.micro_batches;
  Footprint most;
  for (Rank rank = 0; rank < ranks; ++rank) {
    double parameters = 0, activations = 0;
    for (std::size_t s = static_cast<std::size_t>(rank); s < staged.stages.size();
         s += static_cast<std::size_t>(ranks)) {
      parameters += static_cast<double>(staged.stages[s]->parameters());
      activations += static_cast<double>(staged.stages[s]->activations());
    }
    const auto kept = static_cast<double>(most_kept(schedule_of(problem, shape, rank)));
    Footprint mine = footprint_of_parameters(problem, parameters);
    mine.activations = kept * samples * activations / shape.chunks;
    if (mine.values() > most.values()) most = mine;
  }
  return most;
}

}  // namespace troupe::algorithms
