// Soak: threads, models and requests come and go, for minutes or hours; and what the process holds
// stays what it was.
//
// Path: Round: models are loaded -> threads live and end, and others take their place -> every
// request is answered, every model but one is freed -> errors are held against faults -> the
// process is looked at. So for each round; at the end the series are judged.
#include "harness/workloads/soak/soak_caller.h"
#include "harness/workloads/soak/soak_clock.h"
#include "harness/workloads/soak/soak_ledger.h"
#include "harness/workloads/soak/soak_models.h"
#include "harness/workloads/soak/soak_requests.h"
#include "harness/workloads/soak/soak_seats.h"
#include "harness/workloads/workload.h"

namespace tenter {
namespace {

class Soak {
 public:
  explicit Soak(Stage& stage)
      : stage_(stage),
        rounds_(stage.parameters.Int("rounds")),
        clock_(rounds_, stage.parameters.Int("seconds"), stage.parameters.Int("calls"),
               &stage.progress),
        models_(stage),
        requests_(stage, &models_, &clock_),
        seats_(static_cast<size_t>(stage.parameters.Int("threads"))),
        ledger_(stage, static_cast<size_t>(rounds_)) {}

  Status Run() {
    TENTER_RETURN_IF_ERROR(models_.Open());
    clock_.Begin(SettlingCalls());
    TENTER_RETURN_IF_ERROR(stage_.injector.Arm());
    for (int64_t round = 0; round < rounds_; ++round) TENTER_RETURN_IF_ERROR(Round(round));
    ledger_.Judge();
    Expose();
    models_.Close();
    return {};
  }

 private:
  Status Round(int64_t round) {
    TENTER_RETURN_IF_ERROR(models_.Fill());
    clock_.NewRound(round);
    stage_.progress.SetSuspect([] { return std::string_view("COP-1"); });
    const uint64_t seed = CombineHash(stage_.seed, static_cast<uint64_t>(round));
    const Status lived = seats_.Run([this] { return clock_.More(); },
                                    [this, seed](size_t seat, uint64_t life) {
                                      stage_.flight.NameThisThread();
                                      SoakCaller(stage_, &models_, &requests_, &clock_,
                                                 CombineHash(CombineHash(seed, seat), life))
                                          .Live();
                                    },
                                    [this] { ledger_.AddBusy(); });
    requests_.AwaitAll();
    stage_.progress.SetSuspect(nullptr);
    TENTER_RETURN_IF_ERROR(lived);
    models_.Empty();
    Settle();
    requests_.Match();
    ledger_.AddQuiet();
    return {};
  }

  // Brings the op that stays to the same plans and as many arenas at the end of each round: those
  // of the last inputs, with as many requests at once as may run.
  void Settle() {
    const SoakModels::Lent stays = models_.Lend(0);
    for (size_t sample = 0; sample < stays.inputs->size(); ++sample) {
      for (int64_t i = 0; i < Together(); ++i)
        requests_.Ask(stays, {.sample = sample, .settles = true});
      requests_.AwaitAll();
      requests_.Call(stays, {.sample = sample, .settles = true});
    }
  }

  int64_t Together() const {
    return requests_.answers_later() ? stage_.parameters.Int("in_flight_max") : 0;
  }
  int64_t SettlingCalls() {
    return static_cast<int64_t>(models_.Lend(0).inputs->size()) * (Together() + 1);
  }

  void Expose() {
    CheckBoard& board = stage_.board;
    board.Expose("threads", stage_.parameters.Int("threads"));
    board.Expose("lives", seats_.lives());
    board.Expose("loads", models_.loads());
    board.Expose("inferences", requests_.answers());
    board.Expose("in_flight_max", requests_.in_flight_max());
    board.Expose("failed_requests", requests_.failed());
    board.Expose("refused_requests", requests_.refused());
    board.Expose("closed_requests", requests_.closed());
    board.Expose("withdrawn_requests", requests_.withdrawn());
    board.Expose("late_requests", requests_.late());
    board.Expose("compilations", models_.compilations());
    board.Expose("batched_requests", models_.batched());
    if (requests_.in_flight_max() < 2)
      board.NoPower(kDeterminism, "no two requests were in flight together");
    if (requests_.answers() == 0) board.NoPower(kDeterminism, "no request was answered");
    if (!models_.answers_differ())
      board.NoPower(kDeterminism, "some inputs have the same answer: mix-ups could not be seen");
    if (stage_.injector.has_failures() && !requests_.faults_fired())
      board.NoPower(kErrorExactness, "no fault fired");
  }

