#include "fuzz/api/run/bodies.h"

#include <cstring>

#include "fuzz/api/run/world.h"

namespace tenter::fuzz::api {
namespace {

Op& OpOf(void* arg) { return *static_cast<Op*>(arg); }

tenter_code RunSync(void* arg, const tenter_op_context* context, tenter_error* error) {
  Op& op = OpOf(arg);
  op.Begin(*context);
  if (op.inside != nullptr) op.world->CallInside(op);
  if (op.line.ends == Ends::kAwaits) op.world->AwaitCancel(&op, context);
  if (op.line.ends == Ends::kWoken) op.world->AwaitWake(&op, context);
  if (op.line.ends != Ends::kFail) return TENTER_OK;
  error->code = TENTER_NOT_FOUND;  // what it returns counts
  std::strcpy(error->message, kMessage);
  return op.line.code;
}

void RunAsync(void* arg, const tenter_op_context* context, tenter_completion* completion) {
  Op& op = OpOf(arg);
  op.Begin(*context);
  if (op.line.ends == Ends::kDone)
    tenter_completion_done(completion);
  else if (op.line.ends == Ends::kDrop)
    tenter_completion_drop(completion);
  else
    tenter_completion_fail(completion, op.line.code, kMessage);
}

void Release(void* arg) { OpOf(arg).released.FetchAdd(1, kRelease); }

}  // namespace

tenter_code RunDeleter(void* arg) {
  Op& op = OpOf(arg);
  op.ran.FetchAdd(1, kRelaxed);
  return op.line.ends == Ends::kFail ? op.line.code : TENTER_OK;
}

tenter_op COp(Op* op) {
  const Ends ends = op->line.ends;
  const bool sync = ends == Ends::kOk || ends == Ends::kFail || Awaits(ends);
  const Runs runs = op->line.runs;
  const auto has = [runs](bool usual) {
    return runs == Runs::kBoth || (usual && runs == Runs::kOne);
  };
  return {.struct_size = sizeof(tenter_op),
          .name = kOpName,
          .reads = nullptr,
          .read_count = 0,
          .writes = nullptr,
          .write_count = 0,
          .priority = 0,
          .timeout_ns = Nanoseconds(op->line.timeout),
          .run = has(sync) ? RunSync : nullptr,
          .run_async = has(!sync) ? RunAsync : nullptr,
          .arg = op,
          .release = Release,
          .scope = nullptr};
}

}  // namespace tenter::fuzz::api
