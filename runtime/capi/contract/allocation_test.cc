// Out of memory at every entry point of the C API: the n-th allocation fails, for n = 1, 2, ...
// until the call succeeds. Each n gives success or TENTER_RESOURCE_EXHAUSTED, and the next call
// works (ERR-10). What a worker allocates for the call counts, too. Prints a table: how many
// allocations each function makes.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "runtime/base/failing_allocations.h"
#include "runtime/base/semaphore.h"
#include "runtime/capi/contract/relu_model.h"
#include "runtime/capi/tenter/tenter.h"
#include "runtime/capi/tenter/testing.h"

namespace tenter {
namespace {

using Which = FailingAllocations::Which;

constexpr int64_t kAnHourNs = int64_t{3600} * 1000 * 1000 * 1000;

tenter_code Succeeds(void*, const tenter_op_context*, tenter_error*) { return TENTER_OK; }
tenter_code Fails(void*, const tenter_op_context*, tenter_error* error) {
  std::snprintf(error->message, sizeof(error->message), "an op that fails, at some length");
  return TENTER_INJECTED;
}
void Completes(void*, const tenter_op_context*, tenter_completion* completion) {
  tenter_completion_done(completion);
}

// At some sites nothing may fail: telling a harness of them must need no memory.
void Watch(void*, const tenter_hit*, tenter_fault*) {}

// What the model of these tests reads.
tenter_tensor RowOf(float (&values)[4]) {
  tenter_tensor row = {};
  row.rank = 2;
  row.dims[0] = 1;
  row.dims[1] = 4;
  row.data = values;
  row.size_bytes = sizeof(values);
  return row;
}

// One context on an engine with `workers` (or TENTER_NAIVE_ENGINE), and an object of each kind.
class CApiAllocation : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    const tenter_testing_options testing_options = {0, Watch, nullptr};
    Must(tenter_testing_context_create(&testing_options, &context_, &error_));
    tenter_engine_options options = {};
    options.workers = GetParam();
    Must(tenter_engine_create(context_, &options, &engine_, &error_));
    Must(tenter_var_create(context_, engine_, &var_, &error_));
    Must(tenter_var_create(context_, engine_, &poisoned_, &error_));
    tenter_op op = Op(&Fails, &poisoned_);
    Must(tenter_push(context_, engine_, &op, nullptr, &error_));
    Must(tenter_wait_for_all(context_, engine_, nullptr, 0, &count_, &error_));
    csv_ = testing::TempDir() + "capi_allocation.csv";
    std::ofstream(csv_) << "1,2\n3,4\n5,x\n7,8\n";
  }
  void TearDown() override {
    tenter_context_free(context_);
    std::remove(csv_.c_str());
  }
  void Must(tenter_code code) { ASSERT_EQ(code, TENTER_OK) << error_.message; }

  tenter_op Op(decltype(tenter_op::run) run, const tenter_var* writes) {
    tenter_op op = {};
    op.name = "an op whose name does not fit into the block of a pending op";
    op.writes = writes;
    op.write_count = 1;
    op.run = run;
    return op;
  }

  // Calls `call` with the n-th allocation failing, for every n that it makes; `undo` takes back
  // what a call that succeeded did, and runs with all the memory that there is.
  void Sweep(
      const char* name, const std::function<tenter_code()>& call,
      const std::function<void()>& undo = [] {}, tenter_code wanted = TENTER_OK) {
    SweepOver(Which::kOperatorNew, name, call, undo, wanted);
    if (FailingAllocations::kMallocMayFail) SweepOver(Which::kMallocToo, name, call, undo, wanted);
  }
  void SweepOver(Which which, const char* name, const std::function<tenter_code()>& call,
                 const std::function<void()>& undo, tenter_code wanted) {
    constexpr int64_t kMost = 20000;
    int64_t n = 1, refused = 0;
    for (bool failed = true; failed && n < kMost; ++n) {
      tenter_code code;
      {
        FailingAllocations failing(n, FailingAllocations::Whose::kEveryThread,
                                   FailingAllocations::HowMany::kOne, which);
        code = call();
        failed = failing.Disarm();
      }
      refused += code != wanted;
      EXPECT_TRUE(code == wanted || code == TENTER_RESOURCE_EXHAUSTED)
          << name << ", allocation " << n << ": " << tenter_code_name(code) << ", "
          << error_.message;
      if (code == wanted) undo();
      code = call();
      EXPECT_EQ(code, wanted) << name << " after allocation " << n << ": " << error_.message;
      undo();
      if (HasFailure()) return;
    }
    EXPECT_LT(n, kMost) << name;
    std::printf("%-34s %6ld allocations by %s, %6ld refused\n", name, static_cast<long>(n - 2),
                which == Which::kOperatorNew ? "new   " : "malloc", static_cast<long>(refused));
  }
  // `make` makes what `handle` stands for.
  template <typename Handle>
  void SweepFree(const char* name, Handle* handle,
                 tenter_code (*free)(tenter_context*, Handle, tenter_error*),
                 const std::function<void()>& make) {
    make();
    Sweep(
        name, [&] { return free(context_, *handle, &error_); }, make);
    Must(free(context_, *handle, &error_));
  }
  // The engine at rest, with no failure left to tell.
  void Rest() {
    tenter_failure failures[4] = {};
    for (size_t count = 1; count > 0;)
      Must(tenter_wait_for_all(context_, engine_, failures, 4, &count, &error_));
  }

