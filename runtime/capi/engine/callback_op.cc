#include "runtime/capi/engine/callback_op.h"

#include <cstddef>
#include <new>
#include <span>
#include <string>
#include <utility>

#include "runtime/capi/context/context.h"
#include "runtime/capi/context/sized.h"

struct tenter_completion {
  tenter::Completion handle;
};

namespace tenter {
namespace {

// Engines keep the zero behind a name that had one, and every name of a C caller has.
tenter_op_context ContextOf(const OpContext& context) {
  return {sizeof(tenter_op_context), context.name.data(), context.push_number, context.worker,
          &context.cancel};
}

// Owns the argument of one op: its `release` is called when this is destroyed, exactly once.
class CallbackArg {
 public:
  explicit CallbackArg(const tenter_op& op) : release_(op.release), arg_(op.arg) {}
  CallbackArg(CallbackArg&& other) noexcept
      : release_(std::exchange(other.release_, nullptr)), arg_(other.arg_) {}
  CallbackArg& operator=(CallbackArg&&) = delete;
  ~CallbackArg() {
    if (release_ != nullptr) release_(arg_);
  }
  void* get() const { return arg_; }

 private:
  void (*release_)(void*);  // before the other, and so read by itself; see VarList
  void* const arg_;
};

void RunSync(tenter_code (*run)(void*, const tenter_op_context*, tenter_error*), void* arg,
             const OpContext& context) {
  const tenter_op_context c = ContextOf(context);
  tenter_error error;  // not cleared as a whole: that would cost more than the call
  error.code = TENTER_OK;
  error.type[0] = error.message[0] = '\0';
  const tenter_code code = run(arg, &c, &error);
  if (code == TENTER_OK) return;
  error.message[sizeof(error.message) - 1] = '\0';
  throw StatusError(CodeStatus(code, error.message));
}

struct SyncCallback {
  explicit SyncCallback(const tenter_op& op) : run(op.run), arg(op) {}

  void operator()(const OpContext& context) const { RunSync(run, arg.get(), context); }

  tenter_code (*run)(void*, const tenter_op_context*, tenter_error*);
  CallbackArg arg;
};

struct AsyncCallback {
  explicit AsyncCallback(const tenter_op& op) : run(op.run_async), arg(op) {}

  void operator()(const OpContext& context, Completion completion) const {
    const tenter_op_context c = ContextOf(context);
    run(arg.get(), &c, new tenter_completion{std::move(completion)});
  }

  void (*run)(void*, const tenter_op_context*, tenter_completion*);
  CallbackArg arg;
};
// So that a push allocates nothing here.
static_assert(sizeof(SyncCallback) <= OpBody::kInlineBytes);

// The same two numbers on both sides, so that a push copies nothing here.
static_assert(sizeof(tenter_var) == sizeof(Var) && offsetof(tenter_var, index) == 0 &&
              offsetof(Var, index) == 0);
VarList VarsOf(const tenter_var* vars, size_t count) {
  return std::span<const Var>(reinterpret_cast<const Var*>(vars), count);
}

// What `op` asks for that no engine does.
Status Check(const tenter_op& op) {
  if ((op.run == nullptr) == (op.run_async == nullptr))
    return {StatusCode::kInvalidArgument, "an op needs exactly one of run and run_async"};
  if (op.timeout_ns < 0)
    return {StatusCode::kInvalidArgument,
            "timeout_ns must not be negative, found " + std::to_string(op.timeout_ns)};
  return {};
}

OpBody BodyOf(const tenter_op& op) {
  if (op.run_async != nullptr) return AsyncCallback(op);
  if (op.release != nullptr) return SyncCallback(op);
  // Nothing to release: a body that nobody needs to destroy.
  return [run = op.run, arg = op.arg](const OpContext& context) { RunSync(run, arg, context); };
}

}  // namespace

Op MakeWhole(const tenter_op& op) {
  return {.name = op.name == nullptr ? "" : op.name,
          .reads = VarsOf(op.reads, op.read_count),
          .writes = VarsOf(op.writes, op.write_count),
          .priority = op.priority,
          .timeout_ns = op.timeout_ns,
          .body = BodyOf(op)};
}

Op MakeOp(const tenter_op& op, Status* status) {
  if (IsPlain(op)) [[likely]]
    return MakeWhole(op);
  tenter_op whole = {};
  *status = ReadOptions(op, "tenter_op", &whole);
  if (status->ok()) *status = Check(whole);
  return MakeWhole(whole);
}

tenter_scope ScopeOfShort(const tenter_op& op) {
  tenter_op whole = {};
  return ReadOptions(op, "tenter_op", &whole).ok() ? whole.scope : nullptr;
}

// What a completion makes its op fail with. Without memory for the message it has none: the op ends
// in any case.
Status CompletionFailure(tenter_code code, const char* message) noexcept {
  try {
    Status status = CodeStatus(code, message);
    if (!status.ok()) return status;
    return {StatusCode::kInternal, std::string("failed with the code for success: ") + message};
  } catch (const std::bad_alloc&) {
    const bool is_code = code > TENTER_OK && code <= TENTER_DEADLINE_EXCEEDED;
    return {is_code ? static_cast<StatusCode>(code) : StatusCode::kInternal, ""};
  }
}

}  // namespace tenter

extern "C" {

void tenter_completion_done(tenter_completion* completion) {
  completion->handle.Done();
  delete completion;
}

void tenter_completion_fail(tenter_completion* completion, tenter_code code, const char* message) {
  completion->handle.Fail(tenter::CompletionFailure(code, message == nullptr ? "" : message));
  delete completion;
}

void tenter_completion_drop(tenter_completion* completion) { delete completion; }

}  // extern "C"
