// Dice: choices by a seed.
//
// Thread safety: belongs to one thread.
#pragma once

#include <initializer_list>
#include <utility>
#include <vector>

#include "runtime/base/rng.h"

namespace tenter::fuzz::model {

class Dice {
 public:
  explicit Dice(uint64_t seed) : rng_(seed) {}

  // Both ends included. REQUIRES: least <= most.
  int From(int least, int most) {
    return least + static_cast<int>(rng_.Below(static_cast<uint64_t>(most - least + 1)));
  }
  bool Chance(int percent) { return rng_.Chance(percent); }
  uint64_t Seed() { return rng_.Next() >> 1; }

  template <typename Value>
  Value OneOf(std::initializer_list<Value> values) {
    return values.begin()[rng_.Below(values.size())];
  }
  // REQUIRES: not empty.
  template <typename Value>
  const Value& OneOf(const std::vector<Value>& values) {
    return values[rng_.Below(values.size())];
  }
  template <typename Value>
  void Shuffle(std::vector<Value>* values) {
    for (size_t i = values->size(); i > 1; --i)
      std::swap((*values)[i - 1], (*values)[rng_.Below(i)]);
  }

 private:
  Rng rng_;
};

}  // namespace tenter::fuzz::model