  tenter_context* context_ = nullptr;
  tenter_engine engine_ = nullptr;
  tenter_var var_ = {}, poisoned_ = {};
  std::string csv_;
  size_t count_ = 0;
  tenter_error error_ = {};
};
INSTANTIATE_TEST_SUITE_P(Engines, CApiAllocation, testing::Values(TENTER_NAIVE_ENGINE, 1, 2),
                         [](const auto& info) {
                           return info.param < 0 ? std::string("Naive")
                                                 : "Workers" + std::to_string(info.param);
                         });

TEST_P(CApiAllocation, ContextsAndEngines) {
  tenter_context* made = nullptr;
  Sweep(
      "context_create", [&] { return tenter_context_create(nullptr, &made, &error_); },
      [&] { tenter_context_free(made); });
  const tenter_testing_options testing_options = {};
  Sweep(
      "testing_context_create",
      [&] { return tenter_testing_context_create(&testing_options, &made, &error_); },
      [&] { tenter_context_free(made); });
  tenter_engine engine = nullptr;
  tenter_engine_options options = {};
  options.workers = GetParam();
  Sweep(
      "engine_create", [&] { return tenter_engine_create(context_, &options, &engine, &error_); },
      [&] { Must(tenter_engine_free(context_, engine, &error_)); });
  tenter_engine_counts counts = {};
  Sweep("engine_get_counts",
        [&] { return tenter_engine_get_counts(context_, engine_, &counts, &error_); });
  char text[64];
  Sweep("engine_snapshot", [&] {
    return tenter_engine_snapshot(context_, engine_, TENTER_SNAPSHOT_TEXT, text, sizeof(text),
                                  nullptr, &error_);
  });
  Sweep("engine_snapshot, JSON", [&] {
    return tenter_engine_snapshot(context_, engine_, TENTER_SNAPSHOT_JSON, text, sizeof(text),
                                  nullptr, &error_);
  });
  tenter_dump* dump = nullptr;
  Sweep(
      "dump_prepare", [&] { return tenter_dump_prepare(context_, engine_, &dump, &error_); },
      [&] { tenter_dump_release(dump); });
  Sweep("engine_stop", [&] { return tenter_engine_stop(context_, engine_, 0, &error_); });
}

TEST_P(CApiAllocation, PushesAndWaits) {
  tenter_var var = {};
  Sweep("var_create", [&] { return tenter_var_create(context_, engine_, &var, &error_); });
  Sweep(
      "var_delete",
      [&] {
        const tenter_code code =
            tenter_var_delete(context_, engine_, var, nullptr, nullptr, &error_);
        return code == TENTER_STALE_HANDLE ? TENTER_OK : code;  // deleted by the call before
      },
      [&] { Must(tenter_var_create(context_, engine_, &var, &error_)); });
  tenter_op good = Op(&Succeeds, &var_), bad = Op(&Fails, &poisoned_);
  tenter_op async = Op(nullptr, &var_);
  async.run_async = &Completes;
  async.timeout_ns = kAnHourNs;
  const auto push_and_wait = [&](const tenter_op& op) {
    const tenter_code code = tenter_push(context_, engine_, &op, nullptr, &error_);
    if (code != TENTER_OK) return code;
    size_t count = 0;
    return tenter_wait_for_all(context_, engine_, nullptr, 0, &count, &error_);
  };
  Sweep(
      "push, wait_for_all", [&] { return push_and_wait(good); }, [&] { Rest(); });
  Sweep(
      "push of an async op", [&] { return push_and_wait(async); }, [&] { Rest(); });
  Sweep(
      "push of an op that fails", [&] { return push_and_wait(bad); }, [&] { Rest(); });
  tenter_op many = good;
  const std::vector<tenter_var> reads(100, var_);
  many.reads = reads.data();
  many.read_count = reads.size();
  many.priority = 3;
  Sweep(
      "push with many reads", [&] { return push_and_wait(many); }, [&] { Rest(); });
  Must(push_and_wait(good));
  Must(push_and_wait(bad));
  Sweep("wait_for_var",
        [&] { return tenter_wait_for_var(context_, engine_, var_, nullptr, &error_); });
  tenter_failure failure = {};
  Sweep(
      "wait_for_var, poisoned",
      [&] { return tenter_wait_for_var(context_, engine_, poisoned_, &failure, &error_); }, [] {},
      TENTER_INJECTED);
  tenter_failure failures[2] = {};
  Sweep(
      "wait_for_all, failures",
      [&] { return tenter_wait_for_all(context_, engine_, failures, 2, &count_, &error_); },
      [&] { Must(push_and_wait(bad)); });
  Sweep("last_failure", [&] { return tenter_last_failure(context_, engine_, &failure, &error_); });
  tenter_poisoned_op chain[2] = {};
  Sweep("failure_chain", [&] {
    return tenter_failure_chain(context_, engine_, &failure, chain, 2, &count_, &error_);
  });
  Sweep("var_failures", [&] {
    return tenter_var_failures(context_, engine_, poisoned_, failures, 2, &count_, &error_);
  });
}

