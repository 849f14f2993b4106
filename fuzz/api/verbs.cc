// The calls of a program, and what can be said of each.
#include <array>
#include <limits>

#include "fuzz/api/program.h"
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
    {Verb::kPushFreesScope, "push_frees_scope", {kEngine, kScope}, kNone},
    {Verb::kBulkPush, "bulk_push", {kBulk, kNone}, kNone},
    {Verb::kBulkPushScoped, "bulk_push_scoped", {kBulk, kScope}, kNone},
    {Verb::kBulkFlush, "bulk_flush", {kBulk, kNone}, kNone},
    {Verb::kRecord, "record", {kRecording, kNone}, kNone},
    {Verb::kRecordScoped, "record_scoped", {kRecording, kScope}, kNone},
    {Verb::kReplay, "replay", {kProgram, kNone}, kNone},
    {Verb::kReplayScoped, "replay_scoped", {kProgram, kScope}, kNone},
    {Verb::kDeleteVar, "delete_var", {kEngine, kNone}, kNone},
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
    {Verb::kFailLate, "fail_late", {kNone, kNone}, kNone},
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

}  // namespace

std::span<const VerbType> VerbTypes() { return kVerbs; }
const VerbType& TypeOf(Verb verb) { return kVerbs[static_cast<size_t>(verb)]; }

bool HasSize(Verb verb) {
  return verb == Verb::kEngine || verb == Verb::kCachedOp || verb == Verb::kIterator ||
         verb == Verb::kPush;
}

bool HasEnd(Verb verb) {
  return verb == Verb::kPush || verb == Verb::kPushScoped || PushesToBulk(verb) || Records(verb) ||
         verb == Verb::kMakeProgram || verb == Verb::kDeleteVar;
}

bool HasRoom(Verb verb) { return verb == Verb::kWait || verb == Verb::kScopeWait; }

int64_t Nanoseconds(Timeout after) {
  constexpr int64_t kTimes[] = {200 * kNsPerUs,
                                1,
                                3600 * kNsPerSecond,
                                std::numeric_limits<int64_t>::max(),
                                0,
                                -1,
                                std::numeric_limits<int64_t>::min()};
  return kTimes[static_cast<size_t>(after)];
}

int64_t Nanoseconds(OpTimeout timeout) {
  constexpr Timeout kTimes[] = {Timeout::kZero, Timeout::kFar, Timeout::kMost, Timeout::kNegative,
                                Timeout::kLeast};
  return Nanoseconds(kTimes[static_cast<size_t>(timeout)]);
}

}  // namespace tenter::fuzz::api
