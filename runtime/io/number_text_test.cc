// Number texts against the C library: every special text, and 10,000 random ones per element type.
// A failure prints the seed of its text; --gtest_random_seed=SEED runs that one first.
#include "runtime/io/number_text.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <vector>

#include "runtime/base/rng.h"

namespace tenter {
namespace {

// What a text must become: an error, or these bytes.
struct Expected {
  std::errc error = std::errc::invalid_argument;
  std::string bytes = {};
};

template <typename T>
Expected Number(T value) {
  return {std::errc(), std::string(reinterpret_cast<const char*>(&value), sizeof(value))};
}

// strtod skips blanks and reads hexadecimal numbers; the contract of AppendNumber does neither.
bool MayStartANumber(const std::string& text) {
  const size_t at = text.find_first_not_of("+-");
  if (text.empty() || at == std::string::npos || at > 1) return false;
  return !std::isspace(static_cast<unsigned char>(text[at])) && text[at + 1] != 'x' &&
         text[at + 1] != 'X';
}

template <typename T>
Expected FloatByTheLibrary(const std::string& text) {
  if (!MayStartANumber(text)) return {};
  char* end = nullptr;
  T value;
  if constexpr (sizeof(T) == sizeof(float))
    value = std::strtof(text.c_str(), &end);
  else
    value = std::strtod(text.c_str(), &end);
  if (end != text.c_str() + text.size()) return {};
  const bool says_infinity = text.find_first_of("iI") != std::string::npos;
  if (std::isinf(value) && !says_infinity) return {std::errc::result_out_of_range};
  return Number(value);
}

template <typename T>
Expected IntegerByTheLibrary(const std::string& text) {
  if (!MayStartANumber(text)) return {};
  char* end = nullptr;
  errno = 0;
  const long long value = std::strtoll(text.c_str(), &end, 10);
  if (end != text.c_str() + text.size()) return {};
  if (errno == ERANGE || value < std::numeric_limits<T>::min() ||
      value > std::numeric_limits<T>::max())
    return {std::errc::result_out_of_range};
  return Number(static_cast<T>(value));
}

Expected ByTheLibrary(DType dtype, const std::string& text) {
  switch (dtype) {
    case DType::kFloat32:
      return FloatByTheLibrary<float>(text);
    case DType::kFloat64:
      return FloatByTheLibrary<double>(text);
    case DType::kInt32:
      return IntegerByTheLibrary<int32_t>(text);
    case DType::kInt64:
      return IntegerByTheLibrary<int64_t>(text);
    case DType::kUint8:
      return IntegerByTheLibrary<uint8_t>(text);
    case DType::kBool:
      break;
  }
  return {std::errc::not_supported};
}

// Not-a-numbers are all alike: which of their bits are set is nobody's promise.
bool BothNan(DType dtype, const std::string& a, const std::string& b) {
  if (a.size() != DTypeBytes(dtype) || b.size() != a.size()) return false;
  const auto is_nan = [dtype](const std::string& bytes) {
    float single = 0;
    double wide = 0;
    if (dtype == DType::kFloat32) std::memcpy(&single, bytes.data(), sizeof(single));
    if (dtype == DType::kFloat64) std::memcpy(&wide, bytes.data(), sizeof(wide));
    return std::isnan(single) || std::isnan(wide);
  };
  return is_nan(a) && is_nan(b);
}

constexpr DType kDTypes[] = {DType::kFloat32, DType::kFloat64, DType::kInt32,
                             DType::kInt64,   DType::kUint8,   DType::kBool};

void ExpectAsTheLibrary(const std::string& text) {
  for (const DType dtype : kDTypes) {
    const Expected expected = ByTheLibrary(dtype, text);
    std::string bytes;
    const std::errc error = AppendNumber(dtype, text, &bytes);
    EXPECT_EQ(error, expected.error) << DTypeName(dtype) << " '" << text << "'";
    EXPECT_TRUE(bytes == expected.bytes || BothNan(dtype, bytes, expected.bytes))
        << DTypeName(dtype) << " '" << text << "' has other bits";
  }
}

std::string Print(const char* format, double value) {
  char text[2000];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

std::vector<std::string> SpecialTexts() {
  std::vector<std::string> cores = {
      // No number, or only the beginning of one.
      "", ".", "e", "e5", ".e5", "1e", "1e+", "1e-", "1.2.3", "1e5.5", "1 2", " 1", "\v1", "1\f",
      "1_000", "1f", "abc", "0x", "0x1p3", "0X10", "1e1e1", "in", "infx", "infinit", "nanx", "na",
      "nan(", "nan(1", "nan(_a1)", "nan()", "nan(-)", "\xef\xbc\x91",
      // Whole numbers and the edges of the integer types.
      "0", "00", "007", "1", "127", "128", "255", "256", "0000000000000000000000255", "2147483647",
      "2147483648", "2147483649", "9223372036854775807", "9223372036854775808",
      "9223372036854775809", "18446744073709551616", "99999999999999999999999999",
      // Floats: forms, names, and the edges of their ranges.
      "1.", ".5", "1.e2", "1E2", "1e+2", "1e-2", "0e0", "0.0e999999999999999999999", "inf", "INF",
      "Infinity", "nan", "NaN", "1e38", "3.4028234663852886e38", "3.4028235677973366e38",
      "3.4028235677973367e38", "3.5e38", "1e39", "1.7976931348623157e308", "1.7976931348623158e308",
      "1.797693134862315807e308", "1.797693134862315808e308", "1.7976931348623159e308", "1e309",
      "1e99999999999999999999", "1e-99999999999999999999", "1.1754943508222875e-38",
      "1.1754942e-38", "1e-45", "1.4e-45", "7.0064923216240853e-46", "7.0064923216240854e-46",
      "7.1e-46", "1e-46", "1e-50", "2.2250738585072014e-308", "2.2250738585072011e-308",
      "4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "2e-324",
      "1e-400", "0.1e-399", "123456789e-350"};
  cores.push_back("0." + std::string(400, '0') + "1");
  cores.push_back("0." + std::string(400, '0') + "1e400");
  cores.push_back("0." + std::string(400, '0') + "1e410");
  cores.push_back("1" + std::string(400, '0'));
  cores.push_back("1" + std::string(400, '0') + "e-400");
  cores.push_back("1" + std::string(400, '0') + "e-800");
  cores.push_back(std::string(2000, '0') + "1");
  // Exactly half of the least double and of the least float, and the next text above each.
  for (const double half : {0x1p-150, 0x1p-149, std::numeric_limits<double>::denorm_min()}) {
    cores.push_back(Print("%.1100f", half));
    cores.push_back(Print("%.1100f", half) + "1");
    cores.push_back(Print("%.1080e", half));
  }
  std::vector<std::string> texts;
  for (const char* sign : {"", "+", "-", "++", "+-", "-+", "--", " -", "- "})
    for (const std::string& core : cores) texts.push_back(sign + core);
  return texts;
}

TEST(NumberText, SpecialTextsAreWhatTheLibrarySays) {
  for (const std::string& text : SpecialTexts()) ExpectAsTheLibrary(text);
}

std::string Digits(Rng& rng, uint64_t count) {
  std::string digits;
  for (uint64_t i = 0; i < count; ++i) digits += static_cast<char>('0' + rng.Below(10));
  return digits;
}

// A number out of its parts, each of which may be missing; long parts are rare.
std::string Assembled(Rng& rng) {
  const char* signs[] = {"", "", "", "+", "-", "+-", "--"};
  std::string text = signs[rng.Below(7)] + Digits(rng, rng.Below(rng.Chance(5) ? 900 : 22));
  if (rng.Chance(60)) text += "." + Digits(rng, rng.Below(rng.Chance(5) ? 900 : 22));
  if (rng.Chance(50)) {
    const int64_t centres[] = {0, 38, 308, -38, -45, -308, -324, -340};
    const int64_t exponent = centres[rng.Below(8)] + static_cast<int64_t>(rng.Below(41)) - 20;
    text += (rng.Chance(50) ? "e" : "E") + std::to_string(exponent);
  }
  return text;
}

// Any double there is, as the library prints it; one in three is denormal or near it.
std::string Printed(Rng& rng) {
  uint64_t bits = rng.Next();
  if (rng.Chance(33)) bits &= ~(0x7fcULL << 52);
  double value = 0;
  std::memcpy(&value, &bits, sizeof(value));
  if (rng.Chance(30)) value = static_cast<float>(value);
  const char* formats[] = {"%.17g", "%.9g", "%g", "%.0f", "%.25e"};
  return Print(formats[rng.Below(5)], value);
}

std::string Garbage(Rng& rng) {
  constexpr std::string_view kAlphabet = "0123456789+-.eEinfatyNAx() \t_";
  std::string text;
  for (uint64_t left = rng.Below(8); left > 0; --left)
    text += kAlphabet[rng.Below(kAlphabet.size())];
  return text;
}

TEST(NumberText, RandomTextsAreWhatTheLibrarySays) {
  for (int round = 0; round < 10000 && !HasFailure(); ++round) {
    const uint64_t seed = static_cast<uint64_t>(GTEST_FLAG_GET(random_seed) + round);
    SCOPED_TRACE("seed " + std::to_string(seed));
    Rng rng(seed);
    const uint64_t kind = rng.Below(10);
    ExpectAsTheLibrary(kind < 5 ? Assembled(rng) : kind < 8 ? Printed(rng) : Garbage(rng));
  }
}

TEST(NumberText, AppendsToWhatIsThereAndNothingWithAnError) {
  std::string bytes = "ab";
  EXPECT_EQ(AppendNumber(DType::kUint8, "99", &bytes), std::errc());
  EXPECT_EQ(bytes, "abc");
  EXPECT_EQ(AppendNumber(DType::kUint8, "x", &bytes), std::errc::invalid_argument);
  EXPECT_EQ(AppendNumber(DType::kFloat32, "1e99", &bytes), std::errc::result_out_of_range);
  EXPECT_EQ(bytes, "abc");
}

}  // namespace
}  // namespace tenter
