// A target around PlainEngine. PLAIN_RULES, a list of designated initialisers, says which.
// What only tells something is left out of its table.
#include "fuzz/target_engine/plain/plain_engine.h"

namespace {

using tenter::fuzz::target_engine::PlainEngine;
using tenter::fuzz::target_engine::PlainRules;

constexpr PlainRules kRules = {PLAIN_RULES};

PlainEngine& EngineOf(tgt_handle engine) { return *reinterpret_cast<PlainEngine*>(engine); }

tgt_code Answered(tgt_code code, tgt_error* error) { return error->code = code; }

tgt_target Table() {
  tgt_target table = {};
  table.abi_version = TGT_ABI_VERSION;
  table.name = "plain";
  table.version = "1";
  table.notes = "one engine at a time";
  table.groups = TGT_ENGINE;
  table.error_rule = kRules.errors;
  table.total_push_order = kRules.total_order ? 1 : 0;
  table.open = [](const tgt_host*, void** instance, tgt_error*) -> tgt_code {
    *instance = nullptr;
    return TGT_OK;
  };
  table.close = [](void*) {};
  table.free_handle = [](void*, tgt_handle engine, tgt_error*) -> tgt_code {
    delete &EngineOf(engine);
    return TGT_OK;
  };
  table.tensor_release = [](void*, tgt_tensor*) {};
  table.engine_create = [](void*, const tgt_engine_options* options, tgt_handle* engine,
                           tgt_error*) -> tgt_code {
    *engine = reinterpret_cast<tgt_handle>(
        new PlainEngine(kRules, options->workers, options->run_dependents != 0));
    return TGT_OK;
  };
  table.var_create = [](void*, tgt_handle engine, tgt_var* var, tgt_error* error) {
    return Answered(EngineOf(engine).NewVar(var), error);
  };
  table.var_delete = [](void*, tgt_handle engine, tgt_var var, tgt_error* error) {
    return Answered(EngineOf(engine).DeleteVar(var), error);
  };
  table.push = [](void*, tgt_handle engine, const tgt_op* op, uint64_t* number, tgt_error* error) {
    return Answered(EngineOf(engine).Push(*op, number), error);
  };
  table.completion_end = [](void*, tgt_completion* completion, tgt_completion_end how,
                            const char* message) {
    completion->engine->Complete(completion, how, message);
  };
  table.wait_for_var = [](void*, tgt_handle engine, tgt_var var, tgt_failure* failure,
                          tgt_error* error) { return EngineOf(engine).Wait(var, failure, error); };
  table.wait_for_all = [](void*, tgt_handle engine, tgt_failure* failures, size_t capacity,
                          size_t* count, tgt_error* error) {
    return EngineOf(engine).WaitForAll(failures, capacity, count, error);
  };
  table.engine_stop = [](void*, tgt_handle engine, int32_t cancel, tgt_error*) {
    return EngineOf(engine).Stop(cancel != 0);
  };
  table.engine_counts = [](void*, tgt_handle engine, tgt_engine_counts* counts,
                           tgt_error*) -> tgt_code {
    *counts = EngineOf(engine).Counts();
    return TGT_OK;
  };
  return table;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const tgt_target* tgt_entry(void) {
  static const tgt_target kTable = Table();
  return &kTable;
}
