// The reference target: the Tenter runtime, through its own C API, behind the target ABI.
//
// No exception leaves it: what it allocates itself it asks for without one.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>

#include "harness/targets/reference/agreement.h"

namespace {

using tenter::As;
using tenter::HandleOf;

struct Instance {
  tgt_host host;
  tenter_context* context = nullptr;
};

tenter_context* Context(void* instance) { return static_cast<Instance*>(instance)->context; }

tgt_code NoMemory(tgt_error* error) {
  error->code = TGT_RESOURCE_EXHAUSTED;
  error->type[0] = '\0';
  std::snprintf(error->message, sizeof(error->message), "out of memory");
  return TGT_RESOURCE_EXHAUSTED;
}

void CopyFailure(const tenter_failure& from, tgt_failure* to) {
  to->push_number = from.push_number;
  to->chain_length = from.chain_length;
  std::memcpy(to->op, from.op, sizeof(to->op));
  std::memcpy(to->place, from.place, sizeof(to->place));
  std::memcpy(&to->error, &from.error, sizeof(to->error));
}

void Probe(void* self, const tenter_hit* hit, tenter_fault* fault) {
  const tgt_host& host = static_cast<Instance*>(self)->host;
  const tgt_hit target_hit{hit->site, hit->op, hit->var, hit->request, hit->worker};
  tgt_fault target_fault = {};
  host.hit(host.self, &target_hit, &target_fault);
  fault->kind = target_fault.kind;
  fault->code = target_fault.code;
  std::memcpy(fault->type, target_fault.type, sizeof(fault->type));
  std::memcpy(fault->message, target_fault.message, sizeof(fault->message));
}

tgt_code Open(const tgt_host* host, void** instance, tgt_error* error) {
  auto* const made = new (std::nothrow) Instance{*host};
  if (made == nullptr) return NoMemory(error);
  const tenter_testing_options options{0, host->hit == nullptr ? nullptr : Probe, made};
  const tgt_code code = tenter_testing_context_create(&options, &made->context, As(error));
  if (code != TENTER_OK) delete made;
  *instance = code == TENTER_OK ? made : nullptr;
  return code;
}

void Close(void* instance) {
  tenter_context_free(Context(instance));
  delete static_cast<Instance*>(instance);
}

template <typename Handle>
tgt_code Made(tgt_code code, Handle made, tgt_handle* handle) {
  if (code == TENTER_OK) *handle = reinterpret_cast<uintptr_t>(made);
  return code;
}

// Does not say what kind it is of: no handle is one of two kinds, and all others refuse it.
tgt_code Free(void* instance, tgt_handle handle, tgt_error* error) {
  tenter_context* const c = Context(instance);
  tgt_code code = tenter_cached_op_free(c, HandleOf<tenter_cached_op>(handle), As(error));
  if (code == TGT_STALE_HANDLE)
    code = tenter_iterator_free(c, HandleOf<tenter_iterator>(handle), As(error));
  if (code == TGT_STALE_HANDLE)
    code = tenter_model_free(c, HandleOf<tenter_model>(handle), As(error));
  if (code == TGT_STALE_HANDLE)
    code = tenter_engine_free(c, HandleOf<tenter_engine>(handle), As(error));
  return code;
}

void TensorRelease(void*, tgt_tensor* tensor) { tenter_tensor_release(As(tensor)); }

// ---- engine ----

tgt_code EngineCreate(void* instance, const tgt_engine_options* options, tgt_handle* engine,
                      tgt_error* error) {
  tenter_engine_options o = {};
  o.workers = options->workers == 0 ? TENTER_NAIVE_ENGINE : options->workers;
  o.run_dependents = options->run_dependents;
  tenter_engine made = nullptr;
  const tgt_code code = tenter_engine_create(Context(instance), &o, &made, As(error));
  return Made(code, made, engine);
}

tgt_code VarCreate(void* instance, tgt_handle engine, tgt_var* var, tgt_error* error) {
  return tenter_var_create(Context(instance), HandleOf<tenter_engine>(engine), As(var), As(error));
}

tgt_code VarDelete(void* instance, tgt_handle engine, tgt_var var, tgt_error* error) {
  return tenter_var_delete(Context(instance), HandleOf<tenter_engine>(engine),
                           {var.index, var.generation}, nullptr, nullptr, As(error));
}

// What the callbacks of the C API get as `arg`: the op of the harness, kept until its release.
struct BoundOp {
  tgt_op op;
};

tenter_code Run(void* arg, const tenter_op_context* context, tenter_error* error) {
  const tgt_op& op = static_cast<BoundOp*>(arg)->op;
  const tgt_op_context c{context->name, context->push_number, context->worker};
  return op.run(op.arg, &c, As(error));
}

void RunAsync(void* arg, const tenter_op_context* context, tenter_completion* completion) {
  const tgt_op& op = static_cast<BoundOp*>(arg)->op;
  const tgt_op_context c{context->name, context->push_number, context->worker};
  op.run_async(op.arg, &c, reinterpret_cast<tgt_completion*>(completion));
}

void Release(void* arg) {
  auto* bound = static_cast<BoundOp*>(arg);
  if (bound->op.release != nullptr) bound->op.release(bound->op.arg);
  delete bound;
}

tgt_code Push(void* instance, tgt_handle engine, const tgt_op* op, uint64_t* push_number,
              tgt_error* error) {
  auto* const bound = new (std::nothrow) BoundOp{*op};
  if (bound == nullptr) {
    if (op->release != nullptr) op->release(op->arg);
    return NoMemory(error);
  }
  tenter_op o = {};
  o.name = op->name;
  o.reads = As(op->reads);
  o.read_count = op->read_count;
  o.writes = As(op->writes);
  o.write_count = op->write_count;
  o.priority = op->priority;
  o.run = op->run == nullptr ? nullptr : Run;
  o.run_async = op->run_async == nullptr ? nullptr : RunAsync;
  o.arg = bound;
  o.release = Release;
  return tenter_push(Context(instance), HandleOf<tenter_engine>(engine), &o, push_number,
                     As(error));
}

void CompletionEnd(void*, tgt_completion* completion, tgt_completion_end how, const char* message) {
  auto* handle = reinterpret_cast<tenter_completion*>(completion);
  switch (how) {
    case TGT_COMPLETION_DONE:
      return tenter_completion_done(handle);
    case TGT_COMPLETION_FAIL:
      return tenter_completion_fail(handle, TENTER_DATA_LOSS, message);
    case TGT_COMPLETION_DROP:
      return tenter_completion_drop(handle);
  }
}

tgt_code WaitForVar(void* instance, tgt_handle engine, tgt_var var, tgt_failure* failure,
                    tgt_error* error) {
  tenter_failure f = {};
  const tgt_code code = tenter_wait_for_var(Context(instance), HandleOf<tenter_engine>(engine),
                                            {var.index, var.generation}, &f, As(error));
  CopyFailure(f, failure);
  return code;
}

// Failures are told once: there must be room for them before they are asked for.
tgt_code WaitForAll(void* instance, tgt_handle engine, tgt_failure* failures, size_t capacity,
                    size_t* count, tgt_error* error) {
  const std::unique_ptr<tenter_failure[]> f(new (std::nothrow) tenter_failure[capacity]());
  if (f == nullptr) return NoMemory(error);
  const tgt_code code = tenter_wait_for_all(Context(instance), HandleOf<tenter_engine>(engine),
                                            f.get(), capacity, count, As(error));
  for (size_t i = 0; i < std::min(capacity, *count); ++i) CopyFailure(f[i], &failures[i]);
  return code;
}

tgt_code EngineStop(void* instance, tgt_handle engine, int32_t cancel, tgt_error* error) {
  return tenter_engine_stop(Context(instance), HandleOf<tenter_engine>(engine), cancel, As(error));
}

tgt_code EngineCounts(void* instance, tgt_handle engine, tgt_engine_counts* counts,
                      tgt_error* error) {
  tenter_engine_counts c = {};
  const tgt_code code =
      tenter_engine_get_counts(Context(instance), HandleOf<tenter_engine>(engine), &c, As(error));
  *counts = {c.pushed, c.ran, c.failed, c.skipped, c.cancelled, c.live_ops, c.live_vars};
  return code;
}

tgt_code EngineDescribe(void* instance, tgt_handle engine, char* text, size_t size,
                        tgt_error* error) {
  return tenter_engine_snapshot(Context(instance), HandleOf<tenter_engine>(engine),
                                TENTER_SNAPSHOT_TEXT, text, size, nullptr, As(error));
}

// ---- model ----

tgt_code ModelLoad(void* instance, const char* path, tgt_handle* model, tgt_error* error) {
  tenter_model made = nullptr;
  const tgt_code code = tenter_model_load(Context(instance), path, &made, As(error));
  return Made(code, made, model);
}

tgt_code ModelArity(void* instance, tgt_handle model, size_t* inputs, size_t* outputs,
                    tgt_error* error) {
  return tenter_model_arity(Context(instance), HandleOf<tenter_model>(model), inputs, outputs,
                            As(error));
}

tgt_code ModelInput(void* instance, tgt_handle model, size_t index, tgt_tensor* description,
                    char* name, size_t name_size, tgt_error* error) {
  return tenter_model_input(Context(instance), HandleOf<tenter_model>(model), index,
                            As(description), name, name_size, As(error));
}

tgt_code ModelParameters(void* instance, tgt_handle model, const void** data, size_t* size_bytes,
                         tgt_error* error) {
  return tenter_model_parameters(Context(instance), HandleOf<tenter_model>(model), data, size_bytes,
                                 As(error));
}

tgt_code CachedOpCreate(void* instance, tgt_handle engine, tgt_handle model,
                        const tgt_cached_op_options* options, tgt_handle* op, tgt_error* error) {
  tenter_cached_op_options o = {};
  o.sharing = options->thread_safe != 0 ? TENTER_SHARED : TENTER_CONFINED;
  o.in_flight_max = options->in_flight_max;
  o.refuse_when_full = options->refuse_when_full;
  o.plans_max = options->plans_max;
  o.reference_kernels = options->reference_kernels;
  o.way = options->way;
  o.batch_max = options->batch_max;
  o.intra_op_threads = options->intra_op;
  o.grain = options->grain;
  tenter_cached_op made = nullptr;
  const tgt_code code =
      tenter_cached_op_create(Context(instance), HandleOf<tenter_engine>(engine),
                              HandleOf<tenter_model>(model), &o, &made, As(error));
  return Made(code, made, op);
}

tgt_code Invoke(void* instance, tgt_handle op, const tgt_tensor* inputs, size_t input_count,
                tgt_tensor* outputs, size_t output_count, tgt_error* error) {
  // What the harness leaves in them is no buffer for results.
  std::fill_n(outputs, output_count, tgt_tensor{});
  return tenter_cached_op_invoke(Context(instance), HandleOf<tenter_cached_op>(op), As(inputs),
                                 input_count, As(outputs), output_count, As(error));
}

// What an answer of the C API gets as `arg`.
struct BoundAnswer {
  tgt_answer answer;
  void* arg;
};

void GiveAnswer(void* arg, tenter_tensor* outputs, size_t output_count, const tenter_error* error) {
  const std::unique_ptr<BoundAnswer> bound(static_cast<BoundAnswer*>(arg));
  bound->answer(bound->arg, As(outputs), output_count, As(error));
}

tgt_code InvokeAsync(void* instance, tgt_handle op, const tgt_invoke_options* options,
                     const tgt_tensor* inputs, size_t input_count, tgt_answer answer, void* arg,
                     uint64_t* request, tgt_error* error) {
  std::unique_ptr<BoundAnswer> bound(new (std::nothrow) BoundAnswer{answer, arg});
  if (bound == nullptr) return NoMemory(error);
  tenter_invoke_options o = {};
  o.timeout_ns = options->timeout_ns;
  o.priority = options->priority;
  const tgt_code code = tenter_cached_op_invoke_async(
      Context(instance), HandleOf<tenter_cached_op>(op), &o, As(inputs), input_count, GiveAnswer,
      bound.get(), request, As(error));
  if (code == TENTER_OK) static_cast<void>(bound.release());
  return code;
}

tgt_code Cancel(void* instance, tgt_handle op, uint64_t request, tgt_error* error) {
  return tenter_cached_op_cancel(Context(instance), HandleOf<tenter_cached_op>(op), request,
                                 As(error));
}

tgt_code Footprint(void* instance, tgt_handle op, tgt_footprint* footprint, tgt_error* error) {
  tenter_footprint f = {};
  const tgt_code code = tenter_cached_op_get_footprint(
      Context(instance), HandleOf<tenter_cached_op>(op), &f, As(error));
  *footprint = {f.parameter_bytes, f.in_flight,   f.in_flight_max, f.compilations,
                f.requests,        f.arena_bytes, f.batched};
  return code;
}

// ---- iterator ----

tgt_code CsvIteratorCreate(void* instance, const tgt_csv_options* options, tgt_handle* iterator,
                           tgt_error* error) {
  tenter_csv_options o = {};
  o.row_dims = options->row_dims;
  o.row_rank = options->row_rank;
  o.dtype = options->dtype;
  o.batch_size = options->batch_size;
  o.round_batch = options->round_batch;
  o.bad_rows_max = options->bad_rows_max;
  o.prefetch = options->prefetch;
  tenter_iterator made = nullptr;
  const tgt_code code =
      tenter_csv_iterator_create(Context(instance), options->path, &o, &made, As(error));
  return Made(code, made, iterator);
}

tgt_code IteratorNext(void* instance, tgt_handle iterator, tgt_batch* batch, tgt_error* error) {
  tenter_batch b = {};
  const tgt_code code =
      tenter_iterator_next(Context(instance), HandleOf<tenter_iterator>(iterator), &b, As(error));
  *batch = {b.has_value, {}, b.index, b.first_row, b.pad};
  std::memcpy(&batch->data, &b.data, sizeof(b.data));
  return code;
}

tgt_code IteratorReset(void* instance, tgt_handle iterator, tgt_error* error) {
  return tenter_iterator_reset(Context(instance), HandleOf<tenter_iterator>(iterator), As(error));
}

tgt_code IteratorClose(void* instance, tgt_handle iterator, tgt_error* error) {
  return tenter_iterator_close(Context(instance), HandleOf<tenter_iterator>(iterator), As(error));
}

tgt_code IteratorSkipped(void* instance, tgt_handle iterator, tgt_skipped_row* rows,
                         size_t capacity, uint64_t* count, tgt_error* error) {
  const std::unique_ptr<tenter_skipped_row[]> r(new (std::nothrow) tenter_skipped_row[capacity]());
  if (r == nullptr) return NoMemory(error);
  const tgt_code code = tenter_iterator_skipped(
      Context(instance), HandleOf<tenter_iterator>(iterator), r.get(), capacity, count, As(error));
  for (size_t i = 0; i < std::min<uint64_t>(capacity, *count); ++i) {
    rows[i].line = r[i].line;
    std::memcpy(&rows[i].reason, &r[i].reason, sizeof(rows[i].reason));
  }
  return code;
}

constexpr tgt_target kTable = {
    .abi_version = TGT_ABI_VERSION,
    .name = "reference",
    .version = "0.1.0",
    .notes = "",
    .groups = TGT_ENGINE | TGT_MODEL | TGT_ITERATOR,
    .error_rule = TGT_ERRORS_EVERY_WAIT,
    .total_push_order = 1,
    .least_recent_plan_goes = 1,
    .ways =
        1u << TGT_WAY_SERIAL | 1u << TGT_WAY_INLINE | 1u << TGT_WAY_DATAFLOW | 1u << TGT_WAY_DIRECT,
    .open = Open,
    .close = Close,
    .free_handle = Free,
    .tensor_release = TensorRelease,
    .engine_create = EngineCreate,
    .var_create = VarCreate,
    .var_delete = VarDelete,
    .push = Push,
    .completion_end = CompletionEnd,
    .wait_for_var = WaitForVar,
    .wait_for_all = WaitForAll,
    .engine_stop = EngineStop,
    .engine_counts = EngineCounts,
    .engine_describe = EngineDescribe,
    .model_load = ModelLoad,
    .model_arity = ModelArity,
    .model_input = ModelInput,
    .model_parameters = ModelParameters,
    .cached_op_create = CachedOpCreate,
    .invoke = Invoke,
    .invoke_async = InvokeAsync,
    .cancel = Cancel,
    .footprint = Footprint,
    .csv_iterator_create = CsvIteratorCreate,
    .iterator_next = IteratorNext,
    .iterator_reset = IteratorReset,
    .iterator_close = IteratorClose,
    .iterator_skipped = IteratorSkipped,
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const tgt_target* tgt_entry(void) {
  return &kTable;
}
