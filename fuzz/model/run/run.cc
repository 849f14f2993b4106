#include "fuzz/model/run/run.h"

#include <algorithm>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/model/run/arrivals.h"
#include "fuzz/model/run/caller.h"
#include "fuzz/model/run/growth.h"
#include "fuzz/model/run/onnx_bytes.h"
#include "fuzz/model/run/sites.h"
#include "fuzz/model/run/taken.h"
#include "fuzz/process/thread_count.h"
#include "fuzz/target/memory_file.h"
#include "fuzz/target/together.h"
#include "runtime/base/rng.h"

namespace tenter::fuzz::model {
namespace {

class Running {
 public:
  Running(const Program& program, const TargetInstance& target, Sites* sites, Watchdog* watchdog,
          History* history)
      : program_(program),
        target_(target),
        sites_(*sites),
        watchdog_(*watchdog),
        history_(*history),
        callee_{.program = program, .target = target, .stamps = &stamps_} {}

  void Run() {
    history_.create = Create();
    if (history_.create != TGT_OK) return;
    const uint64_t before = ParametersHash();
    CallAll();
    sites_.Disarm();
    history_.strikes = sites_.strikes();
    for (int op = 0; op < program_.ops; ++op) history_.rests.push_back(RestOf(op));
    history_.most_arena_bytes = MostArenaBytes();
    if (program_.waiting > 0 && program_.safe) history_.served = ServedInTurn();
    if (program_.waiting > 0) history_.taken = AskedInVain();
    history_.parameters_changed = ParametersHash() != before;
    CountEngine();
    history_.growth = KeptByFailures();
    watchdog_.SetDescribe(nullptr);
  }

 private:
  const tgt_target& table() const { return target_.table(); }
  std::string Engine() const { return has_engine() ? DescribeEngine(target_, callee_.engine) : ""; }
  bool has_engine() const { return (table().groups & TGT_ENGINE) != 0; }

  tgt_code Create() {
    tgt_error* const error = &history_.create_error;
    const tgt_engine_options engine = {.workers = program_.workers, .run_dependents = 0};
    tgt_code code = TGT_OK;
    if (has_engine()) code = table().engine_create(target_.self(), &engine, &callee_.engine, error);
    const bool is_ours = std::string_view(table().name) == "reference";
    const MemoryFile file("drawn.onnx",
                          OnnxBytes(program_.graph, *SizesOf(program_).begin(), is_ours));
    if (code == TGT_OK)
      code = table().model_load(target_.self(), file.path().c_str(), &model_, error);
    const tgt_cached_op_options options = Options(program_.flight);
    for (int i = 0; i < program_.ops && code == TGT_OK; ++i)
      code = table().cached_op_create(target_.self(), callee_.engine, model_, &options,
                                      &callee_.ops.emplace_back(), error);
    return code;
  }

  tgt_cached_op_options Options(int64_t flight) const {
    return {.thread_safe = program_.safe ? 1 : 0,
            .refuse_when_full = program_.refuse ? 1 : 0,
            .reference_kernels = program_.reference ? 1 : 0,
            .in_flight_max = static_cast<uint64_t>(flight),
            .plans_max = static_cast<uint64_t>(program_.plans),
            .way = (table().ways >> program_.way & 1) != 0 ? program_.way : TGT_WAY_DEFAULT,
            .batch_max = static_cast<uint64_t>(program_.batch),
            .intra_op = static_cast<uint64_t>(program_.intra),
            .grain = 1};
  }

  // Of a target that does not show its parameters, always the same.
  uint64_t ParametersHash() {
    const void* data = nullptr;
    size_t size = 0;
    tgt_error error = {};
    if (table().model_parameters == nullptr ||
        table().model_parameters(target_.self(), model_, &data, &size, &error) != TGT_OK)
      return 0;
    return HashBytes({static_cast<const char*>(data), size});
  }

  void CallAll() {
    std::list<Caller> callers;
    for (int i = 0; i < Callers(program_); ++i) callers.emplace_back(callee_, i);
    watchdog_.SetDescribe([this, &callers] { return DescribeAll(callers) + Engine(); });
    RunTogether("caller", &callers);
    for (Caller& caller : callers) history_.callers.push_back(caller.Finish());
    watchdog_.SetDescribe([this] {
      return std::string("all callers have returned, and calls are made one after the other\n") +
             Engine();
    });
  }

  // Two calls of each size, one after the other, and what the op holds then.
  Rest RestOf(int op) {
    Rest rest;
    Caller alone(callee_, kNobody);
    for (const int64_t size : SizesOf(program_))
      for (const uint64_t seed : {101, 102})
        rest.again.push_back(alone.Do({.op = op, .size = size}, seed, nullptr));
    rest.looked = Look(callee_.ops[static_cast<size_t>(op)], &rest.footprint);
    return rest;
  }

  bool Look(tgt_handle op, tgt_footprint* footprint) {
    tgt_error error = {};
    return table().footprint != nullptr &&
           table().footprint(target_.self(), op, footprint, &error) == TGT_OK;
  }

  // An op of its own; without one when the engine was stopped.
  Callee Fresh(const tgt_cached_op_options& options) {
    Callee fresh{
        .program = program_, .target = target_, .engine = callee_.engine, .stamps = &stamps_};
    tgt_error error = {};
    tgt_handle op = 0;
    if (table().cached_op_create(target_.self(), callee_.engine, model_, &options, &op, &error) ==
        TGT_OK)
      fresh.ops.push_back(op);
    return fresh;
  }

