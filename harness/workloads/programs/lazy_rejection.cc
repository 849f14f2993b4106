// Lazy rejection: the first published example of MXNet's exception-handling design. A
// random-normal op gets scale -1; the argument is rejected only when the op runs, on a worker.
// WaitForAll must report it, once, and the process must live.
#include <cstring>
#include <random>

#include "harness/workloads/handles.h"
#include "harness/workloads/workload.h"

namespace tenter {
namespace {

struct Normal {
  double loc, scale;
  uint64_t seed;
  double sample = 0;
};

// mx.nd.random_normal(loc, scale): draws when it runs.
tgt_code RandomNormal(void* arg, const tgt_op_context*, tgt_error* error) {
  auto* normal = static_cast<Normal*>(arg);
  if (normal->scale <= 0) {
    std::strncpy(error->message, "random_normal: scale must be positive",
                 sizeof(error->message) - 1);
    return TGT_INVALID_ARGUMENT;
  }
  std::mt19937_64 generator(normal->seed);
  normal->sample = std::normal_distribution<double>(normal->loc, normal->scale)(generator);
  return TGT_OK;
}

class RejectionRun {
 public:
  explicit RejectionRun(Stage& stage) : stage_(stage), table_(stage.target.table()) {}

  Status Run() {
    tgt_error error = {};
    Handle engine(stage_, kEngineHandle);
    const tgt_engine_options options{static_cast<int32_t>(stage_.parameters.Int("workers")), 0};
    TENTER_RETURN_IF_ERROR(
        SetUp(table_.engine_create(stage_.target.self(), &options, engine.out(), &error), error,
              "engine"));
    const int64_t rounds = stage_.parameters.Int("rounds");
    stage_.progress.Begin("rounds", static_cast<uint64_t>(rounds));
    TENTER_RETURN_IF_ERROR(stage_.injector.Arm());
    for (int64_t round = 0; round < rounds; ++round) {
      TENTER_RETURN_IF_ERROR(Round(engine.get(), static_cast<uint64_t>(round)));
      stage_.progress.Step();
    }
    stage_.board.Expose("rounds", rounds);
    return {};
  }

 private:
  // A good draw, a bad one, and one more good one; then WaitForAll twice.
  Status Round(tgt_handle engine, uint64_t seed) {
    Normal draws[] = {{0, 1, seed}, {0, -1, seed}, {5, 2, seed}};
    tgt_error error = {};
    tgt_var vars[3];
    for (int i = 0; i < 3; ++i) {
      TENTER_RETURN_IF_ERROR(
          SetUp(table_.var_create(stage_.target.self(), engine, &vars[i], &error), error, "var"));
      tgt_op op = {};
      op.name = i == 1 ? "random_normal(scale=-1)" : "random_normal";
      op.writes = &vars[i];
      op.write_count = 1;
      op.run = RandomNormal;
      op.arg = &draws[i];
      // The argument must not be looked at here: the design is about errors that come later.
      TENTER_RETURN_IF_ERROR(
          SetUp(table_.push(stage_.target.self(), engine, &op, nullptr, &error), error, "push"));
    }
    Expect(engine, 1);
    Expect(engine, 0);
    for (int i = 0; i < 3; i += 2) ExpectHealthy(engine, vars[i]);
    for (const tgt_var& var : vars)
      static_cast<void>(table_.var_delete(stage_.target.self(), engine, var, &error));
    return {};
  }

  void Expect(tgt_handle engine, size_t failures) {
    tgt_failure failure = {};
    tgt_error error = {};
    size_t count = 0;
    const tgt_code code =
        table_.wait_for_all(stage_.target.self(), engine, &failure, 1, &count, &error);
    stage_.board.Examine(kErrorExactness);
    const bool right = code == TGT_OK && count == failures &&
                       (failures == 0 ||
                        (std::strcmp(failure.op, "random_normal(scale=-1)") == 0 &&
                         std::strstr(failure.error.message, "scale must be positive") != nullptr));
    if (right) return;
    stage_.board.Report({.check = &kErrorExactness,
                         .contract = "ERR-6",
                         .what = failures == 0 ? "wait-all reports twice" : "lazy rejection lost",
                         .title = "WaitForAll reported " + std::to_string(count) +
                                  " failures, expected " + std::to_string(failures),
                         .detail = count > 0
                                       ? std::string(failure.op) + ": " + failure.error.message
                                       : ErrorText(error)});
  }

  void ExpectHealthy(tgt_handle engine, tgt_var var) {
    tgt_failure failure = {};
    tgt_error error = {};
    stage_.board.Examine(kErrorExactness);
    if (table_.wait_for_var(stage_.target.self(), engine, var, &failure, &error) == TGT_OK) return;
    stage_.board.Report({.check = &kErrorExactness,
                         .contract = "ERR-2",
                         .what = "error at the wrong waiter",
                         .title = "a draw with a valid scale failed: " + ErrorText(error)});
  }

  Stage& stage_;
  const tgt_target& table_;
};

Status RunLazyRejection(Stage& stage) { return RejectionRun(stage).Run(); }

}  // namespace

WorkloadType LazyRejection() {
  return {.kind = "lazy_rejection",
          .meaning = "an op that rejects its argument only when it runs, seen by wait-all",
          .groups = TGT_ENGINE,
          .parameters = {{"workers", int64_t{2}, "workers of the engine; 0 is the naive engine"},
                         {"rounds", int64_t{100}, "times that the program is run", 1}},
          .checks = {"error_exactness", "liveness", "data_race"},
          .exposes = {"rounds"},
          .run = RunLazyRejection};
}

}  // namespace tenter
