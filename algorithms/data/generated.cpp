#include "algorithms/data/generated.hpp"

#include "algorithms/data/generators.hpp"

namespace troupe::algorithms {
namespace {

std::size_t count(const Choice& choice, const Whole& setting) {
  return static_cast<std::size_t>(choice[setting]);
}

}  // namespace

Dataset SincData::load(const Choice& choice, std::uint64_t seed) {
  return sinc(count(choice, samples), choice[noise], seed);
}
DataShape SincData::shape(const Choice& choice) { return {count(choice, samples), 1, 1, 0}; }

Dataset BlobsData::load(const Choice& choice, std::uint64_t seed) {
  const auto [n, width, outputs, labels] = shape(choice);
  return blobs(n, width, labels, choice[spread], seed);
}
DataShape BlobsData::shape(const Choice& choice) {
  return {count(choice, samples), count(choice, inputs), 0, count(choice, classes)};
}

Dataset SpiralsData::load(const Choice& choice, std::uint64_t seed) {
  return two_spirals(count(choice, samples), choice[noise], seed);
}
DataShape SpiralsData::shape(const Choice& choice) { return {count(choice, samples), 2, 0, 2}; }

Dataset DigitsData::load(const Choice& choice, std::uint64_t seed) {
  return digits(count(choice, samples), seed);
}
DataShape DigitsData::shape(const Choice& choice) {
  return {count(choice, samples), 28 * 28, 0, 10};
}

Dataset LinearData::load(const Choice& choice, std::uint64_t seed) {
  return linear(count(choice, samples), count(choice, inputs), choice[noise], seed);
}
DataShape LinearData::shape(const Choice& choice) {
  return {count(choice, samples), count(choice, inputs), 1, 0};
}

Dataset TabularData::load(const Choice& choice, std::uint64_t seed) {
  return tabular(count(choice, samples), count(choice, inputs), seed);
}
DataShape TabularData::shape(const Choice& choice) {
  return {count(choice, samples), count(choice, inputs), 0, 2};
}

}  // namespace troupe::algorithms