  void Free(const Callee& fresh) {
    tgt_error error = {};
    table().free_handle(target_.self(), fresh.ops[0], &error);
  }

  // Of an op of its own. Nothing when there is none, as of an engine that was stopped, or when the
  // call is none that is answered well.
  Served ServedInTurn() {
    tgt_cached_op_options one = Options(1);
    one.refuse_when_full = 0;
    const Callee fresh = Fresh(one);
    const Call call{.size = *SizesOf(program_).begin(), .seed = 101};
    Served served;
    if (fresh.ops.empty()) return served;
    if (Caller(fresh, 0).Do(call, call.seed, nullptr).code == TGT_OK)
      served = Arrive(fresh, call, program_.waiting, &sites_);
    Free(fresh);
    return served;
  }

  // As above, with the program's own way to meet a call for which there is no place. Where those
  // that wait for the one place may run as one, they do.
  Taken AskedInVain() {
    const bool may_run_as_one = program_.workers == 1 && !program_.refuse;
    const Callee fresh = Fresh(Options(may_run_as_one ? program_.batch : 1));
    const Call call{.size = *SizesOf(program_).begin(), .seed = 101};
    Taken taken;
    if (fresh.ops.empty()) return taken;
    if (Caller(fresh, 0).Do(call, call.seed, nullptr).code == TGT_OK)
      taken = AskWhileTaken(fresh, call, &sites_);
    Free(fresh);
    return taken;
  }

  // The most that is kept of any fault, which strikes each call of an op of its own, or of the
  // wrong requests that the program makes.
  Growth KeptByFailures() {
    Growth most = KeptOf(Sites::kNoFault);
    for (size_t fault = 0; fault < std::min(program_.faults.size(), Sites::kMostFaults); ++fault)
      if (const Growth kept = KeptOf(fault); kept.bytes > most.bytes) most = kept;
    return most;
  }

  Growth KeptOf(size_t fault) {
    const Callee fresh = Fresh(Options(program_.flight));
    if (fresh.ops.empty()) return {};
    Caller caller(fresh, 0);
    sites_.StrikeAlways(fault);
    const Growth growth = GrowthOf([&] {
      caller.Do({.size = *SizesOf(program_).begin()}, 101, nullptr);
      for (const Call& call : program_.calls)
        if (call.verb == Verb::kBad)
          caller.Do({.verb = call.verb, .size = call.size, .bad = call.bad}, call.seed, nullptr);
      tgt_error error = {};
      size_t failures = 0;
      if (has_engine())
        table().wait_for_all(target_.self(), callee_.engine, nullptr, 0, &failures, &error);
    });
    sites_.StrikeAlways(Sites::kNoFault);
    Free(fresh);
    return growth;
  }

  // What one request holds at most; 0 when it cannot be told of some size. Several that run as one
  // hold what one of so many rows does: other kernels may serve it.
  uint64_t MostArenaBytes() {
    uint64_t most = 0;
    for (const int64_t size : SizesOf(program_))
      for (int together = 1; together <= program_.batch; together *= 2) {
        const std::optional<uint64_t> bytes = ArenaBytesOf(together * size);
        if (!bytes) return 0;
        most = std::max(most, *bytes);
      }
    return most;
  }

  // What a request of this size holds: an op of its own, called once, tells. Nothing when it does
  // not, or when the engine was stopped or the request is a wrong one.
  std::optional<uint64_t> ArenaBytesOf(int64_t size) {
    const Callee fresh = Fresh(Options(1));
    if (fresh.ops.empty()) return std::nullopt;
    tgt_footprint footprint = {};
    const bool told = Caller(fresh, 0).Do({.size = size}, 0, nullptr).code == TGT_OK &&
                      Look(fresh.ops[0], &footprint);
    Free(fresh);
    return told ? std::optional(footprint.arena_bytes) : std::nullopt;
  }

  void CountEngine() {
    tgt_error error = {};
    if (!has_engine()) return;
    size_t failures = 0;
    tgt_failure failure = {};
    table().wait_for_all(target_.self(), callee_.engine, &failure, 1, &failures, &error);
    history_.has_engine_counts =
        table().engine_counts(target_.self(), callee_.engine, &history_.engine, &error) == TGT_OK;
    history_.told_to_engine = failures;
  }

  const Program& program_;
  const TargetInstance& target_;
  Sites& sites_;
  Watchdog& watchdog_;
  History& history_;
  Atomic<uint64_t> stamps_ = 1;
  Callee callee_;
  tgt_handle model_ = 0;
};

}  // namespace

History RunProgram(const Program& program, const tgt_target& table, uint64_t round,
                   Watchdog* watchdog) {
  History history;
  history.least_recent_plan_goes = table.least_recent_plan_goes != 0;
  Sites sites(program, round);
  watchdog->Begin();
  const int threads = ThreadCount();
  const int64_t descriptors = DescriptorCount();
  {
    auto target = TargetInstance::Open(&table, sites.host());
    TENTER_CHECK(target.ok(), target.status().message());
    Running(program, **target, &sites, watchdog, &history).Run();
  }
  history.threads_left = ThreadsLeft(threads);
  history.descriptors_left = DescriptorCount() - descriptors;
  watchdog->End();
  return history;
}

}  // namespace tenter::fuzz::model
