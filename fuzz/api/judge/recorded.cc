#include "fuzz/api/judge/recorded.h"

#include <algorithm>

namespace tenter::fuzz::api {
namespace {

bool Overlap(const Answer& a, const Answer& b) { return a.begin < b.end && b.begin < a.end; }

// It empties its recording, also when it fails, unless a handle was stale.
bool Empties(const Answer& answer, uintptr_t recording) {
  return answer.line->verb == Verb::kCapture && answer.given[1] == recording && answer.end != 0 &&
         answer.code != TENTER_STALE_HANDLE;
}

}  // namespace

Recorded RecordedIn(const History& history, uintptr_t program) {
  Recorded recorded;
  const auto made = std::find_if(history.calls.begin(), history.calls.end(), [&](const Answer& a) {
    return a.line->verb == Verb::kCapture && a.code == TENTER_OK && a.made == program;
  });
  if (made == history.calls.end()) return recorded;
  const Answer& capture = *made;
  const uintptr_t recording = capture.given[1];
  for (const Answer& record : history.calls) {
    if (record.line->verb != Verb::kRecord || record.given[0] != recording ||
        record.code != TENTER_OK || record.begin > capture.end)
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
  return recorded;
}

std::optional<Finding> JudgeReplays(const History& history) {
  for (const Answer& capture : history.calls) {
    if (capture.line->verb != Verb::kCapture || capture.code != TENTER_OK) continue;
    const Recorded recorded = RecordedIn(history, capture.made);
    if (!recorded.is_known) continue;
    const auto replays =
        std::count_if(history.calls.begin(), history.calls.end(), [&](const Answer& answer) {
          return answer.line->verb == Verb::kReplay && answer.code == TENTER_OK &&
                 answer.given[0] == capture.made;
        });
    for (const Answer* record : recorded.ops) {
      const auto ran = std::find_if(history.ran.begin(), history.ran.end(),
                                    [&](const Ran& one) { return one.call == record; });
      const int times = ran == history.ran.end() ? 0 : ran->times;
      if (times != replays)
        return Finding{"ENG-5", "not run with each replay",
                       ToText(*record->line) + " ran " + std::to_string(times) + " times in " +
                           std::to_string(replays) + " replays",
                       0};
    }
  }
  return std::nullopt;
}

}  // namespace tenter::fuzz::api
