#include "fuzz/api/program.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <set>
#include <sstream>

#include "runtime/base/clock.h"

namespace tenter::fuzz::api {
namespace {

using enum Kind;

constexpr std::array kVerbs = std::to_array<VerbType>({
    {Verb::kEngine, "engine", {kNone, kNone}, kEngine},
    {Verb::kNaiveEngine, "naive_engine", {kNone, kNone}, kEngine},
    {Verb::kTrace, "trace", {kNone, kNone}, kTrace},
    {Verb::kRecording, "recording", {kNone, kNone}, kRecording},
    {Verb::kModel, "model", {kNone, kNone}, kModel},
    {Verb::kIterator, "iterator", {kNone, kNone}, kIterator},
    {Verb::kBulk, "bulk", {kEngine, kNone}, kBulk},
    {Verb::kScope, "scope", {kEngine, kNone}, kScope},
    {Verb::kCachedOp, "cached_op", {kEngine, kModel}, kCachedOp},
    {Verb::kMakeProgram, "program", {kEngine, kNone}, kProgram},
    {Verb::kCapture, "capture", {kEngine, kRecording}, kProgram},
    {Verb::kPush, "push", {kEngine, kNone}, kNone},
    {Verb::kPushScoped, "push_scoped", {kEngine, kScope}, kNone},
    {Verb::kPushWaits, "push_waits", {kEngine, kNone}, kNone},
    {Verb::kPushFrees, "push_frees", {kEngine, kNone}, kNone},
    {Verb::kBulkPush, "bulk_push", {kBulk, kNone}, kNone},
    {Verb::kBulkFlush, "bulk_flush", {kBulk, kNone}, kNone},
    {Verb::kRecord, "record", {kRecording, kNone}, kNone},
    {Verb::kReplay, "replay", {kProgram, kNone}, kNone},
    {Verb::kReplayScoped, "replay_scoped", {kProgram, kScope}, kNone},
    {Verb::kWait, "wait", {kEngine, kNone}, kNone},
    {Verb::kStop, "stop", {kEngine, kNone}, kNone},
    {Verb::kStopCancel, "stop_cancel", {kEngine, kNone}, kNone},
    {Verb::kCounts, "counts", {kEngine, kNone}, kNone},
    {Verb::kSnapshot, "snapshot", {kEngine, kNone}, kNone},
    {Verb::kDump, "dump", {kEngine, kNone}, kNone},
    {Verb::kTraceJson, "trace_json", {kTrace, kNone}, kNone},
    {Verb::kScopeCancel, "scope_cancel", {kScope, kNone}, kNone},
    {Verb::kScopeWait, "scope_wait", {kScope, kNone}, kNone},
    {Verb::kScopeTimeout, "scope_timeout", {kScope, kNone}, kNone},
    {Verb::kInvoke, "invoke", {kCachedOp, kNone}, kNone},
    {Verb::kFootprint, "footprint", {kCachedOp, kNone}, kNone},
    {Verb::kArity, "arity", {kModel, kNone}, kNone},
    {Verb::kNext, "next", {kIterator, kNone}, kNone},
    {Verb::kReset, "reset", {kIterator, kNone}, kNone},
    {Verb::kClose, "close", {kIterator, kNone}, kNone},
    {Verb::kSkipped, "skipped", {kIterator, kNone}, kNone},
    {Verb::kFreeEngine, "free_engine", {kEngine, kNone}, kNone, true},
    {Verb::kFreeBulk, "free_bulk", {kBulk, kNone}, kNone, true},
    {Verb::kFreeRecording, "free_recording", {kRecording, kNone}, kNone, true},
    {Verb::kFreeProgram, "free_program", {kProgram, kNone}, kNone, true},
    {Verb::kFreeTrace, "free_trace", {kTrace, kNone}, kNone, true},
    {Verb::kFreeModel, "free_model", {kModel, kNone}, kNone, true},
    {Verb::kFreeCachedOp, "free_cached_op", {kCachedOp, kNone}, kNone, true},
    {Verb::kFreeIterator, "free_iterator", {kIterator, kNone}, kNone, true},
    {Verb::kFreeScope, "free_scope", {kScope, kNone}, kNone, true},
});
static_assert(kVerbs.size() == static_cast<size_t>(Verb::kFreeScope) + 1);

constexpr std::array<std::string_view, 5> kSizes = {"whole", "short", "tail", "more", "none"};
constexpr std::array<std::string_view, 7> kEnds = {"ok",   "fail",   "done", "completion_fails",
                                                   "drop", "awaits", "woken"};
constexpr std::array<std::string_view, 7> kAfters = {"soon", "now",      "far",  "most",
                                                     "zero", "negative", "least"};

constexpr std::array<std::string_view, kIntos> kInto = {"nothing",  "half",  "right", "large",
                                                        "dims",     "small", "empty", "dtype",
                                                        "no_dtype", "owned", "few",   "many"};

template <size_t N>
int Find(const std::array<std::string_view, N>& names, const std::string& name) {
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end() ? -1 : static_cast<int>(at - names.begin());
}

// "h7" is 7; -1 for what is no handle.
int HandleNumber(const std::string& word) {
  if (word.size() < 2 || word.size() > 3 || word[0] != 'h' ||
      word.find_first_not_of("0123456789", 1) != std::string::npos)
    return -1;
  const int number = std::atoi(word.c_str() + 1);
  return number < kMostHandles ? number : -1;
}

// "noise 7"; false for another line, and for a seed that is none.
bool ParseNoise(const std::string& text, uint64_t* noise) {
  std::istringstream in(text);
  std::string word;
  return in >> word && word == "noise" && in >> *noise && *noise != 0 && !(in >> word);
}

// As it is written by std::to_string.
bool ParseCode(const std::string& word, tenter_code* code) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), *code);
  return error == std::errc() && std::to_string(*code) == word;
}

