#include "bench/inference/first_answers.h"

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace tenter::bench {
namespace {

template <typename T>
double At(const void* data, size_t index) {
  T value;
  std::memcpy(&value, static_cast<const std::byte*>(data) + index * sizeof(T), sizeof(T));
  return static_cast<double>(value);
}

double ValueOf(const Answer& answer, size_t index) {
  switch (answer.element) {
    case Element::kFloat32:
      return At<float>(answer.data, index);
    case Element::kFloat64:
      return At<double>(answer.data, index);
    case Element::kInt32:
      return At<int32_t>(answer.data, index);
    case Element::kInt64:
      return At<int64_t>(answer.data, index);
    case Element::kUint8:
    case Element::kBool:
      return At<uint8_t>(answer.data, index);
  }
  return 0;
}

bool Near(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) == std::isnan(b);
  return a == b || std::fabs(a - b) <= kAbsolute + kRelative * std::fabs(b);
}

bool SameForm(const Answer& a, const Answer& b) {
  return a.element == b.element && a.bytes == b.bytes;
}

// The first element that differs, or -1.
int64_t FirstDifference(const Answer& got, const Answer& first, bool exact) {
  if (std::memcmp(got.data, first.data, got.bytes) == 0) return -1;
  const size_t count = got.bytes / BytesOf(got.element);
  for (size_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::ptrdiff_t>(i * BytesOf(got.element));
    const bool same = exact ? std::memcmp(static_cast<const std::byte*>(got.data) + at,
                                          static_cast<const std::byte*>(first.data) + at,
                                          BytesOf(got.element)) == 0
                            : Near(ValueOf(got, i), ValueOf(first, i));
    if (!same) return static_cast<int64_t>(i);
  }
  return -1;
}

void Compare(const std::string& who, const std::string& with, size_t set,
             const std::vector<Answer>& got, const std::vector<Answer>& first, bool exact) {
  const std::string where =
      who + " answers otherwise than " + with + ", set of inputs " + std::to_string(set) + ": ";
  if (got.size() != first.size()) throw WrongAnswer(where + "another number of results");
  for (size_t i = 0; i < got.size(); ++i) {
    if (!SameForm(got[i], first[i]))
      throw WrongAnswer(where + "result " + std::to_string(i) + " has another type or size");
    const int64_t at = FirstDifference(got[i], first[i], exact);
    if (at < 0) continue;
    char values[96];
    std::snprintf(values, sizeof(values), "element %lld is %.9g and not %.9g",
                  static_cast<long long>(at), ValueOf(got[i], static_cast<size_t>(at)),
                  ValueOf(first[i], static_cast<size_t>(at)));
    throw WrongAnswer(where + "result " + std::to_string(i) + ", " + values);
  }
}

}  // namespace

void FirstAnswers::Keep(const std::vector<Answer>& answers) {
  std::vector<Kept>& kept = sets_.emplace_back();
  for (const Answer& answer : answers) {
    const auto* bytes = static_cast<const std::byte*>(answer.data);
    kept.push_back({answer.element, {bytes, bytes + answer.bytes}});
  }
}

void FirstAnswers::Check(size_t set, const std::vector<Answer>& answers) const {
  std::vector<Answer> first;
  for (const Kept& kept : sets_[set]) first.push_back(AsAnswer(kept));
  Compare(name_, "at first", set, answers, first, exact_);
}

void FirstAnswers::CheckAgainst(const FirstAnswers& other) const {
  for (size_t set = 0; set < sets_.size(); ++set) {
    std::vector<Answer> mine, theirs;
    for (const Kept& kept : sets_[set]) mine.push_back(AsAnswer(kept));
    for (const Kept& kept : other.sets_[set]) theirs.push_back(AsAnswer(kept));
    Compare(name_, other.name_, set, mine, theirs, false);
  }
}

}  // namespace tenter::bench
