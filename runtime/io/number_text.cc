#include "runtime/io/number_text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace tenter {
namespace {

// Drops a plus, which from_chars does not know. False when another sign follows it.
bool TakePlus(std::string_view* text) {
  if (text->empty() || text->front() != '+') return true;
  text->remove_prefix(1);
  return text->empty() || (text->front() != '-' && text->front() != '+');
}

int64_t SaturatedExponent(std::string_view digits) {
  // No text has so many digits that they could make up for this exponent.
  constexpr int64_t kFar = int64_t{1} << 60;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  int64_t exponent = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  if (error == std::errc::result_out_of_range || exponent > kFar) exponent = kFar;
  return negative ? -exponent : exponent;
}

// Whether a decimal number that is not zero is below one. from_chars says "out of range" of what
// is too large and of what is too small, and does not say which.
bool BelowOne(std::string_view decimal) {
  const size_t exponent_at = std::min(decimal.find_first_of("eE"), decimal.size());
  const std::string_view digits = decimal.substr(0, exponent_at);
  const auto point = static_cast<int64_t>(std::min(digits.find('.'), digits.size()));
  const auto first = static_cast<int64_t>(digits.find_first_of("123456789"));
  int64_t power = first < point ? point - first - 1 : point - first;
  if (exponent_at < decimal.size()) power += SaturatedExponent(decimal.substr(exponent_at + 1));
  return power < 0;
}

template <typename T>
std::errc ParseFloat(std::string_view text, T* value) {
  const bool negative = text.starts_with('-');
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, *value);
  if (error == std::errc::invalid_argument || stop != end) return std::errc::invalid_argument;
  if (error != std::errc::result_out_of_range) return error;
  if (negative) text.remove_prefix(1);
  if (!BelowOne(text)) return error;
  *value = negative ? -T{0} : T{0};
  return {};
}

// Read as int64_t for every type: so a negative number is out of range for an unsigned type instead
// of no number, and -0 is 0.
template <typename T>
std::errc ParseInteger(std::string_view text, T* value) {
  int64_t wide = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, wide);
  if (error == std::errc::invalid_argument || stop != end) return std::errc::invalid_argument;
  if (error != std::errc()) return error;
  if (wide < std::numeric_limits<T>::min() || wide > std::numeric_limits<T>::max())
    return std::errc::result_out_of_range;
  *value = static_cast<T>(wide);
  return {};
}

template <typename T>
std::errc Append(std::string_view text, std::string* bytes) {
  if (!TakePlus(&text)) return std::errc::invalid_argument;
  T value{};
  std::errc error;
  if constexpr (std::is_floating_point_v<T>)
    error = ParseFloat(text, &value);
  else
    error = ParseInteger(text, &value);
  if (error == std::errc()) bytes->append(reinterpret_cast<const char*>(&value), sizeof(value));
  return error;
}

}  // namespace

std::errc AppendNumber(DType dtype, std::string_view text, std::string* bytes) {
  switch (dtype) {
    case DType::kFloat32:
      return Append<float>(text, bytes);
    case DType::kFloat64:
      return Append<double>(text, bytes);
    case DType::kInt32:
      return Append<int32_t>(text, bytes);
    case DType::kInt64:
      return Append<int64_t>(text, bytes);
    case DType::kUint8:
      return Append<uint8_t>(text, bytes);
    case DType::kBool:
      break;
  }
  return std::errc::not_supported;
}

}  // namespace tenter
