#pragma once
// What a strategy says while it trains, and to whom. A strategy reports figures of its own rank and
// knows nothing of tables, files and other ranks. Evaluating and reporting cost no simulated time.

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/slice.hpp"
#include "core/tag.hpp"
#include "core/units.hpp"

namespace troupe::algorithms {

/// What one rank knows after one of its steps. Absent where it was not due or does not apply.
struct Figures {
  std::int64_t step = 0;         ///< steps this rank has done; on a server, updates applied
  Rank rank = 0;                 ///< whose figures these are
  Seconds time{};                ///< on Communicator::now()
  bool due = false;              ///< an evaluation was due (that of phantom values has no figures)
  std::optional<double> loss{};  ///< F(x) over all samples, x being this rank's parameters
  std::optional<double> batch_loss{};  ///< mean over the batch that this step was taken along
  std::optional<double> gap{};         ///< F(x) − F(x*)
  std::optional<double> error{};       ///< ‖x − x*‖ / ‖x*‖
  std::optional<double> accuracy{};    ///< share of right answers
  std::optional<double> held_out_loss{}, held_out_accuracy{};  ///< on samples kept back
  std::optional<double> staleness{};  ///< versions between the read and the write of this update
  std::optional<Rank> worker{};       ///< on a server: whose update this was
  std::optional<double> disagreement{};  ///< max over this step's partners of ‖x − x_partner‖ / ‖x‖
  std::optional<double> lyapunov{};  ///< this rank's part of Σ_r of a Lyapunov function
  std::optional<double> steals{}, steal_bytes{};   ///< this rank's as a thief in this step
  std::optional<double> gradient_sum{};            ///< in a summary only: ‖Σ_r ∇f_r(x_r)‖
  std::optional<double> messages{}, sent_bytes{};  ///< sent by this rank so far, where counted
  /// Seconds for which this rank, when it last told figures, evaluated them and kept the values
  /// behind them instead of training: on clocks that go on meanwhile.
  std::optional<double> evaluating{};
  /// Seconds that this rank's kernels have taken on its device so far, by the device's clock.
  std::optional<double> on_device{};
};

/// How one number for all ranks comes of the figures of each.
enum class Combination : std::uint8_t { mean, largest, sum };

/// A figure as it travels and is reported. A new one is a member of Figures and a line here.
struct Measure {
  std::string_view name;
  std::optional<double> Figures::*value;
  Combination combination;
};
inline constexpr std::array<Measure, 17> measures{
    {{"loss", &Figures::loss, Combination::mean},
     {"batch_loss", &Figures::batch_loss, Combination::mean},
     {"gap", &Figures::gap, Combination::mean},
     {"error", &Figures::error, Combination::largest},
     {"accuracy", &Figures::accuracy, Combination::mean},
     {"held_out_loss", &Figures::held_out_loss, Combination::mean},
     {"held_out_accuracy", &Figures::held_out_accuracy, Combination::mean},
     {"staleness", &Figures::staleness, Combination::mean},
     {"disagreement", &Figures::disagreement, Combination::largest},
     {"lyapunov", &Figures::lyapunov, Combination::sum},
     {"steals", &Figures::steals, Combination::sum},
     {"steal_bytes", &Figures::steal_bytes, Combination::sum},
     {"gradient_sum", &Figures::gradient_sum, Combination::largest},
     {"messages", &Figures::messages, Combination::sum},
     {"sent_bytes", &Figures::sent_bytes, Combination::sum},
     {"evaluating_s", &Figures::evaluating, Combination::largest},
     {"device_s", &Figures::on_device, Combination::largest}}};

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
  /// A sentence for the person who started the run: a setting outside its sound range, say.
  virtual void note(const std::string&) {}
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
  void note(const std::string& sentence) override;

  /// What was noted, in order.
  std::vector<std::string> notes() const;
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

  /// Figures of all ranks of a step in one: combined as `measures` says, but staleness is the mean
  /// since the line before, disagreement is √ of the mean over ranks of ‖x_r − mean of x‖² where
  /// their parameters are known, and time is the latest.
  using Line = Figures;
  /// A line for every step that some rank evaluated, in order.
  std::vector<Line> summary() const;

 private:
  mutable std::mutex mutex_;
  std::map<Rank, std::vector<Figures>> figures_;
  std::map<std::int64_t, std::map<Rank, std::vector<double>>> parameters_, gradients_;
  std::map<Rank, std::vector<double>> final_;
  std::vector<std::string> notes_;
};

}  // namespace troupe::algorithms
