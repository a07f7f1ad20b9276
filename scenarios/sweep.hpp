#pragma once
// A sweep: one scenario and the values that some of its fields take, one point after the other.
// Reading one checks every point as far as a scenario can be checked without a machine.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "scenarios/section.hpp"

namespace troupe::scenarios {

/// A field of a scenario and its value, JSON text. `name` is as the sweep writes it: a JSON pointer
/// ("/training/batch") or a path with dots ("training.batch").
struct Field {
  std::string name, value;
  bool operator==(const Field&) const = default;
};

struct SweepPoint {
  std::vector<Field> fields;
  /// Of the scenario with these fields, the files it names and the version of Troupe: equal digests
  /// are the same simulation.
  std::string digest;
};

struct Sweep {
  std::string file;    ///< where it was read
  std::string folder;  ///< what relative paths in its scenario are relative to
  std::string
      scenario_file;     ///< where its scenario was read; the sweep's own file where it is there
  std::string scenario;  ///< JSON text
  std::vector<SweepPoint> points;
};

/// Reads {"troupe_sweep": 1, "scenario": FILE or object, "points": [{FIELD: VALUE, …}, …], "vary":
/// {FIELD: [VALUE, …], …}}: each of the listed points with each combination of the varied values,
/// the last field changing fastest. Throws BadScenario for a field that does not exist, and for
/// whatever else read_scenario refuses, with the number and the fields of the point.
Sweep read_sweep(const std::string& file);

/// Checks every point, and gives it its digest; read_sweep does. Throws as read_sweep does.
void check_points(Sweep& sweep);

/// The scenario of a point; `origin` learns which fields the sweep gave. Throws BadScenario where a
/// field cannot be reached.
nlohmann::json scenario_of(const Sweep& sweep, const SweepPoint& point, Origin& origin);

/// "training.batch=16, seed=2".
std::string in_words(const SweepPoint& point);

}  // namespace troupe::scenarios
