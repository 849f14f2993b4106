// History: what the calls of one program were answered, and what became of what they were given.
//
// Path: RunProgram -> History -> Judge.
//
// Thread safety: each answer is written by one thread.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "fuzz/api/program.h"
#include "runtime/capi/tenter/tenter.h"

namespace tenter::fuzz::api {

// Of every op, so that errors can be seen to name it.
inline constexpr const char* kOpName = "fuzzed";
// And the message that each failing one leaves.
inline constexpr const char* kMessage = "it failed";

// A failure that a wait told.
struct Failed {
  uint64_t number = 0;
  std::string op, place;
  tenter_code code = TENTER_OK;
  std::string message;
};

// One call. Of two of which one had ended before the other began, the stamps say so; end 0: it was
// never made.
struct Answer {
  const Line* line = nullptr;
  uint64_t begin = 0, end = 0;
  tenter_code code = TENTER_OK;
  uintptr_t given[2] = {0, 0};  // what the handles were then
  uintptr_t made = 0;
  uint64_t number = 0;  // of a push, or of the first op of a replay
  // What a wait told: how many there are, and those for which there was room.
  size_t count = 0;
  std::vector<Failed> failed;
  std::string wrong;  // that shows in the call by itself: an error that is not filled in, a value
};

inline bool Succeeded(const Answer& answer) { return answer.end != 0 && answer.code == TENTER_OK; }
// The scope in which the ops of a push or a replay are, or 0.
inline uintptr_t ScopeOf(const Answer& push) {
  const Verb verb = push.line->verb;
  return PushesInScope(verb) || verb == Verb::kReplayScoped ? push.given[1] : 0;
}

// What became of an op.
struct Ran {
  const Answer* call;  // that handed it over
  int times;
  int nth = 0;                         // of a kMakeProgram
  std::vector<uint64_t> numbers = {};  // that its body saw, in some order
  // What its body was told of a cancel, and when; or it was told of none although one was due.
  tenter_code heard = TENTER_OK;
  uint64_t heard_at = 0;
  bool unheard = false;
  std::string wrong_wake = "";  // what is wrong with the calls of its callback
};

struct History {
  std::list<Line> last_lines;     // of the waits at the end, which are in no program
  std::vector<Answer> calls;      // those, too, behind the others
  std::vector<Answer> inside;     // that bodies made
  uint64_t closing = UINT64_MAX;  // when the contexts began to go, beside ops that still ran
  std::vector<std::string> wrong_ops;
  std::vector<Ran> ran;
  int64_t threads_left = 0, descriptors_left = 0;
};

}  // namespace tenter::fuzz::api
