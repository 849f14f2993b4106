// Program: calls of the C API, by one or more threads, with handles that may be wrong in every way.
//
//   t0: engine -> h1 size short     the options say that they are only eight bytes long
//   t0: engine -> h3 size more behind 9 at 8 byte 255   one more byte than eight, which is not zero
//   t0: scope h1 -> h2
//   t1: push h1 ends drop           an op whose completion is dropped
//   t1: free_engine h1 noerror      without a place for the error
//   t0: scope_wait h1 other         a wrong kind of handle, in another context
//   t0: next h0                     h0 is NULL
//   t0: push h1 ends fail code -7   its body returns a number that is no code
//   t0: invoke h3 into small           the buffer for its last output is too small
//   t0: invoke h3 from null            the memory of its input is NULL
//   t0: program h1 -> h4 ops 2         a captured program of two ops
//   t0: wait h1 room 1              takes one failure at most
//   t0: push_frees_scope h1 h2      its body frees its scope, which is refused
//   t0: push h1 runs both timeout least    two bodies, and a deadline that is none
//   t0: bulk_push_scoped h1 h2 ends fail   in a scope; record_scoped is refused
//   t0: delete_var h1 ends fail code 7   a var of its own; the deleter returns that code
//   t0: fail_late ops 2             on an engine of its own: an op fails twice, two read
//   t0: scope_timeout h2 after far  a deadline that never comes
//   t0: push_scoped h1 h2 ends awaits  its body goes on until it is told of a cancel
//   t0: replay_scoped h4 h2         its ops are in the scope
//   t0: push_scoped h1 h2 ends woken   the same by a callback
//   t1: free_scope h2 meet 3        waits, a moment at most, for the call of another thread that
//                                   says so, too: both begin together
//
// "noise 7" as the first line: delays at the sites of the runtime, drawn by that seed. "end waits"
// as the last one: when all threads have ended, each engine and scope that was made is waited for,
// so that what is left of them is told. Without it they may go while their ops run.
//
// Path: seed -> DrawProgram (or ParseProgram) -> RunProgram -> Judge; ToText -> the report.
//
// Thread safety: plain data, pure functions.
// Invariants: (1) ParseProgram(ToText(p)) == p. (2) a handle that is used is made by one line.
// Errors: ParseProgram answers kInvalidArgument with the line, and the word at which it is none.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/capi/tenter/error.h"