TEST_P(CApiAllocation, ScopesAndBulks) {
  tenter_scope scope = nullptr;
  Sweep(
      "scope_create", [&] { return tenter_scope_create(context_, engine_, &scope, &error_); },
      [&] { Must(tenter_scope_free(context_, scope, &error_)); });
  Must(tenter_scope_create(context_, engine_, &scope, &error_));
  tenter_op bad = Op(&Fails, &poisoned_);
  bad.scope = scope;
  Sweep("push in a scope, scope_wait", [&] {
    tenter_code code = tenter_push(context_, engine_, &bad, nullptr, &error_);
    tenter_failure failures[2] = {};
    if (code == TENTER_OK) code = tenter_scope_wait(context_, scope, failures, 2, &count_, &error_);
    return code;
  });
  tenter_scope timed = nullptr;
  Must(tenter_scope_create(context_, engine_, &timed, &error_));
  Sweep(
      "scope_set_timeout",
      [&] { return tenter_scope_set_timeout(context_, timed, kAnHourNs, &error_); },
      [&] {
        Must(tenter_scope_free(context_, timed, &error_));
        Must(tenter_scope_create(context_, engine_, &timed, &error_));
      });
  Sweep("scope_cancel", [&] { return tenter_scope_cancel(context_, scope, &error_); });

  tenter_op good = Op(&Succeeds, &var_);
  tenter_bulk bulk = nullptr;
  Sweep(
      "bulk_create", [&] { return tenter_bulk_create(context_, engine_, 4, &bulk, &error_); },
      [&] { Must(tenter_bulk_free(context_, bulk, &error_)); });
  Must(tenter_bulk_create(context_, engine_, 4, &bulk, &error_));
  Sweep("bulk_push, bulk_flush", [&] {
    tenter_code code = TENTER_OK;
    for (int i = 0; i < 3 && code == TENTER_OK; ++i)
      code = tenter_bulk_push(context_, bulk, &good, &error_);
    if (code == TENTER_OK) code = tenter_bulk_flush(context_, bulk, &error_);
    size_t count = 0;
    const tenter_code waited = tenter_wait_for_all(context_, engine_, nullptr, 0, &count, &error_);
    return code == TENTER_OK ? waited : code;
  });
}

TEST_P(CApiAllocation, ProgramsAndTraces) {
  tenter_op good = Op(&Succeeds, &var_);
  tenter_recording recording = nullptr;
  Sweep(
      "recording_create", [&] { return tenter_recording_create(context_, &recording, &error_); },
      [&] { Must(tenter_recording_free(context_, recording, &error_)); });
  Must(tenter_recording_create(context_, &recording, &error_));
  tenter_program program = nullptr;
  Sweep(
      "recording_push, capture",
      [&] {
        tenter_code code = tenter_recording_push(context_, recording, &good, &error_);
        if (code == TENTER_OK)
          code = tenter_capture(context_, engine_, recording, &program, &error_);
        return code;
      },
      [&] { Must(tenter_program_free(context_, program, &error_)); });
  Must(tenter_recording_push(context_, recording, &good, &error_));
  Must(tenter_capture(context_, engine_, recording, &program, &error_));
  Sweep("replay", [&] {
    tenter_code code = tenter_replay(context_, program, nullptr, nullptr, &error_);
    size_t count = 0;
    const tenter_code waited = tenter_wait_for_all(context_, engine_, nullptr, 0, &count, &error_);
    return code == TENTER_OK ? waited : code;
  });
  tenter_trace trace = nullptr;
  Sweep(
      "trace_create", [&] { return tenter_trace_create(context_, &trace, &error_); },
      [&] { Must(tenter_trace_free(context_, trace, &error_)); });
  Must(tenter_trace_create(context_, &trace, &error_));
  Sweep("trace_json",
        [&] { return tenter_trace_json(context_, trace, nullptr, 0, &count_, &error_); });
}

