// FirstAnswers: what a contender answered first to each set of inputs. Every later answer is
// compared with it, and the contenders with one another: who computes something else is no figure.
//
// Thread safety: Check from any thread, once all sets were kept.
// Ownership and lifetime: owns copies.
// Invariants: a contender that promises the same bits is held to them. For others, and between
//   contenders, |a - b| <= kAbsolute + kRelative * |b|, and the same place for a NaN.
// Errors: throws WrongAnswer, which says who, in which result and element, and both values.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/model/model_contender.h"

namespace tenter::bench {

inline constexpr double kAbsolute = 1e-5;
inline constexpr double kRelative = 1e-3;

class WrongAnswer : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class FirstAnswers {
 public:
  FirstAnswers(std::string name, bool exact) : name_(std::move(name)), exact_(exact) {}

  // The next set.
  void Keep(const std::vector<Answer>& answers);

  void Check(size_t set, const std::vector<Answer>& answers) const;
  void CheckAgainst(const FirstAnswers& other) const;

 private:
  struct Kept {
    Element element;
    std::vector<std::byte> bytes;
  };
  Answer AsAnswer(const Kept& kept) const {
    return {kept.element, kept.bytes.data(), kept.bytes.size()};
  }

  const std::string name_;
  const bool exact_;
  std::vector<std::vector<Kept>> sets_;
};

}  // namespace tenter::bench