// The words behind verb and handles.
bool ParseRest(std::istringstream& in, Line* line) {
  for (std::string word, value; in >> word;) {
    if (word == "other") {
      line->other = true;
    } else if (word == "noerror") {
      line->noerror = true;
    } else if (word == "size" && HasSize(line->verb) && in >> value && Find(kSizes, value) > 0) {
      line->size = static_cast<Size>(Find(kSizes, value));
    } else if (word == "ends" && HasEnd(line->verb) && in >> value && Find(kEnds, value) > 0) {
      line->ends = static_cast<Ends>(Find(kEnds, value));
      if (Awaits(line->ends) && line->verb != Verb::kPushScoped) return false;
    } else if (word == "after" && line->verb == Verb::kScopeTimeout && in >> value &&
               Find(kAfters, value) > 0) {
      line->after = static_cast<Timeout>(Find(kAfters, value));
    } else if (word == "code" && HasCode(line->ends) && in >> value) {
      if (!ParseCode(value, &line->code)) return false;
    } else if (word == "into" && line->verb == Verb::kInvoke && in >> value &&
               Find(kInto, value) > 0) {
      line->into = static_cast<Into>(Find(kInto, value));
    } else if (word == "ops" && line->verb == Verb::kMakeProgram && in >> value &&
               value.size() == 1 && value[0] > '1' && value[0] <= '0' + kMostOps) {
      line->ops = value[0] - '0';
    } else if (word == "room" && HasRoom(line->verb) && in >> value && value.size() == 1 &&
               value[0] >= '0' && value[0] < '0' + kMostRoom) {
      line->room = value[0] - '0';
    } else if (word == "meet" && in >> value && value.size() == 1 && value[0] > '0' &&
               value[0] <= '0' + kMostMeet) {
      line->meet = value[0] - '0';
    } else {
      return false;
    }
  }
  return true;
}

bool ParseLine(const std::string& text, Line* line) {
  std::istringstream in(text);
  std::string who, verb, word;
  if (!(in >> who >> verb) || who.size() != 3 || who[0] != 't' || who[2] != ':' || who[1] < '0' ||
      who[1] >= '0' + kMostThreads)
    return false;
  line->thread = who[1] - '0';
  const auto type = std::find_if(kVerbs.begin(), kVerbs.end(),
                                 [&](const VerbType& candidate) { return candidate.name == verb; });
  if (type == kVerbs.end()) return false;
  line->verb = type->verb;
  for (int i = 0; i < 2 && type->needs[i] != kNone; ++i) {
    if (!(in >> word) || HandleNumber(word) < 0) return false;
    line->handles[i] = HandleNumber(word);
  }
  if (type->makes != kNone) {
    if (!(in >> word) || word != "->" || !(in >> word) || HandleNumber(word) < 1) return false;
    line->made = HandleNumber(word);
  }
  return ParseRest(in, line);
}

}  // namespace

