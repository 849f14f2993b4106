#include <cmath>
#include <cstdio>
#include <span>

#include "fuzz/iterator/number.h"

namespace tenter::fuzz::iterator {
namespace {

using Texts = std::span<const char* const>;

constexpr const char* kUint8Edges[] = {"0", "1", "255", "256", "257"};
constexpr const char* kInt32Edges[] = {"2147483647", "2147483648", "2147483649"};
constexpr const char* kInt64Edges[] = {"9223372036854775807", "9223372036854775808",
                                       "9223372036854775809"};
// Of types that are narrower or wider, which a reader may go through on its way.
constexpr const char* kOtherEdges[] = {"127",
                                       "128",
                                       "129",
                                       "255",
                                       "256",
                                       "32767",
                                       "32768",
                                       "65535",
                                       "65536",
                                       "2147483647",
                                       "2147483648",
                                       "4294967295",
                                       "4294967296",
                                       "4294967297",
                                       "18446744073709551615",
                                       "18446744073709551616"};
// Of a float, the last number that is rounded to a finite one and the first that is not, and the
// same between zero and the smallest one.
constexpr const char* kFloatEdges[] = {"0",
                                       "0.0",
                                       "1",
                                       "inf",
                                       "infinity",
                                       "INF",
                                       "nan",
                                       "NaN",
                                       ".5",
                                       "5.",
                                       "1E+2",
                                       "1e-2",
                                       "0e999",
                                       "1e999",
                                       "1e-999",
                                       "1e99999999999999999999",
                                       "1e-99999999999999999999",
                                       "3.4028234663852886e38",
                                       "3.4028235677973365e38",
                                       "3.4028235677973367e38",
                                       "1e39",
                                       "1.1754943508222875e-38",
                                       "1.1754942e-38",
                                       "1.4e-45",
                                       "7.1e-46",
                                       "7e-46",
                                       "1.7976931348623157e308",
                                       "1.7976931348623158e308",
                                       "1.7976931348623159e308",
                                       "2.2250738585072014e-308",
                                       "5e-324",
                                       "2.5e-324",
                                       "2.4e-324",
                                       "16777217",
                                       "9007199254740993"};
// No numbers, or the beginning of one.
constexpr const char* kWrong[] = {"",     "-",   "+",    "--1",   "+-1",   "-+1", "1-",
                                  "0x10", "1_2", "1__2", "5x",    "1e",    "1e+", "e5",
                                  ".",    ".e1", "infi", "na",    "1.2.3", "1;2", "1'0",
                                  "0b1",  "1f",  "0_",   "\"1\"", "1.0",   "1e2"};

std::string OneOf(Texts texts, Rng* rng) { return texts[rng->Below(texts.size())]; }

std::string Digits(size_t count, Rng* rng) {
  std::string digits;
  while (digits.size() < count) digits += static_cast<char>('0' + rng->Below(10));
  return digits;
}

std::string Integer(tgt_dtype dtype, Rng* rng) {
  const Texts own = dtype == TGT_UINT8   ? Texts(kUint8Edges)
                    : dtype == TGT_INT32 ? Texts(kInt32Edges)
                                         : Texts(kInt64Edges);
  if (rng->Chance(60)) return OneOf(own, rng);
  if (rng->Chance(60)) return OneOf(kOtherEdges, rng);
  return Digits(rng->Chance(10) ? 400 : 1 + rng->Below(30), rng);
}

// Often of a size that only a wider type has.
std::string Float(Rng* rng) {
  if (rng->Chance(60)) return OneOf(kFloatEdges, rng);
  const auto power = static_cast<int>(rng->Below(2200)) - 1100;
  const double value = std::ldexp(1 + static_cast<double>(rng->Below(1 << 30)) / (1 << 30),
                                  rng->Chance(50) ? power : power / 8);
  char text[64];
  std::snprintf(text, sizeof(text), "%.*g", static_cast<int>(1 + rng->Below(20)), value);
  return text;
}

}  // namespace

std::string DrawNumber(tgt_dtype dtype, Rng* rng) {
  const bool is_float = dtype == TGT_FLOAT32 || dtype == TGT_FLOAT64;
  std::string text = rng->Chance(12) ? OneOf(kWrong, rng)
                     : is_float      ? Float(rng)
                                     : Integer(dtype, rng);
  if (rng->Chance(20)) text = std::string(1 + rng->Below(30), '0') + text;
  if (rng->Chance(50)) text = (rng->Chance(70) ? "-" : "+") + text;
  if (rng->Chance(10)) text = "_" + text;
  if (rng->Chance(10)) text += "__";
  // A line of blanks would be no row.
  return text.find_first_not_of('_') == std::string::npos ? "x" : text;
}

}  // namespace tenter::fuzz::iterator
