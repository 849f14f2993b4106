#include "fuzz/engine/draw/fan_in.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace tenter::fuzz {
namespace {

int LastOp(const Program& program) {
  int last = 0;
  for (const Statement& s : program.statements) last = std::max(last, s.op);
  return last;
}

// The letters below `count`, in any order.
std::vector<int> Shuffled(int count, Dice* dice) {
  std::vector<int> letters(static_cast<size_t>(count));
  std::iota(letters.begin(), letters.end(), 0);
  for (int i = count - 1; i > 0; --i)
    std::swap(letters[static_cast<size_t>(i)], letters[static_cast<size_t>(dice->From(0, i))]);
  return letters;
}

}  // namespace

void AddFanIn(Program* program, Dice* dice) {
  const int width = dice->From(kLeastFanIn, kMostFanIn);
  program->vars = std::max(program->vars, width + 1);
  int op = LastOp(*program);
  std::vector<Statement> added;
  for (const int letter : Shuffled(width, dice)) {
    Statement& s = added.emplace_back();
    s.op = ++op;
    s.writes = {letter};
    s.throws = static_cast<Type>(dice->From(1, 5));
  }
  Statement& reader = added.emplace_back();
  reader.op = ++op;
  reader.reads = Shuffled(width, dice);
  reader.writes = {width};
  Statement& wait = added.emplace_back();
  wait.verb = Verb::kWait;
  wait.var = width;
  const int place = dice->From(0, static_cast<int>(program->statements.size()));
  program->statements.insert(program->statements.begin() + place, added.begin(), added.end());
}

}  // namespace tenter::fuzz