// Freeing what lives: whoever is short of memory must be able to give some back.
TEST_P(CApiAllocation, Frees) {
  tenter_engine_options options = {};
  options.workers = GetParam();
  tenter_engine engine = nullptr;
  SweepFree("engine_free", &engine, &tenter_engine_free,
            [&] { Must(tenter_engine_create(context_, &options, &engine, &error_)); });
  tenter_op good = Op(&Succeeds, &var_);
  tenter_bulk bulk = nullptr;
  SweepFree("bulk_free, with an op", &bulk, &tenter_bulk_free, [&] {
    Must(tenter_bulk_create(context_, engine_, 4, &bulk, &error_));
    Must(tenter_bulk_push(context_, bulk, &good, &error_));
  });
  tenter_scope scope = nullptr;
  SweepFree("scope_free, with a failure", &scope, &tenter_scope_free, [&] {
    Must(tenter_scope_create(context_, engine_, &scope, &error_));
    tenter_op bad = Op(&Fails, &poisoned_);
    bad.scope = scope;
    Must(tenter_push(context_, engine_, &bad, nullptr, &error_));
  });
  tenter_recording recording = nullptr;
  const auto record = [&] {
    Must(tenter_recording_create(context_, &recording, &error_));
    Must(tenter_recording_push(context_, recording, &good, &error_));
  };
  SweepFree("recording_free", &recording, &tenter_recording_free, record);
  tenter_program program = nullptr;
  SweepFree("program_free", &program, &tenter_program_free, [&] {
    record();
    Must(tenter_capture(context_, engine_, recording, &program, &error_));
    Must(tenter_replay(context_, program, nullptr, nullptr, &error_));
    Must(tenter_recording_free(context_, recording, &error_));
  });
  tenter_trace trace = nullptr;
  SweepFree("trace_free", &trace, &tenter_trace_free,
            [&] { Must(tenter_trace_create(context_, &trace, &error_)); });
  const std::string bytes = ReluModelBytes();
  tenter_model model = nullptr;
  const auto load = [&] {
    Must(tenter_model_load_bytes(context_, bytes.data(), bytes.size(), "relu", &model, &error_));
  };
  SweepFree("model_free", &model, &tenter_model_free, load);
  load();
  tenter_cached_op op = nullptr;
  SweepFree("cached_op_free", &op, &tenter_cached_op_free, [&] {
    Must(tenter_cached_op_create(context_, engine_, model, nullptr, &op, &error_));
  });
  tenter_iterator iterator = nullptr;
  const int64_t dim = 2;
  tenter_csv_options csv = {};
  csv.row_dims = &dim;
  csv.row_rank = 1;
  csv.batch_size = 1;
  SweepFree("iterator_free", &iterator, &tenter_iterator_free, [&] {
    Must(tenter_csv_iterator_create(context_, csv_.c_str(), &csv, &iterator, &error_));
  });
}

