#include "fuzz/api/run/world.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "fuzz/api/run/bodies.h"
#include "fuzz/api/run/sized.h"
#include "runtime/base/check.h"
#include "runtime/base/clock.h"
#include "runtime/capi/tenter/testing.h"

namespace tenter::fuzz::api {
namespace {

// y[n,4] = Relu(x[n,4]), z[n,4] = Neg(x), as an ONNX file.
constexpr char kModel[] =
    "\x08\x08\x3a\x66\x0a\x0f\x0a\x01\x78\x12\x01\x79\x1a\x01\x72\x22\x04\x52\x65\x6c\x75"
    "\x0a\x0e\x0a\x01\x78\x12\x01\x7a\x1a\x01\x6e\x22\x03\x4e\x65\x67\x12\x01"
    "\x67\x5a\x14\x0a\x01\x78\x12\x0f\x0a\x0d\x08\x01\x12\x09\x0a\x03\x12\x01\x6e\x0a\x02\x08\x04"
    "\x62\x14\x0a\x01\x79\x12\x0f\x0a\x0d\x08\x01\x12\x09\x0a\x03\x12\x01\x6e\x0a\x02\x08\x04"
    "\x62\x14\x0a\x01\x7a\x12\x0f\x0a\x0d\x08\x01\x12\x09\x0a\x03\x12\x01\x6e\x0a\x02\x08\x04\x42"
    "\x04\x0a\x00\x10\x0d";

void Delay(void* delays, const tenter_hit*, tenter_fault*) {
  static_cast<SiteDelays*>(delays)->Delay();
}

// How long a body waits for a cancel that may come, and for one that must; in between it sleeps.
constexpr int64_t kPatienceNs = 5 * kNsPerMs, kMostPatienceNs = kNsPerSecond,
                  kPollNs = 50 * kNsPerUs;
constexpr int kLeastLooks = 500;

}  // namespace

World::World(std::string rows, SiteDelays* delays) : rows_(std::move(rows)) {
  const tenter_testing_options options = {
      .struct_size = sizeof(options), .probe = Delay, .probe_self = delays};
  for (tenter_context*& context : contexts_)
    TENTER_CHECK(tenter_testing_context_create(&options, &context, nullptr) == TENTER_OK,
                 "no context");
}

void World::Call(Answer* answer, Answer* inside) {
  const Line& line = *answer->line;
  for (int i = 0; i < 2; ++i)
    answer->given[i] = handles_[static_cast<size_t>(line.handles[i])].Load(kAcquire);
  tenter_error error = {};
  error.code = -1;
  // Bodies are told before it returns, which is when they have ended.
  Atomic<int>* const stops = line.verb == Verb::kStopCancel && !line.other
                                 ? &stops_[static_cast<size_t>(line.handles[0])]
                                 : nullptr;
  answer->begin = stamps_.FetchAdd(1, kRelaxed);
  if (stops != nullptr) stops->FetchAdd(1, kRelaxed);
  answer->code = Do(line, answer, inside, line.noerror ? nullptr : &error);
  answer->end = stamps_.FetchAdd(1, kRelaxed);
  if (stops != nullptr && answer->code != TENTER_OK) stops->FetchAdd(-1, kRelaxed);
  const bool told = line.noerror || answer->code == TENTER_OK ||
                    (error.code == answer->code && error.message[0] != '\0');
  if (!told) answer->wrong = "an error without its code or its message";
  if (line.made != 0 && answer->code == TENTER_OK)
    handles_[static_cast<size_t>(line.made)].Store(answer->made, kRelease);
  const bool cancels =
      line.verb == Verb::kScopeCancel || (line.verb == Verb::kScopeTimeout && Comes(line.after));
  if (cancels && answer->code == TENTER_OK)
    due_[static_cast<size_t>(line.handles[0])].Store(true, kRelaxed);
}

void World::CallInside(const Op& op) {
  Answer& answer = *op.inside;
  tenter_error error = {};
  tenter_context* const context = ContextOf(op.line);
  answer.begin = stamps_.FetchAdd(1, kRelaxed);
  if (op.line.verb == Verb::kPushFrees) {
    answer.code = tenter_engine_free(context, As<tenter_engine>(op.engine), &error);
  } else if (op.line.verb == Verb::kPushFreesScope) {
    answer.code = tenter_scope_free(context, As<tenter_scope>(answer.given[1]), &error);
  } else {
    size_t count = 0;
    answer.code =
        tenter_wait_for_all(context, As<tenter_engine>(op.engine), nullptr, 0, &count, &error);
  }
  answer.end = stamps_.FetchAdd(1, kRelaxed);
  if (answer.code != TENTER_OK && (error.code != answer.code || error.message[0] == '\0'))
    answer.wrong = "an error without its code or its message";
  const bool waits = op.line.verb == Verb::kPushWaits;
  if (waits && answer.code == TENTER_WAIT_INSIDE_OP &&
      std::strstr(error.message, kOpName) == nullptr)
    answer.wrong = "an error that does not name the op";
}

// `told` answers the code of a cancel, or TENTER_OK.
template <typename Told>
void World::AwaitTold(Op* op, Told told) {
  const Atomic<bool>& due = due_[static_cast<size_t>(op->line.handles[1])];
  const Atomic<int>& stops = stops_[static_cast<size_t>(op->line.handles[0])];
  const bool in_scope = op->call->given[1] != 0;
  int64_t due_since = 0;
  int looks = 0;  // since a cancel is due: a process that stood still for a while looks again
  for (const int64_t begin = NowNs();; SleepNs(kPollNs)) {
    const int64_t now = NowNs();  // before it asks, so that a late thread asks again
    const bool is_due = (in_scope && due.Load(kRelaxed)) || stops.Load(kRelaxed) > 0;
    if (is_due && looks++ == 0) due_since = now;
    const tenter_code code = told();
    if (code != TENTER_OK) {
      op->heard.Store(code, kRelaxed);
      return op->heard_at.Store(stamps_.FetchAdd(1, kRelaxed), kRelaxed);
    }
    if (!is_due && now - begin > kPatienceNs) return;
    if (is_due && now - due_since > kMostPatienceNs && looks > kLeastLooks) break;
    if (closing_.Load(kRelaxed)) break;
  }
  op->unheard.Store(!closing_.Exchange(true, kRelaxed), kRelaxed);  // one is enough
}

void World::AwaitCancel(Op* op, const tenter_op_context* context) {
  AwaitTold(op, [context] { return tenter_cancel_requested(context); });
}

void World::AwaitWake(Op* op, const tenter_op_context* context) {
  constexpr auto kWake = [](void* arg) {
    Op& woken = *static_cast<Op*>(arg);
    woken.wakes.FetchAdd(1, kRelaxed);
    if (woken.callback_gone.Load(kRelaxed)) woken.wakes_late.FetchAdd(1, kRelaxed);
  };
  tenter_cancel_callback* callback = nullptr;
  if (tenter_cancel_register(context, kWake, op, &callback, nullptr) != TENTER_OK)
    return op->not_registered.Store(true, kRelaxed);
  AwaitTold(op, [op, context] {
    return op->wakes.Load(kRelaxed) == 0 ? TENTER_OK : tenter_cancel_requested(context);
  });
  tenter_cancel_unregister(callback);
  op->callback_gone.Store(true, kRelaxed);
}

// A context that goes takes back the deadlines of its scopes.
void World::AwaitBodies() {
  const auto all_ended = [this] {
    MutexLock lock(mutex_);
    for (const Op& op : ops_)
      if (Awaits(op.line.ends) && op.accepted && op.released.Load(kRelaxed) == 0) return false;
    return true;
  };
  for (const int64_t until = NowNs() + 4 * kMostPatienceNs; !all_ended() && NowNs() < until;)
    SleepNs(kPollNs);
  closing_.Store(true, kRelaxed);
}

uint64_t World::Close() {
  AwaitBodies();
  const uint64_t began = stamps_.FetchAdd(1, kRelaxed);
  for (tenter_context* context : contexts_) tenter_context_free(context);
  return began;
}

std::vector<std::string> World::WrongOps() const {
  std::vector<std::string> wrong;
  MutexLock lock(mutex_);
  for (const Op& op : ops_)
    if (std::string text =
            op.Wrong(stops_[static_cast<size_t>(op.line.handles[0])].Load(kRelaxed) > 0);
        !text.empty())
      wrong.push_back(std::move(text));
  return wrong;
}

std::vector<Ran> World::AllRan() const {
  std::vector<Ran> ran;
  MutexLock lock(mutex_);
  for (const Op& op : ops_)
    ran.push_back({op.call, op.ran.Load(kAcquire), op.nth, op.Numbers(), op.heard.Load(kRelaxed),
                   op.heard_at.Load(kRelaxed), op.unheard.Load(kRelaxed), op.WrongWake()});
  return ran;
}

Op* World::NewOp(const Answer* call, Answer* inside, int nth) {
  MutexLock lock(mutex_);
  return &ops_.emplace_back(this, call, inside, nth);
}

tenter_code World::Do(const Line& line, Answer* answer, Answer* inside, tenter_error* error) {
  const VerbType& type = TypeOf(line.verb);
  if (type.makes != Kind::kNone) return Make(line, answer, error);
  if (type.frees) return Free(line, answer->given[0], ContextOf(line), error);
  if (HasOneOp(line.verb) || HasInside(line.verb)) return Push(line, answer, inside, error);
  return Use(line, answer, error);
}

tenter_code World::Make(const Line& line, Answer* answer, tenter_error* error) {
  tenter_context* const context = ContextOf(line);
  const auto engine = As<tenter_engine>(answer->given[0]);
  // The handle types differ, and each has the size of a number.
  void* const out = &answer->made;
  switch (line.verb) {
    case Verb::kEngine:
    case Verb::kNaiveEngine: {
      Sized<tenter_engine_options> sized(line);
      sized.options.workers = line.verb == Verb::kNaiveEngine ? TENTER_NAIVE_ENGINE : 2;
      return tenter_engine_create(context, &sized.options, static_cast<tenter_engine*>(out), error);
    }
    case Verb::kTrace:
      return tenter_trace_create(context, static_cast<tenter_trace*>(out), error);
    case Verb::kRecording:
      return tenter_recording_create(context, static_cast<tenter_recording*>(out), error);
    case Verb::kModel:
      return tenter_model_load_bytes(context, kModel, sizeof(kModel) - 1, "relu",
                                     static_cast<tenter_model*>(out), error);
    case Verb::kIterator: {
      Sized<tenter_csv_options> sized(line);
      return tenter_csv_iterator_create(context, rows_.c_str(), &sized.options,
                                        static_cast<tenter_iterator*>(out), error);
    }
    case Verb::kBulk:
      return tenter_bulk_create(context, engine, 4, static_cast<tenter_bulk*>(out), error);
    case Verb::kScope:
      return tenter_scope_create(context, engine, static_cast<tenter_scope*>(out), error);
    case Verb::kCachedOp: {
      Sized<tenter_cached_op_options> sized(line);
      return tenter_cached_op_create(context, engine, As<tenter_model>(answer->given[1]),
                                     &sized.options, static_cast<tenter_cached_op*>(out), error);
    }
    case Verb::kMakeProgram:
      return MakeProgram(line, answer, error);
    default:
      return tenter_capture(context, engine, As<tenter_recording>(answer->given[1]),
                            static_cast<tenter_program*>(out), error);
  }
}

tenter_code World::MakeProgram(const Line& line, Answer* answer, tenter_error* error) {
  tenter_context* const context = ContextOf(line);
  tenter_recording recording = nullptr;
  tenter_code code = tenter_recording_create(context, &recording, error);
  for (int i = 0; code == TENTER_OK && i < line.ops; ++i) {
    Op* const op = NewOp(answer, nullptr, i);
    const tenter_op recorded = COp(op);
    code = tenter_recording_push(context, recording, &recorded, error);
    op->accepted = code == TENTER_OK;
  }
  if (code == TENTER_OK)
    code = tenter_capture(context, As<tenter_engine>(answer->given[0]), recording,
                          reinterpret_cast<tenter_program*>(&answer->made), error);
  tenter_recording_free(context, recording, nullptr);
  return code;
}

tenter_code World::Push(const Line& line, Answer* answer, Answer* inside, tenter_error* error) {
  if (inside != nullptr) std::copy(answer->given, answer->given + 2, inside->given);
  Op* const made = NewOp(answer, inside);
  Sized<tenter_op> op(line);
  op.Set(COp(made));
  const tenter_code code = HandOver(line, *answer, &op.options, &answer->number, error);
  made->accepted = code == TENTER_OK;
  return code;
}

tenter_code World::HandOver(const Line& line, const Answer& answer, tenter_op* op, uint64_t* number,
                            tenter_error* error) {
  tenter_context* const context = ContextOf(line);
  if (PushesInScope(line.verb) || line.verb == Verb::kRecordScoped)
    op->scope = As<tenter_scope>(answer.given[1]);
  switch (line.verb) {
    case Verb::kBulkPush:
    case Verb::kBulkPushScoped:
      return tenter_bulk_push(context, As<tenter_bulk>(answer.given[0]), op, error);
    case Verb::kRecord:
    case Verb::kRecordScoped:
      return tenter_recording_push(context, As<tenter_recording>(answer.given[0]), op, error);
    default:
      return tenter_push(context, As<tenter_engine>(answer.given[0]), op, number, error);
  }
}

tenter_code World::Free(const Line& line, uintptr_t handle, tenter_context* context,
                        tenter_error* error) {
  switch (line.verb) {
    case Verb::kFreeEngine:
      return tenter_engine_free(context, As<tenter_engine>(handle), error);
    case Verb::kFreeBulk:
      return tenter_bulk_free(context, As<tenter_bulk>(handle), error);
    case Verb::kFreeRecording:
      return tenter_recording_free(context, As<tenter_recording>(handle), error);
    case Verb::kFreeProgram:
      return tenter_program_free(context, As<tenter_program>(handle), error);
    case Verb::kFreeTrace:
      return tenter_trace_free(context, As<tenter_trace>(handle), error);
    case Verb::kFreeModel:
      return tenter_model_free(context, As<tenter_model>(handle), error);
    case Verb::kFreeCachedOp:
      return tenter_cached_op_free(context, As<tenter_cached_op>(handle), error);
    case Verb::kFreeIterator:
      return tenter_iterator_free(context, As<tenter_iterator>(handle), error);
    default:
      return tenter_scope_free(context, As<tenter_scope>(handle), error);
  }
}

}  // namespace tenter::fuzz::api
