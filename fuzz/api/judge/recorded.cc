#include "fuzz/api/judge/recorded.h"

#include <algorithm>

#include "fuzz/api/judge/cancels.h"

namespace tenter::fuzz::api {
namespace {

bool Overlap(const Answer& a, const Answer& b) { return a.begin < b.end && b.begin < a.end; }

// It empties its recording, also when it fails, unless a handle was stale.
bool Empties(const Answer& answer, uintptr_t recording) {
  return answer.line->verb == Verb::kCapture && answer.given[1] == recording && answer.end != 0 &&
         answer.code != TENTER_STALE_HANDLE;
}

bool Makes(const Answer& answer) {
  const Verb verb = answer.line->verb;
  return (verb == Verb::kCapture || verb == Verb::kMakeProgram) && answer.end != 0 &&
         answer.code == TENTER_OK;
}

void Order(Recorded* recorded) {
  auto& ops = recorded->ops;
  std::sort(ops.begin(), ops.end(),
            [](const Answer* a, const Answer* b) { return a->begin < b->begin; });
  recorded->is_ordered = recorded->is_known;
  for (size_t i = 1; i < ops.size(); ++i) recorded->is_ordered &= !Overlap(*ops[i - 1], *ops[i]);
}

}  // namespace

Recorded RecordedIn(const History& history, uintptr_t program) {
  Recorded recorded;
  const auto made = std::find_if(history.calls.begin(), history.calls.end(),
                                 [&](const Answer& a) { return Makes(a) && a.made == program; });
  if (made == history.calls.end()) return recorded;
  const Answer& capture = *made;
  if (capture.line->verb == Verb::kMakeProgram) {
    recorded.ops.assign(static_cast<size_t>(capture.line->ops), &capture);
    return recorded;
  }
  const uintptr_t recording = capture.given[1];
  for (const Answer& record : history.calls) {
    if (!Records(record.line->verb) || record.given[0] != recording || record.code != TENTER_OK ||
        record.begin > capture.end)
      continue;
    const bool went_before =
        std::any_of(history.calls.begin(), history.calls.end(), [&](const Answer& other) {
          return &other != &capture && Empties(other, recording) && record.end < other.begin &&
                 other.end < capture.begin;
        });
    if (went_before) continue;
    recorded.ops.push_back(&record);
    recorded.is_known &= !Overlap(record, capture);
    for (const Answer& other : history.calls)
      if (&other != &capture && Empties(other, recording))
        recorded.is_known &= !Overlap(other, capture) && !Overlap(other, record);
  }
  Order(&recorded);
  return recorded;
}

namespace {

// What is wrong with the `nth` op of the program that was replayed so often, or nothing.
std::optional<Finding> WrongRuns(const History& history, const Recorded& recorded, size_t nth,
                                 const std::vector<const Answer*>& replays) {
  const Answer* const record = recorded.ops[nth];
  const bool alone = Records(record->line->verb);
  const auto ran = std::find_if(history.ran.begin(), history.ran.end(), [&](const Ran& one) {
    return one.call == record && (alone || one.nth == static_cast<int>(nth));
  });
  const size_t times = ran == history.ran.end() ? 0 : static_cast<size_t>(ran->times);
  const std::string op = ToText(*record->line) + ", op " + std::to_string(nth) + " of its program,";
  size_t least = 0, most = 0;
  for (const Answer* replay : replays) {
    least += !MayBeCancelled(history, *replay);
    most += !SurelyCancelled(history, *replay);
  }
  if (times < least || times > most) {
    const bool cancelled = times > most && times <= replays.size();
    return Finding{cancelled ? "ERR-11" : "ENG-5", "not run with each replay",
                   op + " ran " + std::to_string(times) + " times in " +
                       std::to_string(replays.size()) + " replays, of which " +
                       std::to_string(replays.size() - most) + " were cancelled before they came",
                   0};
  }
  if (!recorded.is_ordered || ran == history.ran.end()) return std::nullopt;
  for (const Answer* replay : replays) {
    const uint64_t number = replay->number + nth;
    const bool is_all = ran->numbers.size() == times;  // that there are, or that are kept
    if (replay->number != 0 && is_all && !MayBeCancelled(history, *replay) &&
        std::find(ran->numbers.begin(), ran->numbers.end(), number) == ran->numbers.end())
      return Finding{"ENG-2", "no op has the number that a replay answered",
                     op + " never ran as push " + std::to_string(number), 0};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Finding> JudgeReplays(const History& history) {
  for (const Answer& capture : history.calls) {
    if (!Makes(capture)) continue;
    const Recorded recorded = RecordedIn(history, capture.made);
    if (!recorded.is_known) continue;
    std::vector<const Answer*> replays;
    for (const Answer& answer : history.calls)
      if (Replays(answer.line->verb) && Succeeded(answer) && answer.given[0] == capture.made)
        replays.push_back(&answer);
    for (size_t nth = 0; nth < recorded.ops.size(); ++nth)
      if (auto finding = WrongRuns(history, recorded, nth, replays); finding.has_value())
        return finding;
  }
  return std::nullopt;
}

std::optional<Finding> JudgeNumbers(const History& history) {
  for (const Ran& ran : history.ran)
    if (ran.call->line->verb != Verb::kMakeProgram && ran.call->number != 0 &&
        !ran.numbers.empty() && ran.numbers[0] != ran.call->number)
      return Finding{"ERR-7", "an op with another number than its push",
                     ToText(*ran.call->line) + " ran as push " + std::to_string(ran.numbers[0]) +
                         ", and was answered " + std::to_string(ran.call->number),
                     0};
  return std::nullopt;
}

}  // namespace tenter::fuzz::api
