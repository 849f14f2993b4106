#include "fuzz/model/judge/wrong_models.h"

#include "fuzz/model/judge/refused.h"
#include "fuzz/model/judge/says.h"
#include "harness/target/target_library.h"

namespace tenter::fuzz::model {
namespace {

// Whether the code blames the model, which nobody can mend by trying again.
bool Blames(tgt_code code) {
  return code == TGT_INVALID_ARGUMENT || code == TGT_OUT_OF_RANGE || code == TGT_UNSUPPORTED ||
         code == TGT_DATA_LOSS;
}

std::optional<Broken> JudgeRefusal(const Wrong& wrong, tgt_code code, const tgt_error& error) {
  const std::string line = "'" + ToText(wrong) + "' was refused with: " + ErrorText(error);
  if (!Blames(code)) return Broken{"COP-5", "a wrong model fails without a cause", line};
  if (!SaysWord(error, wrong.node)) return Broken{"COP-5", "the wrong node is not named", line};
  return std::nullopt;
}

}  // namespace

std::optional<Broken> JudgeWrongModel(const Program& program, const History& history) {
  const Wrong& wrong = *program.graph.wrong;
  // Another node may have to be refused, too, and come first.
  Refused refused(program.graph);
  if (history.create != TGT_OK) {
    const int64_t size = *SizesOf(program).begin();
    if (refused.ExplainsCreation(size, history.create, history.create_error)) return std::nullopt;
    return JudgeRefusal(wrong, history.create, history.create_error);
  }
  const Broken answered{"COP-9", "a wrong model is answered", "'" + ToText(wrong) + "'"};
  for (const auto& answers : history.callers)
    for (const Answer& answer : answers)
      if (answer.verb == Verb::kCall && answer.code == TGT_OK) return answered;
  // What each caller is told may be that there is no room; with nobody else inside there is.
  for (const Rest& rest : history.rests)
    for (const Answer& answer : rest.again) {
      if (answer.code == TGT_OK) return answered;
      if (refused.Explains(answer) && !refused.NodeNamedBy(answer).empty()) continue;
      if (auto broken = JudgeRefusal(wrong, answer.code, answer.error); broken.has_value())
        return broken;
    }
  return std::nullopt;
}

}  // namespace tenter::fuzz::model
