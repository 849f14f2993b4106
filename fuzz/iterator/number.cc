#include "fuzz/iterator/number.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace tenter::fuzz::iterator {
namespace {

template <typename Value>
std::string BytesOf(Value value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

bool AllDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The largest number of the type, or how far it goes below zero, in digits.
std::string_view Furthest(tgt_dtype dtype, bool negative) {
  if (dtype == TGT_UINT8) return negative ? "0" : "255";
  if (dtype == TGT_INT32) return negative ? "2147483648" : "2147483647";
  return negative ? "9223372036854775808" : "9223372036854775807";
}

std::optional<std::string> Integer(tgt_dtype dtype, bool negative, std::string_view digits) {
  if (!AllDigits(digits)) return std::nullopt;
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  const std::string_view furthest = Furthest(dtype, negative);
  if (digits.size() > furthest.size()) return std::nullopt;
  if (digits.size() == furthest.size() && digits > furthest) return std::nullopt;
  uint64_t number = 0;
  for (const char digit : digits) number = 10 * number + static_cast<uint64_t>(digit - '0');
  if (negative) number = 0 - number;
  if (dtype == TGT_UINT8) return BytesOf(static_cast<uint8_t>(number));
  if (dtype == TGT_INT32) return BytesOf(static_cast<int32_t>(static_cast<uint32_t>(number)));
  return BytesOf(static_cast<int64_t>(number));
}

float Read(const char* text, char** end, float) { return std::strtof(text, end); }
double Read(const char* text, char** end, double) { return std::strtod(text, end); }

// The library reads blanks, a second sign and hexadecimal numbers, too.
template <typename Value>
std::optional<std::string> Float(bool negative, const std::string& text) {
  constexpr std::string_view kBegins = "0123456789.iInN";
  if (text.empty() || kBegins.find(text[0]) == std::string_view::npos) return std::nullopt;
  if (text.find_first_of("xX(") != std::string::npos) return std::nullopt;
  char* end = nullptr;
  const Value value = Read(text.c_str(), &end, Value());
  if (end != text.c_str() + text.size()) return std::nullopt;
  const bool says_infinity = text[0] == 'i' || text[0] == 'I';
  if (std::isinf(value) && !says_infinity) return std::nullopt;
  return BytesOf(negative ? -value : value);
}

template <typename Value>
bool IsNan(const char* bytes) {
  Value value;
  std::memcpy(&value, bytes, sizeof(value));
  return std::isnan(value);
}

bool IsNan(tgt_dtype dtype, const char* bytes) {
  return dtype == TGT_FLOAT32   ? IsNan<float>(bytes)
         : dtype == TGT_FLOAT64 ? IsNan<double>(bytes)
                                : false;
}

}  // namespace

size_t Width(tgt_dtype dtype) {
  return dtype == TGT_UINT8 ? 1 : dtype == TGT_FLOAT32 || dtype == TGT_INT32 ? 4 : 8;
}

std::optional<std::string> ElementOf(tgt_dtype dtype, std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
  const bool negative = text[0] == '-';
  if (negative || text[0] == '+') text.remove_prefix(1);
  if (dtype == TGT_FLOAT32) return Float<float>(negative, std::string(text));
  if (dtype == TGT_FLOAT64) return Float<double>(negative, std::string(text));
  return Integer(dtype, negative, text);
}

bool IsElement(tgt_dtype dtype, const char* bytes, std::string_view text) {
  const std::optional<std::string> right = ElementOf(dtype, text);
  if (!right.has_value()) return false;
  if (IsNan(dtype, right->data())) return IsNan(dtype, bytes);
  return std::memcmp(bytes, right->data(), right->size()) == 0;
}

}  // namespace tenter::fuzz::iterator
