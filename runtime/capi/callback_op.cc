#include "runtime/capi/callback_op.h"

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "runtime/capi/context.h"
#include "runtime/capi/sized.h"

struct tenter_completion {
  tenter::Completion handle;
};

namespace tenter {
namespace {

// The callbacks of one op; `release` runs when the body is destroyed, exactly once.
class CallbackOp {
 public:
  explicit CallbackOp(const tenter_op& op)
      : run_(op.run), run_async_(op.run_async), arg_(op.arg), release_(op.release) {}
  ~CallbackOp() {
    if (release_ != nullptr) release_(arg_);
  }
  CallbackOp(CallbackOp&& other) noexcept
      : run_(other.run_),
        run_async_(other.run_async_),
        arg_(other.arg_),
        release_(std::exchange(other.release_, nullptr)) {}
  CallbackOp& operator=(CallbackOp&&) = delete;

  void Run(const OpContext& context) const {
    const std::string name(context.name);
    const tenter_op_context c{sizeof(c), name.c_str(), context.push_number, context.worker};
    tenter_error error = {};
    const tenter_code code = run_(arg_, &c, &error);
    if (code != TENTER_OK) throw StatusError(CodeStatus(code, error.message));
  }
  void RunAsync(const OpContext& context, Completion completion) const {
    const std::string name(context.name);
    const tenter_op_context c{sizeof(c), name.c_str(), context.push_number, context.worker};
    run_async_(arg_, &c, new tenter_completion{std::move(completion)});
  }

 private:
  tenter_code (*const run_)(void*, const tenter_op_context*, tenter_error*);
  void (*const run_async_)(void*, const tenter_op_context*, tenter_completion*);
  void* const arg_;
  void (*release_)(void*);
};
static_assert(sizeof(CallbackOp) <= OpBody::kInlineBytes);  // so that a push allocates nothing here

// The same two numbers on both sides, so that a push copies nothing here.
static_assert(sizeof(tenter_var) == sizeof(Var) && offsetof(tenter_var, index) == 0 &&
              offsetof(Var, index) == 0);
VarList VarsOf(const tenter_var* vars, size_t count) {
  return std::span<const Var>(reinterpret_cast<const Var*>(vars), count);
}

Result<Op> OpOfWhole(const tenter_op& op, const Status& read) {
  // First: from here on `arg` is released, whatever happens.
  CallbackOp callbacks(op);
  TENTER_RETURN_IF_ERROR(read);
  if ((op.run == nullptr) == (op.run_async == nullptr))
    return Status(StatusCode::kInvalidArgument, "an op needs exactly one of run and run_async");
  if (op.timeout_ns < 0)
    return Status(StatusCode::kInvalidArgument,
                  "timeout_ns must not be negative, found " + std::to_string(op.timeout_ns));
  Op made{.name = op.name == nullptr ? "" : op.name,
          .reads = VarsOf(op.reads, op.read_count),
          .writes = VarsOf(op.writes, op.write_count),
          .priority = op.priority,
          .timeout_ns = op.timeout_ns};
  if (op.run != nullptr)
    made.body = [callbacks = std::move(callbacks)](const OpContext& context) {
      callbacks.Run(context);
    };
  else
    made.body = [callbacks = std::move(callbacks)](const OpContext& context,
                                                   Completion completion) {
      callbacks.RunAsync(context, std::move(completion));
    };
  return made;
}

}  // namespace

Result<Op> OpOf(const tenter_op& op) {
  if (IsWhole(op)) return OpOfWhole(op, Status());
  tenter_op whole = {};
  const Status read = ReadOptions(op, "tenter_op", &whole);
  return OpOfWhole(whole, read);
}

}  // namespace tenter

extern "C" {

void tenter_completion_done(tenter_completion* completion) {
  completion->handle.Done();
  delete completion;
}

void tenter_completion_fail(tenter_completion* completion, tenter_code code, const char* message) {
  tenter::Status status = tenter::CodeStatus(code, message == nullptr ? "" : message);
  if (status.ok()) status = {tenter::StatusCode::kInternal, "failed with the code for success"};
  completion->handle.Fail(std::move(status));
  delete completion;
}

void tenter_completion_drop(tenter_completion* completion) { delete completion; }

}  // extern "C"