TEST_P(CApiAllocation, ModelsAndCachedOps) {
  const std::string bytes = ReluModelBytes();
  tenter_model model = nullptr;
  const auto load = [&] {
    return tenter_model_load_bytes(context_, bytes.data(), bytes.size(), "relu", &model, &error_);
  };
  Sweep("model_load_bytes", load, [&] { Must(tenter_model_free(context_, model, &error_)); });
  const std::string path = testing::TempDir() + "capi_allocation.onnx";
  std::ofstream(path) << bytes;
  Sweep(
      "model_load", [&] { return tenter_model_load(context_, path.c_str(), &model, &error_); },
      [&] { Must(tenter_model_free(context_, model, &error_)); });
  std::remove(path.c_str());
  Must(load());
  size_t inputs = 0, outputs = 0;
  Sweep("model_arity",
        [&] { return tenter_model_arity(context_, model, &inputs, &outputs, &error_); });
  tenter_tensor description = {};
  char name[8];
  Sweep("model_input", [&] {
    return tenter_model_input(context_, model, 0, &description, name, sizeof(name), &error_);
  });
  Sweep("model_output", [&] {
    return tenter_model_output(context_, model, 0, &description, name, sizeof(name), &error_);
  });
  const void* data = nullptr;
  size_t size = 0;
  Sweep("model_parameters",
        [&] { return tenter_model_parameters(context_, model, &data, &size, &error_); });
  tenter_cached_op op = nullptr;
  tenter_cached_op_options options = {};
  options.reference_kernels = 1;
  Sweep(
      "cached_op_create",
      [&] { return tenter_cached_op_create(context_, engine_, model, &options, &op, &error_); },
      [&] { Must(tenter_cached_op_free(context_, op, &error_)); });
  float values[4] = {-1, 2, -3, 4};
  const tenter_tensor input = RowOf(values);
  tenter_tensor output = {};
  const auto invoke = [&] {
    return tenter_cached_op_invoke(context_, op, &input, 1, &output, 1, &error_);
  };
  Must(tenter_cached_op_create(context_, engine_, model, &options, &op, &error_));
  Sweep("cached_op_invoke, first ones", invoke, [&] {
    EXPECT_EQ(static_cast<float*>(output.data)[3], 4);
    tenter_tensor_release(&output);
    Must(tenter_cached_op_free(context_, op, &error_));
    Must(tenter_cached_op_create(context_, engine_, model, &options, &op, &error_));
  });
  Sweep("cached_op_invoke", invoke, [&] { tenter_tensor_release(&output); });
  tenter_footprint footprint = {};
  Sweep("cached_op_get_footprint",
        [&] { return tenter_cached_op_get_footprint(context_, op, &footprint, &error_); });
}

TEST_P(CApiAllocation, RequestsThatAreAnsweredLater) {
  const std::string bytes = ReluModelBytes();
  tenter_model model = nullptr;
  tenter_cached_op op = nullptr;
  tenter_cached_op_options options = {};
  options.reference_kernels = 1;
  Must(tenter_model_load_bytes(context_, bytes.data(), bytes.size(), "relu", &model, &error_));
  Must(tenter_cached_op_create(context_, engine_, model, &options, &op, &error_));
  float values[4] = {-1, 2, -3, 4};
  const tenter_tensor input = RowOf(values);
  tenter_tensor output = {};
  tenter_invoke_options with = {};
  with.timeout_ns = int64_t{1} << 50;
  with.priority = 1;
  Sweep(
      "cached_op_invoke_with",
      [&] {
        return tenter_cached_op_invoke_with(context_, op, &with, &input, 1, &output, 1, &error_);
      },
      [&] { tenter_tensor_release(&output); });
  Semaphore answers;
  const auto answer = [](void* arg, tenter_tensor* outputs, size_t count, const tenter_error*) {
    for (size_t i = 0; i < count; ++i) tenter_tensor_release(&outputs[i]);
    static_cast<Semaphore*>(arg)->Release();
  };
  uint64_t request = 0;
  Sweep(
      "cached_op_invoke_async",
      [&] {
        return tenter_cached_op_invoke_async(context_, op, nullptr, &input, 1, answer, &answers,
                                             &request, &error_);
      },
      [&] { answers.Acquire(); });
  Sweep("cached_op_cancel",
        [&] { return tenter_cached_op_cancel(context_, op, request, &error_); });
}

TEST_P(CApiAllocation, Iterators) {
  const int64_t dims[] = {2};
  tenter_csv_options options = {};
  options.row_dims = dims;
  options.row_rank = 1;
  options.bad_rows_max = 4;
  tenter_iterator iterator = nullptr;
  Sweep(
      "csv_iterator_create",
      [&] {
        return tenter_csv_iterator_create(context_, csv_.c_str(), &options, &iterator, &error_);
      },
      [&] { Must(tenter_iterator_free(context_, iterator, &error_)); });
  Must(tenter_csv_iterator_create(context_, csv_.c_str(), &options, &iterator, &error_));
  Sweep("iterator_reset, iterator_next", [&] {
    tenter_code code = tenter_iterator_reset(context_, iterator, &error_);
    for (bool more = true; more && code == TENTER_OK;) {
      tenter_batch batch = {};
      code = tenter_iterator_next(context_, iterator, &batch, &error_);
      more = batch.has_value != 0;
      if (code == TENTER_OK && more) tenter_tensor_release(&batch.data);
    }
    return code;
  });
  tenter_skipped_row rows[2] = {};
  uint64_t count = 0;
  Sweep("iterator_skipped",
        [&] { return tenter_iterator_skipped(context_, iterator, rows, 2, &count, &error_); });
  EXPECT_EQ(count, 1u);
  Sweep("iterator_close", [&] { return tenter_iterator_close(context_, iterator, &error_); });
}

}  // namespace
}  // namespace tenter
