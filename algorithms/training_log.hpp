#pragma once
// What a strategy says while it trains, and to whom. A strategy reports figures of its own rank and
// knows nothing of tables, files and other ranks. Evaluating and reporting cost no simulated time.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "core/slice.hpp"
#include "core/tag.hpp"
#include "core/units.hpp"

namespace troupe::algorithms {

/// What one rank knows after one of its steps. Absent where it was not due or does not apply.
struct Figures {
  std::int64_t step = 0;               ///< steps this rank has done; on a server, updates applied
  Rank rank = 0;                       ///< whose figures these are
  Seconds time{};                      ///< on Communicator::now()
  std::optional<double> loss;          ///< F(x) over all samples, x being this rank's parameters
  std::optional<double> gap;           ///< F(x) − F(x*)
  std::optional<double> error;         ///< ‖x − x*‖ / ‖x*‖
  std::optional<double> staleness;     ///< versions between the read and the write of this update
  std::optional<Rank> worker;          ///< on a server: whose update this was
  std::optional<double> disagreement;  ///< max over this step's partners of ‖x − x_partner‖
};

/// Who listens to a run. Called by all ranks, at the same time where ranks are threads.
class TrainingLog {
 public:
  virtual ~TrainingLog() = default;
  /// After a step. `parameters` are this rank's where an evaluation was due, else empty; valid
  /// during the call only; phantom in a phantom run.
  virtual void record(const Figures& figures, ConstSlice parameters) = 0;
  /// Once for each rank that holds parameters when it ends (a server's workers hold none).
  virtual void finished(Rank rank, ConstSlice parameters) = 0;
};

/// Hears nothing.
class SilentLog final : public TrainingLog {
 public:
  void record(const Figures&, ConstSlice) override {}
  void finished(Rank, ConstSlice) override {}
};

/// Keeps everything, for all ranks of this process.
class TrainingHistory final : public TrainingLog {
 public:
  void record(const Figures& figures, ConstSlice parameters) override;
  void finished(Rank rank, ConstSlice parameters) override;

  /// All figures, by (step, rank), those of one rank in the order of reporting.
  std::vector<Figures> figures() const;
  /// Figures of one rank, in the order of reporting.
  std::vector<Figures> figures_of(Rank rank) const;
  /// The parameters of all ranks that reported them at `step`, as double, by rank.
  std::map<Rank, std::vector<double>> parameters_at(std::int64_t step) const;
  /// The last parameters of all ranks that finished, as double, by rank; phantom ones are empty.
  std::map<Rank, std::vector<double>> final_parameters() const;

  /// One line for all ranks: the latest time, the means of loss and gap and staleness, the largest
  /// error, and the root mean square distance of the ranks' parameters from their mean.
  struct Line {
    std::int64_t step = 0;
    Seconds time{};
    std::optional<double> loss, gap, error, staleness, disagreement;
  };
  /// A line for every step that some rank evaluated, in order.
  std::vector<Line> summary() const;

 private:
  mutable std::mutex mutex_;
  std::map<Rank, std::vector<Figures>> figures_;
  std::map<std::int64_t, std::map<Rank, std::vector<double>>> parameters_;
  std::map<Rank, std::vector<double>> final_;
};

}  // namespace troupe::algorithms
