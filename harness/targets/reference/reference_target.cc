// The reference target: the Tenter runtime, through its own C API, behind the target ABI.
//
// Where both interfaces mean the same, their structs have the same fields; they are copied field by
// field all the same. A description that both share would make the version of our runtime's ABI a
// part of the interface that targets of other runtimes are built against.
#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include "harness/target/target.h"
#include "runtime/capi/tenter/tenter.h"
#include "runtime/capi/tenter/testing.h"

namespace {

struct Instance {
  tgt_host host;
  tenter_context* context = nullptr;
};

tenter_context* Context(void* instance) { return static_cast<Instance*>(instance)->context; }

tgt_code Return(tenter_code code, const tenter_error& from, tgt_error* to) {
  to->code = static_cast<tgt_code>(from.code);
  std::memcpy(to->type, from.type, sizeof(to->type));
  std::memcpy(to->message, from.message, sizeof(to->message));
  return static_cast<tgt_code>(code);
}

void CopyFailure(const tenter_failure& from, tgt_failure* to) {
  to->push_number = from.push_number;
  to->chain_length = from.chain_length;
  std::memcpy(to->op, from.op, sizeof(to->op));
  std::memcpy(to->place, from.place, sizeof(to->place));
  Return(from.error.code, from.error, &to->error);
}

tenter_tensor ToTenter(const tgt_tensor& from) {
  tenter_tensor to = {};
  to.dtype = static_cast<tenter_dtype>(from.dtype);
  to.rank = from.rank;
  std::copy(std::begin(from.dims), std::end(from.dims), to.dims);
  to.data = from.data;
  to.size_bytes = from.size_bytes;
  to.owner = from.owner;
  return to;
}

tgt_tensor ToTarget(const tenter_tensor& from) {
  tgt_tensor to = {};
  to.dtype = static_cast<tgt_dtype>(from.dtype);
  to.rank = from.rank;
  std::copy(std::begin(from.dims), std::end(from.dims), to.dims);
  to.data = from.data;
  to.size_bytes = from.size_bytes;
  to.owner = from.owner;
  return to;
}

void Probe(void* self, const tenter_hit* hit, tenter_fault* fault) {
  const tgt_host& host = static_cast<Instance*>(self)->host;
  const tgt_hit target_hit{hit->site, hit->op, hit->var, hit->request, hit->worker};
  tgt_fault target_fault = {};
  host.hit(host.self, &target_hit, &target_fault);
  fault->kind = static_cast<tenter_fault_kind>(target_fault.kind);
  fault->code = static_cast<tenter_code>(target_fault.code);
  std::memcpy(fault->type, target_fault.type, sizeof(fault->type));
  std::memcpy(fault->message, target_fault.message, sizeof(fault->message));
}

tgt_code Open(const tgt_host* host, void** instance, tgt_error* error) {
  auto* made = new Instance{*host};
  const tenter_testing_options options{0, host->hit == nullptr ? nullptr : Probe, made};
  tenter_error e = {};
  const tenter_code code = tenter_testing_context_create(&options, &made->context, &e);
  if (code != TENTER_OK) delete made;
  *instance = made;
  return Return(code, e, error);
}

void Close(void* instance) {
  tenter_context_free(Context(instance));
  delete static_cast<Instance*>(instance);
}

// A handle of the target is the number of ours.
template <typename Handle>
Handle As(tgt_handle handle) {
  return reinterpret_cast<Handle>(static_cast<uintptr_t>(handle));
}

template <typename Handle>
tgt_code Made(tenter_code code, const tenter_error& from, Handle made, tgt_handle* handle,
              tgt_error* to) {
  if (code == TENTER_OK) *handle = reinterpret_cast<uintptr_t>(made);
  return Return(code, from, to);
}

// Does not say what kind it is of: no handle is one of two kinds, and all others refuse it.
tgt_code Free(void* instance, tgt_handle handle, tgt_error* error) {
  tenter_context* const c = Context(instance);
  tenter_error e = {};
  tenter_code code = tenter_cached_op_free(c, As<tenter_cached_op>(handle), &e);
  if (code == TENTER_STALE_HANDLE) code = tenter_iterator_free(c, As<tenter_iterator>(handle), &e);
  if (code == TENTER_STALE_HANDLE) code = tenter_model_free(c, As<tenter_model>(handle), &e);
  if (code == TENTER_STALE_HANDLE) code = tenter_engine_free(c, As<tenter_engine>(handle), &e);
  return Return(code, e, error);
}

void TensorRelease(void*, tgt_tensor* tensor) {
  tenter_tensor t = ToTenter(*tensor);
  tenter_tensor_release(&t);
  *tensor = ToTarget(t);
}

// ---- engine ----

tgt_code EngineCreate(void* instance, const tgt_engine_options* options, tgt_handle* engine,
                      tgt_error* error) {
  tenter_error e = {};
  tenter_engine_options o = {};
  o.workers = options->workers == 0 ? TENTER_NAIVE_ENGINE : options->workers;
  o.run_dependents = options->run_dependents;
  tenter_engine made = nullptr;
  const tenter_code code = tenter_engine_create(Context(instance), &o, &made, &e);
  return Made(code, e, made, engine, error);
}

tgt_code VarCreate(void* instance, tgt_handle engine, tgt_var* var, tgt_error* error) {
  tenter_error e = {};
  tenter_var v = {};
  const tenter_code code = tenter_var_create(Context(instance), As<tenter_engine>(engine), &v, &e);
  *var = {v.index, v.generation};
  return Return(code, e, error);
}

tgt_code VarDelete(void* instance, tgt_handle engine, tgt_var var, tgt_error* error) {
  tenter_error e = {};
  return Return(tenter_var_delete(Context(instance), As<tenter_engine>(engine),
                                  {var.index, var.generation}, nullptr, nullptr, &e),
                e, error);
}

// What the callbacks of the C API get as `arg`: the op of the harness, kept until its release.
struct BoundOp {
  tgt_op op;
};

tenter_code Run(void* arg, const tenter_op_context* context, tenter_error* error) {
  const tgt_op& op = static_cast<BoundOp*>(arg)->op;
  const tgt_op_context c{context->name, context->push_number, context->worker};
  tgt_error e = {};
  const tgt_code code = op.run(op.arg, &c, &e);
  std::memcpy(error->message, e.message, sizeof(error->message));
  return static_cast<tenter_code>(code);
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
  std::vector<tenter_var> reads(op->read_count), writes(op->write_count);
  for (size_t i = 0; i < reads.size(); ++i)
    reads[i] = {op->reads[i].index, op->reads[i].generation};
  for (size_t i = 0; i < writes.size(); ++i)
    writes[i] = {op->writes[i].index, op->writes[i].generation};
  tenter_op o = {};
  o.name = op->name;
  o.reads = reads.data();
  o.read_count = reads.size();
  o.writes = writes.data();
  o.write_count = writes.size();
  o.priority = op->priority;
  o.run = op->run == nullptr ? nullptr : Run;
  o.run_async = op->run_async == nullptr ? nullptr : RunAsync;
  o.arg = new BoundOp{*op};
  o.release = Release;
  tenter_error e = {};
  return Return(tenter_push(Context(instance), As<tenter_engine>(engine), &o, push_number, &e), e,
                error);
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
  tenter_error e = {};
  tenter_failure f = {};
  const tenter_code code = tenter_wait_for_var(Context(instance), As<tenter_engine>(engine),
                                               {var.index, var.generation}, &f, &e);
  CopyFailure(f, failure);
  return Return(code, e, error);
}

tgt_code WaitForAll(void* instance, tgt_handle engine, tgt_failure* failures, size_t capacity,
                    size_t* count, tgt_error* error) {
  tenter_error e = {};
  std::vector<tenter_failure> f(capacity);
  const tenter_code code = tenter_wait_for_all(Context(instance), As<tenter_engine>(engine),
                                               f.data(), capacity, count, &e);
  for (size_t i = 0; i < std::min(capacity, *count); ++i) CopyFailure(f[i], &failures[i]);
  return Return(code, e, error);
}

tgt_code EngineStop(void* instance, tgt_handle engine, int32_t cancel, tgt_error* error) {
  tenter_error e = {};
  return Return(tenter_engine_stop(Context(instance), As<tenter_engine>(engine), cancel, &e), e,
                error);
}

tgt_code EngineCounts(void* instance, tgt_handle engine, tgt_engine_counts* counts,
                      tgt_error* error) {
  tenter_error e = {};
  tenter_engine_counts c = {};
  const tenter_code code =
      tenter_engine_get_counts(Context(instance), As<tenter_engine>(engine), &c, &e);
  *counts = {c.pushed, c.ran, c.failed, c.skipped, c.cancelled, c.live_ops, c.live_vars};
  return Return(code, e, error);
}

tgt_code EngineDescribe(void* instance, tgt_handle engine, char* text, size_t size,
                        tgt_error* error) {
  tenter_error e = {};
  return Return(tenter_engine_snapshot(Context(instance), As<tenter_engine>(engine),
                                       TENTER_SNAPSHOT_TEXT, text, size, nullptr, &e),
                e, error);
}

// ---- model ----

tgt_code ModelLoad(void* instance, const char* path, tgt_handle* model, tgt_error* error) {
  tenter_error e = {};
  tenter_model made = nullptr;
  const tenter_code code = tenter_model_load(Context(instance), path, &made, &e);
  return Made(code, e, made, model, error);
}

tgt_code ModelArity(void* instance, tgt_handle model, size_t* inputs, size_t* outputs,
                    tgt_error* error) {
  tenter_error e = {};
  return Return(tenter_model_arity(Context(instance), As<tenter_model>(model), inputs, outputs, &e),
                e, error);
}

tgt_code ModelInput(void* instance, tgt_handle model, size_t index, tgt_tensor* description,
                    char* name, size_t name_size, tgt_error* error) {
  tenter_error e = {};
  tenter_tensor d = {};
  const tenter_code code = tenter_model_input(Context(instance), As<tenter_model>(model), index, &d,
                                              name, name_size, &e);
  *description = ToTarget(d);
  return Return(code, e, error);
}

tgt_code ModelParameters(void* instance, tgt_handle model, const void** data, size_t* size_bytes,
                         tgt_error* error) {
  tenter_error e = {};
  return Return(
      tenter_model_parameters(Context(instance), As<tenter_model>(model), data, size_bytes, &e), e,
      error);
}

tgt_code CachedOpCreate(void* instance, tgt_handle engine, tgt_handle model,
                        const tgt_cached_op_options* options, tgt_handle* op, tgt_error* error) {
  tenter_error e = {};
  tenter_cached_op_options o = {};
  o.sharing = options->thread_safe != 0 ? TENTER_SHARED : TENTER_CONFINED;
  o.in_flight_max = options->in_flight_max;
  o.refuse_when_full = options->refuse_when_full;
  o.plans_max = options->plans_max;
  o.reference_kernels = options->reference_kernels;
  tenter_cached_op made = nullptr;
  const tenter_code code = tenter_cached_op_create(Context(instance), As<tenter_engine>(engine),
                                                   As<tenter_model>(model), &o, &made, &e);
  return Made(code, e, made, op, error);
}

tgt_code Invoke(void* instance, tgt_handle op, const tgt_tensor* inputs, size_t input_count,
                tgt_tensor* outputs, size_t output_count, tgt_error* error) {
  std::vector<tenter_tensor> in(input_count), out(output_count);
  std::transform(inputs, inputs + input_count, in.begin(), ToTenter);
  tenter_error e = {};
  const tenter_code code =
      tenter_cached_op_invoke(Context(instance), As<tenter_cached_op>(op), in.data(), input_count,
                              out.data(), output_count, &e);
  std::transform(out.begin(), out.end(), outputs, ToTarget);
  return Return(code, e, error);
}

tgt_code Footprint(void* instance, tgt_handle op, tgt_footprint* footprint, tgt_error* error) {
  tenter_error e = {};
  tenter_footprint f = {};
  const tenter_code code =
      tenter_cached_op_get_footprint(Context(instance), As<tenter_cached_op>(op), &f, &e);
  *footprint = {f.parameter_bytes, f.in_flight, f.in_flight_max, f.compilations, f.requests};
  return Return(code, e, error);
}

// ---- iterator ----

tgt_code CsvIteratorCreate(void* instance, const tgt_csv_options* options, tgt_handle* iterator,
                           tgt_error* error) {
  tenter_error e = {};
  tenter_csv_options o = {};
  o.row_dims = options->row_dims;
  o.row_rank = options->row_rank;
  o.dtype = static_cast<tenter_dtype>(options->dtype);
  o.batch_size = options->batch_size;
  o.round_batch = options->round_batch;
  o.bad_rows_max = options->bad_rows_max;
  o.prefetch = options->prefetch;
  tenter_iterator made = nullptr;
  const tenter_code code =
      tenter_csv_iterator_create(Context(instance), options->path, &o, &made, &e);
  return Made(code, e, made, iterator, error);
}

tgt_code IteratorNext(void* instance, tgt_handle iterator, tgt_batch* batch, tgt_error* error) {
  tenter_error e = {};
  tenter_batch b = {};
  const tenter_code code =
      tenter_iterator_next(Context(instance), As<tenter_iterator>(iterator), &b, &e);
  *batch = {b.has_value, ToTarget(b.data), b.index, b.first_row, b.pad};
  return Return(code, e, error);
}

tgt_code IteratorReset(void* instance, tgt_handle iterator, tgt_error* error) {
  tenter_error e = {};
  return Return(tenter_iterator_reset(Context(instance), As<tenter_iterator>(iterator), &e), e,
                error);
}

tgt_code IteratorClose(void* instance, tgt_handle iterator, tgt_error* error) {
  tenter_error e = {};
  return Return(tenter_iterator_close(Context(instance), As<tenter_iterator>(iterator), &e), e,
                error);
}

constexpr tgt_target kTable = {
    .abi_version = TGT_ABI_VERSION,
    .name = "reference",
    .version = "0.1.0",
    .notes = "",
    .groups = TGT_ENGINE | TGT_MODEL | TGT_ITERATOR,
    .error_rule = TGT_ERRORS_EVERY_WAIT,
    .total_push_order = 1,
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
    .footprint = Footprint,
    .csv_iterator_create = CsvIteratorCreate,
    .iterator_next = IteratorNext,
    .iterator_reset = IteratorReset,
    .iterator_close = IteratorClose,
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const tgt_target* tgt_entry(void) {
  return &kTable;
}
