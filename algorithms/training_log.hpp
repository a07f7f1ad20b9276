#pragma once
// What a strategy says while it trains, and to whom. A strategy reports figures of its own rank and
// knows nothing of tables, files and other ranks. Evaluating and reporting cost no simulated time.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "core/slice.hpp"
#include "core/tag.hpp"
#include "core/units.hpp"

namespace troupe::algorithms {

/// What one rank knows after one of its steps. Absent where it was not due or does not apply.
struct Figures {
  std::int64_t step = 0;          ///< steps this rank has done; on a server, updates applied
  Rank rank = 0;                  ///< whose figures these are
  Seconds time{};                 ///< on Communicator::now()
  bool due = false;               ///< an evaluation was due (that of phantom values has no figures)
  std::optional<double> loss{};   ///< F(x) over all samples, x being this rank's parameters
  std::optional<double> gap{};    ///< F(x) − F(x*)
  std::optional<double> error{};  ///< ‖x − x*‖ / ‖x*‖
  std::optional<double> staleness{};  ///< versions between the read and the write of this update
  std::optional<Rank> worker{};       ///< on a server: whose update this was
  std::optional<double> disagreement{};  ///< max over this step's partners of ‖x − x_partner‖ / ‖x‖
};

/// The values behind figures, where an evaluation was due; valid during the call only.
struct Snapshot {
  ConstSlice parameters;             ///< this rank's x; empty where nothing was due
  std::span<const double> gradient;  ///< ∇f(x) of this rank's own f, where the strategy keeps one
};

/// Who listens to a run. Called by all ranks, at the same time where ranks are threads.
class TrainingLog {
 public:
  virtual ~TrainingLog() = default;
  /// After a step.
  virtual void record(const Figures& figures, const Snapshot& snapshot) = 0;
  /// Once for each rank that holds parameters when it ends (a server's workers hold none).
  virtual void finished(Rank rank, ConstSlice parameters) = 0;
};

/// Hears nothing.
class SilentLog final : public TrainingLog {
 public:
  void record(const Figures&, const Snapshot&) override {}
  void finished(Rank, ConstSlice) override {}
};

/// Keeps everything, for all ranks of this process.
class TrainingHistory final : public TrainingLog {
 public:
  void record(const Figures& figures, const Snapshot& snapshot) override;
  void finished(Rank rank, ConstSlice parameters) override;

  /// All figures, by (step, rank), those of one rank in the order of reporting.
  std::vector<Figures> figures() const;
  /// Figures of one rank, in the order of reporting.
  std::vector<Figures> figures_of(Rank rank) const;
  /// The parameters of all ranks that reported them at `step`, as double, by rank.
  std::map<Rank, std::vector<double>> parameters_at(std::int64_t step) const;
  /// Their gradients, likewise.
  std::map<Rank, std::vector<double>> gradients_at(std::int64_t step) const;
  /// The last parameters of all ranks that finished, as double, by rank; phantom ones are empty.
  std::map<Rank, std::vector<double>> final_parameters() const;

  /// One line for all ranks of a step.
  struct Line {
    std::int64_t step = 0;
    Seconds time{};                       ///< the latest
    std::optional<double> loss{}, gap{};  ///< means
    std::optional<double> error{};        ///< the largest
    std::optional<double> staleness{};    ///< the mean since the line before
    std::optional<double> disagreement{};  ///< √ of the mean over ranks of ‖x_r − mean of x‖²
    std::optional<double> gradient_sum{};  ///< ‖Σ_r ∇f_r(x_r)‖
  };
  /// A line for every step that some rank evaluated, in order.
  std::vector<Line> summary() const;

 private:
  mutable std::mutex mutex_;
  std::map<Rank, std::vector<Figures>> figures_;
  std::map<std::int64_t, std::map<Rank, std::vector<double>>> parameters_, gradients_;
  std::map<Rank, std::vector<double>> final_;
};

}  // namespace troupe::algorithms
