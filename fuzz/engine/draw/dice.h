// Dice: the random numbers of one program, drawn by rapidcheck.
//
// Path: GenerateProgram -> Roll -> Drawing asks the dice.
//
// Thread safety: one caller at a time (rapidcheck keeps state of its own).
// Ownership and lifetime: valid inside Roll only.
// Invariants: the numbers depend on the seed and on what was asked before, on nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace tenter::fuzz {

class Dice {
 public:
  int From(int least, int most);
  int OneOf(const std::vector<int>& numbers);
  bool Chance(int percent) { return percent > 0 && From(0, 99) < percent; }

 private:
  friend void Roll(uint64_t seed, const std::function<void(Dice&)>& draw);
  Dice() = default;
};

// Calls `draw` once, with dice of this seed.
void Roll(uint64_t seed, const std::function<void(Dice&)>& draw);

}  // namespace tenter::fuzz
