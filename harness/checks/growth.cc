#include "harness/checks/growth.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace tenter {
namespace {

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

double SlopeOf(std::span<const int64_t> samples) {
  std::vector<double> slopes;
  slopes.reserve(samples.size() * (samples.size() - 1) / 2);
  for (size_t a = 0; a < samples.size(); ++a)
    for (size_t b = a + 1; b < samples.size(); ++b)
      slopes.push_back(static_cast<double>(samples[b] - samples[a]) / static_cast<double>(b - a));
  return Median(std::move(slopes));
}

// What is left of the samples when a line of this slope is taken away.
std::vector<double> RestsOf(std::span<const int64_t> samples, double slope) {
  std::vector<double> rests;
  rests.reserve(samples.size());
  for (size_t i = 0; i < samples.size(); ++i)
    rests.push_back(static_cast<double>(samples[i]) - slope * static_cast<double>(i));
  const double level = Median(rests);
  for (double& rest : rests) rest -= level;
  return rests;
}

// Their standard deviation, of which a few that are far off make nothing.
double SpreadOf(std::vector<double> rests) {
  constexpr double kOfNormal = 1.4826;  // the deviation of a normal distribution, by its median
  for (double& rest : rests) rest = std::abs(rest);
  return kOfNormal * Median(std::move(rests));
}

// A heap that is in pieces stays so for a while: then a sample is like the one before it, and n of
// them say as much as fewer that have nothing to do with each other. So much larger is the
// deviation of their slope. Samples that are far off count as if they were near.
double Persistence(const std::vector<double>& rests, double spread) {
  constexpr double kMost = 0.9, kNear = 1.5;
  double all = 0, next = 0, before = 0;
  for (const double any : rests) {
    const double rest = std::clamp(any, -kNear * spread, kNear * spread);
    all += rest * rest;
    next += rest * std::exchange(before, rest);
  }
  const double alike = all == 0 ? 0 : std::clamp(next / all, 0.0, kMost);
  return std::sqrt((1 + alike) / (1 - alike));
}

}  // namespace

Growth GrowthOverLastHalf(std::span<const int64_t> samples) {
  if (samples.size() < Growth::kSamplesAtLeast)
    return {.over_half = 0, .by_chance = std::numeric_limits<double>::infinity()};
  const std::span<const int64_t> half = samples.subspan(samples.size() / 2);
  const double slope = SlopeOf(half);
  const std::vector<double> rests = RestsOf(half, slope);
  const double spread = SpreadOf(rests);
  // The slope through n samples of that spread deviates by spread * sqrt(12 / n^3), so its line
  // rises over all n by spread * sqrt(12 / n) by chance. Of few samples the spread is known badly.
  constexpr double kDeviations = 4;
  const auto n = static_cast<double>(half.size());
  return {.over_half = slope * (n - 1),
          .by_chance =
              kDeviations * spread * Persistence(rests, spread) * std::sqrt(12 / n) * n / (n - 2)};
}

std::string SeriesText(std::span<const int64_t> samples, size_t at_most) {
  std::string text;
  const size_t told = std::min(at_most, samples.size());
  for (size_t i = 0; i < told; ++i) {
    const size_t at = told == 1 ? samples.size() - 1 : i * (samples.size() - 1) / (told - 1);
    text += (i == 0 ? "" : ", ") + std::to_string(samples[at]);
  }
  return text;
}

}  // namespace tenter