namespace tenter::fuzz::api {

enum class Kind {
  kNone,
  kEngine,
  kBulk,
  kRecording,
  kProgram,
  kTrace,
  kModel,
  kCachedOp,
  kIterator,
  kScope
};

enum class Verb {
  kEngine,
  kNaiveEngine,
  kTrace,
  kRecording,
  kModel,
  kIterator,
  kBulk,
  kScope,
  kCachedOp,
  kMakeProgram,
  kCapture,
  kPush,
  kPushScoped,
  kPushWaits,
  kPushFrees,
  kPushFreesScope,
  kBulkPush,
  kBulkPushScoped,
  kBulkFlush,
  kRecord,
  kRecordScoped,
  kReplay,
  kReplayScoped,
  kDeleteVar,  // of a var that it makes
  kWait,
  kStop,
  kStopCancel,
  kCounts,
  kSnapshot,
  kDump,
  kTraceJson,
  kScopeCancel,
  kScopeWait,
  kScopeTimeout,
  kInvoke,
  kFootprint,
  kArity,
  kNext,
  kReset,
  kClose,
  kSkipped,
  kFailLate,
  kFreeEngine,
  kFreeBulk,
  kFreeRecording,
  kFreeProgram,
  kFreeTrace,
  kFreeModel,
  kFreeCachedOp,
  kFreeIterator,
  kFreeScope
};

// What a call needs and makes.
struct VerbType {
  Verb verb;
  std::string_view name;
  Kind needs[2];  // kNone: fewer handles
  Kind makes;
  bool frees = false;  // its handle; an op of kPushFrees frees its engine, one of
                       // kPushFreesScope its scope
};
std::span<const VerbType> VerbTypes();  // in the order of Verb
const VerbType& TypeOf(Verb verb);

// How long the options or the op say that they are. kShort: only their first eight bytes count.
// kTail: some bytes more than the runtime knows, all zero; kMore: one of them is not. kNone: no
// size.
enum class Size { kWhole, kShort, kTail, kMore, kNone };
// kAwaits, kWoken: of ops in scopes; the body succeeds when it was told of a cancel, because it
// asks or by what wakes it, or has waited in vain.
enum class Ends { kOk, kFail, kDone, kCompletionFails, kDrop, kAwaits, kWoken };
inline bool Awaits(Ends ends) { return ends == Ends::kAwaits || ends == Ends::kWoken; }
// Which bodies an op has.
enum class Runs { kOne, kBoth, kNeither };
// The deadline of an op: one that never comes, or a time that is none.
enum class OpTimeout { kNone, kFar, kMost, kNegative, kLeast };
int64_t Nanoseconds(OpTimeout timeout);
inline bool IsTime(OpTimeout timeout) { return timeout < OpTimeout::kNegative; }
// When the deadline of a scope comes: in the next moment, in an hour, in as many nanoseconds as a
// number holds; and times that are none.
enum class Timeout { kSoon, kNow, kFar, kMost, kZero, kNegative, kLeast };
int64_t Nanoseconds(Timeout after);
inline bool Comes(Timeout after) { return after == Timeout::kSoon || after == Timeout::kNow; }

// Where outputs go. kNothing: the runtime makes both; kHalf: the first only. The others have a
// buffer for each, and the last one is as it says: kRight, kLarge and kDims (dimensions that say
// nothing) are filled, the rest are refused. kFew, kMany: another number of outputs.
enum class Into {
  kNothing,
  kHalf,
  kRight,
  kLarge,
  kDims,
  kSmall,
  kEmpty,
  kDtype,
  kNoDtype,
  kOwned,
  kFew,
  kMany
};
inline constexpr int kIntos = static_cast<int>(Into::kMany) + 1;
inline bool Takes(Into into) { return into <= Into::kDims; }

// What an invocation comes from. kRight and kLong, which has more memory than it needs, are taken,
// the rest are refused: too few bytes, none, no memory, other dimensions than those of the model,
// some that are negative or that no memory holds, ranks and types that are wrong or do not exist,
// and another number of inputs.
enum class Input {
  kRight,
  kLong,
  kShort,
  kEmpty,
  kNull,
  kDims,
  kNegative,
  kHuge,
  kRank,
  kNoRank,
  kDtype,
  kNoDtype,
  kFew,
  kMany
};
inline constexpr int kInputs = static_cast<int>(Input::kMany) + 1;
inline bool Takes(Input from) { return from <= Input::kLong; }

inline constexpr int kUsualBehind = 8, kMostBehind = 64;

inline constexpr tenter_code kUsualCode = TENTER_DATA_LOSS;

// For how many failures a wait has room: a number below kMostRoom, or that.
inline constexpr int kMostRoom = 8;

struct Line {
  int thread = 0;
  Verb verb = Verb::kEngine;
  int handles[2] = {0, 0};
  int made = 0;  // 0 when the verb makes none
  bool other = false;
  bool noerror = false;
  Size size = Size::kWhole;
  // What stands behind what the runtime knows: how many bytes, which one is not zero, and what it
  // is.
  int behind = kUsualBehind, at = 0, byte = 1;
  Ends ends = Ends::kOk;
  Runs runs = Runs::kOne;
  OpTimeout timeout = OpTimeout::kNone;
  tenter_code code = kUsualCode;  // with which it fails
  Into into = Into::kNothing;
  Input from = Input::kRight;
  int ops = 1;  // of a kMakeProgram, or that read in a kFailLate
  int room = kMostRoom;
  Timeout after = Timeout::kSoon;
  int meet = 0;  // 0: it waits for nobody

  bool operator==(const Line&) const = default;
};

inline constexpr int kMostOps = 3;
inline constexpr int kMostHandles = 16, kMostThreads = 3, kMostMeet = 9;

struct Program {
  uint64_t noise = 0;  // 0: none
  std::vector<Line> lines;
  bool end_waits = false;
  bool operator==(const Program&) const = default;
};

std::string ToText(const Program& program);
std::string ToText(const Line& line);
inline constexpr std::string_view kEndWaits = "end waits";
Result<Program> ParseProgram(const std::string& text);
// The same of a text from which lines were taken: handles that no line makes become h0.
Result<Program> MendProgram(const std::string& text);
Result<Line> ParseLine(const std::string& text);  // by itself, whoever makes its handles

int Threads(const Program& program);
// Which verbs have options or an op with a size, and which have an op, or a deleter, that ends in
// some way.
bool HasSize(Verb verb);
inline bool IsLonger(Size size) { return size == Size::kTail || size == Size::kMore; }
bool HasEnd(Verb verb);
inline bool HasOneOp(Verb verb) {
  return HasEnd(verb) && verb != Verb::kMakeProgram && verb != Verb::kDeleteVar;
}
bool HasRoom(Verb verb);
inline bool Stops(Verb verb) { return verb == Verb::kStop || verb == Verb::kStopCancel; }
inline bool PushesToBulk(Verb verb) {
  return verb == Verb::kBulkPush || verb == Verb::kBulkPushScoped;
}
// Whose op calls the C API.
inline bool HasInside(Verb verb) {
  return verb == Verb::kPushWaits || verb == Verb::kPushFrees || verb == Verb::kPushFreesScope;
}
// Whose op is in the scope that is its second handle, unless that is NULL.
inline bool PushesInScope(Verb verb) {
  return verb == Verb::kPushScoped || verb == Verb::kPushFreesScope ||
         verb == Verb::kBulkPushScoped;
}
// One in a scope is refused.
inline bool Records(Verb verb) { return verb == Verb::kRecord || verb == Verb::kRecordScoped; }
inline bool Replays(Verb verb) { return verb == Verb::kReplay || verb == Verb::kReplayScoped; }
inline bool HasCode(Ends ends) { return ends == Ends::kFail || ends == Ends::kCompletionFails; }

}  // namespace tenter::fuzz::api