  Stage& stage_;
  const int64_t rounds_;
  SoakClock clock_;
  SoakModels models_;
  SoakRequests requests_;
  SoakSeats seats_;
  SoakLedger ledger_;
};

Status RunSoak(Stage& stage) {
  const Parameters& p = stage.parameters;
  if (p.Int("later") == 0 && p.Int("withdrawn_percent") + p.Int("deadline_percent") > 0)
    return {
        StatusCode::kInvalidArgument,
        "workload: withdrawn_percent and deadline_percent are of calls that are not waited for; "
        "set later, or both to 0"};
  if (p.Int("seconds") == 0 && p.Int("calls") == 0)
    return {StatusCode::kInvalidArgument,
            "workload: a soak lasts some seconds, or so many calls in each round; set one of them"};
  return Soak(stage).Run();
}

}  // namespace

WorkloadType SoakOfModels() {
  return {
      .kind = "soak",
      .meaning = "threads, models and requests come and go, and nothing grows",
      .groups = TGT_MODEL,
      .parameters =
          {{"model", std::string(), "model file; an op of it stays for the whole run"},
           {"second_file", std::string(), "another model file, by turns with the first one"},
           {"threads", int64_t{16}, "threads that live at the same time", 1},
           {"calls_per_life", int64_t{48}, "calls that a thread makes before it ends, at most", 1},
           {"models", int64_t{3}, "models that come and go beside the one that stays"},
           {"renew_percent", int64_t{1}, "of all calls: a model is freed and loaded again first", 0,
            100},
           {"rounds", int64_t{32}, "after each every thread has ended, and memory is read", 1},
           {"seconds", int64_t{0}, "of all rounds; 0: they last so many calls"},
           {"calls", int64_t{400}, "calls in each round, where seconds is 0"},
           {"later", int64_t{64}, "requests in flight that nobody waits for, at most"},
           {"withdrawn_percent", int64_t{10}, "of all calls: cancelled while they wait or run", 0,
            100},
           {"deadline_percent", int64_t{10}, "of all calls: with a deadline, from 1 us to 20 ms", 0,
            100},
           {"wrong_percent", int64_t{5}, "of all calls: with a wrong shape", 0, 100},
           {"inputs", int64_t{8}, "different inputs of each model", 1},
           {"shape_variants", int64_t{4}, "input signatures to spread the inputs over", 1},
           {"plans_max", int64_t{2}, "of them that stay compiled; the others come and go", 1},
           {"workers", int64_t{2}, "workers of each engine; 0 is the naive engine"},
           {"in_flight_max", int64_t{4}, "requests of an op that may run at once", 1},
           {"batch", int64_t{1}, "requests of one signature that may run as one", 1, 128},
           {"intra_op", int64_t{1}, "threads that compute a kernel together", 1, 64},
           {"way", std::string(), "serial, inline, dataflow or direct; empty: the target's own"},
           {"reference_kernels", false, "run the reference kernels instead of oneDNN's"},
           {"input_shape", std::string(), "of the first model: 1,3,48,192 or name=1,8;..."},
           {"growth_kb", int64_t{1024},
            "of memory over the last half; 0: pages and mappings are not judged"}},
      .checks = {"determinism", "error_exactness", "leak", "life", "liveness", "data_race"},
      .exposes = {"threads", "lives", "loads", "inferences", "in_flight_max", "failed_requests",
                  "refused_requests", "closed_requests", "withdrawn_requests", "late_requests",
                  "compilations", "batched_requests", "growth_kb", "growth_resident_kb",
                  "growth_busy_kb", "growth_blocks", "growth_threads", "growth_descriptors",
                  "growth_mappings"},
      .run = RunSoak};
}

}  // namespace tenter
