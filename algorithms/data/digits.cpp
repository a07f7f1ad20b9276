// Digits as a pen draws them: a few strokes in a unit square, each a chain of points; the chain is
// bent, slanted, turned, scaled and moved, and then inked onto the pixels.

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "algorithms/data/generators.hpp"
#include "core/random.hpp"

namespace troupe::algorithms {
namespace {

constexpr int side = 28;
constexpr double unsteady = 0.03;  // standard deviation of a corner, in units of the digit's size

struct Point {
  double x = 0, y = 0;  // to the right and down; a digit fills the square (0, 1)²
};
using Stroke = std::vector<Point>;

/// A piece of an ellipse, from one angle to another in degrees: 0 is right, 90 down.
Stroke arc(Point centre, double width, double height, double from, double to) {
  Stroke stroke;
  const int pieces = std::max(2, static_cast<int>(std::abs(to - from) / 30));
  for (int i = 0; i <= pieces; ++i) {
    const double angle = (from + (to - from) * i / pieces) * std::numbers::pi / 180;
    stroke.push_back({centre.x + width * std::cos(angle), centre.y + height * std::sin(angle)});
  }
  return stroke;
}

/// Two strokes drawn without lifting the pen.
Stroke operator+(Stroke first, const Stroke& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// The strokes of each digit; of 1, 4 and 7 one of the two ways in which people write them.
std::vector<Stroke> strokes_of(std::size_t digit, bool other_way) {
  switch (digit) {
    case 0: return {arc({.5, .5}, .36, .5, -90, 270)};
    case 1:
      if (other_way) return {{{.5, 0}, {.5, 1}}};
      return {{{.28, .22}, {.54, 0}, {.54, 1}}};
    case 2: return {arc({.5, .28}, .36, .28, -170, 30) + Stroke{{.12, 1}, {.9, 1}}};
    case 3: return {arc({.46, .26}, .34, .26, -150, 90) + arc({.46, .75}, .38, .25, -90, 150)};
    case 4:
      if (other_way) return {{{.2, 0}, {.14, .55}, {.86, .55}}, {{.74, 0}, {.74, 1}}};
      return {{{.66, 1}, {.66, 0}, {.08, .68}, {.92, .68}}};
    case 5: return {Stroke{{.84, 0}, {.26, 0}, {.2, .46}} + arc({.46, .68}, .38, .32, -120, 140)};
    case 6: return {Stroke{{.74, 0}, {.36, .34}} + arc({.5, .7}, .35, .3, -160, 200)};
    case 7:
      if (other_way) return {{{.1, 0}, {.9, 0}, {.4, 1}}, {{.34, .52}, {.82, .52}}};
      return {{{.1, 0}, {.9, 0}, {.36, 1}}};
    case 8: return {arc({.5, .25}, .3, .25, 90, 450) + arc({.5, .75}, .37, .25, -90, 270)};
    default: return {arc({.5, .3}, .34, .3, 20, 380) + Stroke{{.84, .42}, {.66, 1}}};
  }
}

/// How one sample differs from the pattern.
struct Hand {
  double width, height, slant, turn, right, down, thickness;
};

Hand draw_hand(SplitMix64& random) {
  return {.width = random.uniform(10, 17),
          .height = random.uniform(15, 21),
          .slant = random.uniform(-0.15, 0.4),
          .turn = random.uniform(-0.2, 0.2),
          .right = random.uniform(-2.2, 2.2),
          .down = random.uniform(-2.2, 2.2),
          .thickness = random.uniform(1.6, 3.2)};
}

/// Where a point of the pattern comes to be, in pixels.
Point placed(Point point, const Hand& hand) {
  const double up = 0.5 - point.y;
  const double x = (point.x - 0.5 + hand.slant * up) * hand.width, y = -up * hand.height;
  const double c = std::cos(hand.turn), s = std::sin(hand.turn);
  return {(side - 1) / 2.0 + c * x - s * y + hand.right,
          (side - 1) / 2.0 + s * x + c * y + hand.down};
}

double distance_to_segment(Point p, Point a, Point b) {
  const double dx = b.x - a.x, dy = b.y - a.y, squares = dx * dx + dy * dy;
  const double along = squares > 0 ? ((p.x - a.x) * dx + (p.y - a.y) * dy) / squares : 0;
  const double t = std::clamp(along, 0.0, 1.0);
  return std::hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

using Picture = std::array<double, side * side>;  // ink from 0 to 1

/// Full ink within half the thickness, fading over one pixel.
void ink(Picture& picture, Point a, Point b, double thickness) {
  const double reach = thickness / 2 + 1;
  const auto pixel = [](double at) { return std::clamp(static_cast<int>(at), 0, side - 1); };
  for (int row = pixel(std::min(a.y, b.y) - reach); row <= pixel(std::max(a.y, b.y) + reach); ++row)
    for (int column = pixel(std::min(a.x, b.x) - reach);
         column <= pixel(std::max(a.x, b.x) + reach); ++column) {
      const double away = distance_to_segment({double(column), double(row)}, a, b);
      double& here = picture[static_cast<std::size_t>(row * side + column)];
      here = std::max(here, std::clamp(thickness / 2 + 0.5 - away, 0.0, 1.0));
    }
}

Picture draw_digit(std::size_t digit, SplitMix64& random) {
  const Hand hand = draw_hand(random);
  Picture picture{};
  for (Stroke& stroke : strokes_of(digit, random.below(2) == 1)) {
    for (Point& point : stroke) {
      point.x += unsteady * random.normal();
      point.y += unsteady * random.normal();
      point = placed(point, hand);
    }
    for (std::size_t i = 1; i < stroke.size(); ++i)
      ink(picture, stroke[i - 1], stroke[i], hand.thickness);
  }
  return picture;
}

}  // namespace

Dataset digits(std::size_t samples, std::uint64_t seed) {
  Dataset data{.samples = samples, .inputs = std::size_t{side * side}, .classes = 10};
  data.pixels.reserve(samples * data.inputs);
  SplitMix64 random{seed};
  for (std::size_t n = 0; n < samples; ++n) {
    const std::size_t digit = random.below(10);
    data.labels.push_back(static_cast<std::int32_t>(digit));
    for (const double value : draw_digit(digit, random)) {
      const double noisy = std::clamp(value + random.uniform(-0.2, 0.2), 0.0, 1.0);
      data.pixels.push_back(static_cast<std::uint8_t>(std::lround(255 * noisy)));
    }
  }
  return data;
}

}  // namespace troupe::algorithms
