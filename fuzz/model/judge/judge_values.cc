#include "fuzz/model/judge/judge_values.h"

#include <iomanip>
#include <limits>
#include <map>
#include <sstream>
#include <utility>

#include "fuzz/model/oracle/oracle.h"

namespace tenter::fuzz::model {
namespace {

const char* TypeName(tgt_dtype dtype) {
  return dtype == TGT_FLOAT32 ? "float"
         : dtype == TGT_INT64 ? "int"
         : dtype == TGT_BOOL  ? "bool"
                              : "another type";
}

// The oracle's answers, each worked out once.
class Right {
 public:
  explicit Right(const Graph& graph) : graph_(graph) {}

  const Arrays& Of(int64_t size, uint64_t seed) {
    const auto [known, is_new] = answers_.try_emplace({size, seed});
    if (is_new) known->second = OutputsOf(graph_, size, seed);
    return known->second;
  }

 private:
  const Graph& graph_;
  std::map<std::pair<int64_t, uint64_t>, Arrays> answers_;
};

// What is wrong with one output; empty when nothing is.
std::string Difference(const Array& right, const Output& got) {
  const tgt_dtype type = right.integers ? TGT_INT64 : right.truths ? TGT_BOOL : TGT_FLOAT32;
  if (got.dtype != type || got.dims != right.dims)
    return std::string(TypeName(got.dtype)) + " " + DimsText(got.dims) + " instead of " +
           TypeName(type) + " " + DimsText(right.dims);
  std::ostringstream text;
  text << std::setprecision(std::numeric_limits<double>::max_digits10);
  if (got.numbers.size() != right.numbers.size())
    text << got.numbers.size() << " numbers instead of " << right.numbers.size();
  for (size_t i = 0; i < got.numbers.size() && text.str().empty(); ++i)
    if (!IsNear(right.numbers[i], got.numbers[i], right.slack))
      text << "number " << i << " of " << got.numbers.size() << " is " << got.numbers[i]
           << " instead of " << right.numbers[i];
  return text.str();
}

std::string Difference(const Program& program, const Answer& answer, Right* right) {
  const Arrays& expected = right->Of(answer.size, answer.seed);
  for (size_t i = 0; i < expected.size(); ++i) {
    const std::string difference = Difference(expected[i], answer.outputs[i]);
    if (!difference.empty()) return "output " + program.graph.outputs[i] + ": " + difference;
  }
  return "";
}

std::string Who(const Answer& answer) {
  return CallerName(answer.caller) + ": call " + "ab"[answer.op] + std::string(" size ") +
         std::to_string(answer.size) + " seed " + std::to_string(answer.seed);
}

std::optional<Broken> JudgeAnswer(const Program& program, const Answer& answer, bool alone,
                                  Right* right) {
  if (answer.inputs_changed)
    return Broken{"COP-1", "an input changed", Who(answer) + ": the call wrote into its inputs"};
  if (answer.verb != Verb::kCall || answer.code != TGT_OK) return std::nullopt;
  const std::string difference = Difference(program, answer, right);
  if (!difference.empty())
    return Broken{alone ? "COP-9" : "COP-1",
                  alone ? "a wrong answer to one caller" : "a wrong answer",
                  Who(answer) + ": " + difference};
  if (answer.changed)
    return Broken{"COP-1", "a returned output changed", Who(answer) + ": it was another one later"};
  return std::nullopt;
}

bool IsAlone(const History& history, const Answer& mine) {
  for (const auto& answers : history.callers)
    for (const Answer& other : answers)
      if (&other != &mine && other.begin < mine.end && mine.begin < other.end) return false;
  return true;
}

}  // namespace

// What is wrong without any other call is no matter of threads, so that is looked at first.
std::optional<Broken> JudgeValues(const Program& program, const History& history) {
  Right right(program.graph);
  for (const Rest& rest : history.rests)
    for (const Answer& answer : rest.again)
      if (auto broken = JudgeAnswer(program, answer, true, &right); broken.has_value())
        return broken;
  for (const Answer& answer : history.served.answers)
    if (auto broken = JudgeAnswer(program, answer, true, &right); broken.has_value()) return broken;
  for (const auto& answers : history.callers)
    for (const Answer& answer : answers)
      if (auto broken = JudgeAnswer(program, answer, IsAlone(history, answer), &right);
          broken.has_value())
        return broken;
  return std::nullopt;
}

}  // namespace tenter::fuzz::model
