// The one file that includes rapidcheck: its headers take seconds to compile.
#include "fuzz/engine/draw/dice.h"

#include <rapidcheck.h>

namespace tenter::fuzz {

int Dice::From(int least, int most) { return *rc::gen::inRange(least, most + 1); }

int Dice::OneOf(const std::vector<int>& numbers) { return *rc::gen::elementOf(numbers); }

void Roll(uint64_t seed, const std::function<void(Dice&)>& draw) {
  // A generator gives a value only inside of exec.
  const auto generator = rc::gen::exec([&draw] {
    Dice dice;
    draw(dice);
    return true;
  });
  generator(rc::Random(seed), rc::kNominalSize).value();
}

}  // namespace tenter::fuzz
