#include "harness/workloads/inference/float_difference.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

namespace tenter {
namespace {

constexpr uint64_t kNoDistance = std::numeric_limits<uint64_t>::max();

// In the order of the numbers, with the two zeros in one place.
int64_t Rank(float value) {
  const auto bits = std::bit_cast<int32_t>(value);
  return bits >= 0 ? bits : -int64_t{bits & 0x7fffffff};
}
int64_t Rank(double value) {
  const auto bits = std::bit_cast<int64_t>(value);
  return bits >= 0 ? bits : -(bits & 0x7fffffffffffffff);
}

template <typename T>
uint64_t Ulps(T one, T other) {
  if (std::memcmp(&one, &other, sizeof(T)) == 0) return 0;
  if (std::isnan(one) || std::isnan(other)) return kNoDistance;
  const int64_t a = Rank(one), b = Rank(other);
  return static_cast<uint64_t>(std::max(a, b)) - static_cast<uint64_t>(std::min(a, b));
}

std::string Apart(uint64_t ulps) {
  return ulps == kNoDistance ? "no distance in ULP: a NaN" : std::to_string(ulps) + " ULP";
}

std::string Digits(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.*g", digits, value);
  return text;
}

template <typename T>
std::string Difference(const T* found, const void* wanted, size_t count) {
  constexpr int kAll = std::numeric_limits<T>::max_digits10;  // tell it from its neighbours
  size_t first = count, different = 0, no_numbers = 0;
  double largest = 0;
  uint64_t most = 0;
  T wanted_first = 0, found_first = 0;
  for (size_t k = 0; k < count; ++k) {
    T other;
    std::memcpy(&other, static_cast<const char*>(wanted) + k * sizeof(T), sizeof(T));
    if (std::memcmp(&found[k], &other, sizeof(T)) == 0) continue;
    if (different++ == 0) {
      first = k;
      wanted_first = other;
      found_first = found[k];
    }
    if (std::isnan(found[k]) || std::isnan(other)) {
      ++no_numbers;
      continue;
    }
    largest = std::max(largest, std::fabs(static_cast<double>(found[k]) - other));
    most = std::max(most, Ulps(found[k], other));
  }
  std::string text = std::to_string(different) + " of " + std::to_string(count) +
                     " elements differ, first at " + std::to_string(first) + " (expected " +
                     Digits(wanted_first, kAll) + ", found " + Digits(found_first, kAll) + ", " +
                     Apart(Ulps(found_first, wanted_first)) + ")";
  // No distance counts beside one that there is not.
  if (no_numbers > 0) return text + ", " + std::to_string(no_numbers) + " of them by a NaN";
  return text + ", largest difference " + Digits(largest, 3) + ", at most " + Apart(most);
}

}  // namespace

uint64_t UlpsBetween(float one, float other) { return Ulps(one, other); }
uint64_t UlpsBetween(double one, double other) { return Ulps(one, other); }

std::string FloatDifference(const float* found, const void* wanted, size_t count) {
  return Difference(found, wanted, count);
}
std::string FloatDifference(const double* found, const void* wanted, size_t count) {
  return Difference(found, wanted, count);
}

}  // namespace tenter