std::span<const VerbType> VerbTypes() { return kVerbs; }
const VerbType& TypeOf(Verb verb) { return kVerbs[static_cast<size_t>(verb)]; }

bool HasSize(Verb verb) {
  return verb == Verb::kEngine || verb == Verb::kCachedOp || verb == Verb::kIterator ||
         verb == Verb::kPush;
}

bool HasEnd(Verb verb) {
  return verb == Verb::kPush || verb == Verb::kPushScoped || verb == Verb::kBulkPush ||
         verb == Verb::kRecord || verb == Verb::kMakeProgram;
}

int64_t Nanoseconds(Timeout after) {
  constexpr int64_t kTimes[] = {200 * kNsPerUs,
                                1,
                                3600 * kNsPerSecond,
                                std::numeric_limits<int64_t>::max(),
                                0,
                                -1,
                                std::numeric_limits<int64_t>::min()};
  static_assert(std::size(kTimes) == kAfters.size());
  return kTimes[static_cast<size_t>(after)];
}

bool HasRoom(Verb verb) { return verb == Verb::kWait || verb == Verb::kScopeWait; }

std::string ToText(const Line& line) {
  const VerbType& type = TypeOf(line.verb);
  std::string text = "t" + std::to_string(line.thread) + ": " + std::string(type.name);
  for (int i = 0; i < 2 && type.needs[i] != kNone; ++i)
    text += " h" + std::to_string(line.handles[i]);
  if (type.makes != kNone) text += " -> h" + std::to_string(line.made);
  if (line.other) text += " other";
  if (line.noerror) text += " noerror";
  if (line.size != Size::kWhole)
    text += " size " + std::string(kSizes[static_cast<size_t>(line.size)]);
  if (line.ends != Ends::kOk) text += " ends " + std::string(kEnds[static_cast<size_t>(line.ends)]);
  if (line.after != Timeout::kSoon)
    text += " after " + std::string(kAfters[static_cast<size_t>(line.after)]);
  if (line.code != kUsualCode) text += " code " + std::to_string(line.code);
  if (line.into != Into::kNothing)
    text += " into " + std::string(kInto[static_cast<size_t>(line.into)]);
  if (line.ops != 1) text += " ops " + std::to_string(line.ops);
  if (line.room != kMostRoom) text += " room " + std::to_string(line.room);
  if (line.meet != 0) text += " meet " + std::to_string(line.meet);
  return text;
}

std::string ToText(const Program& program) {
  std::string text = program.noise == 0 ? "" : "noise " + std::to_string(program.noise) + "\n";
  for (const Line& line : program.lines) text += ToText(line) + "\n";
  if (program.end_waits) text += std::string(kEndWaits) + "\n";
  return text;
}

Result<Program> ParseProgram(const std::string& text) {
  Program program;
  std::istringstream in(text);
  std::set<int> made;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (number == 1 && ParseNoise(line, &program.noise)) continue;
    if (program.end_waits)
      return Status(StatusCode::kInvalidArgument, "line " + std::to_string(number) +
                                                      " comes behind '" + std::string(kEndWaits) +
                                                      "': '" + line + "'");
    if (line == kEndWaits) {
      program.end_waits = true;
      continue;
    }
    Line& parsed = program.lines.emplace_back();
    if (!ParseLine(line, &parsed))
      return Status(StatusCode::kInvalidArgument,
                    "line " + std::to_string(number) + " is none of a program: '" + line + "'");
    if (parsed.made != 0 && !made.insert(parsed.made).second)
      return Status(StatusCode::kInvalidArgument,
                    "line " + std::to_string(number) + " makes a handle that was made: " + line);
  }
  if (program.lines.empty()) return Status(StatusCode::kInvalidArgument, "the program is empty");
  return program;
}

int Threads(const Program& program) {
  int threads = 1;
  for (const Line& line : program.lines) threads = std::max(threads, line.thread + 1);
  return threads;
}

}  // namespace tenter::fuzz::api
