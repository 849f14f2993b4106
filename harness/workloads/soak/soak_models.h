// SoakModels: the models of a soak. One op stays from its beginning to its end; beside it models
// are loaded, called and freed again, also while requests of them are in flight.
//
// Path: Soak::Round -> Fill -> (callers) Lend, Renew -> Empty.
//
// What stays shows what an op gathers with its requests, its failures and its signatures; what
// comes and goes shows what a life leaves behind.
//
// Thread safety: Lend, MayBeFreed and Renew from any thread; the rest by the thread that runs the
//   soak, while no other one calls.
// Ownership and lifetime: owns models, engines and ops; borrows the stage. Inputs and right answers
//   are learned once, and stay.
// Invariants: (1) stall 0 is the op that stays. (2) an op is freed only after MayBeFreed says so:
//   a refusal seen earlier is a finding. (3) a stall is renewed by one thread at a time; meanwhile
//   its old op is still lent, so that there are calls after the free.
// Errors: what the target refuses in the set-up is a Status; later it is a finding. A load that an
//   injected fault made fail is neither: it is made again, and TakeFailures tells of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/workloads/handles.h"
#include "harness/workloads/inference/model_inputs.h"
#include "harness/workloads/workload.h"
#include "runtime/base/atomic.h"
#include "runtime/base/unseen_mutex.h"

namespace tenter {

class SoakModels {
 public:
  struct Lent {
    size_t stall;
    uint64_t life;  // of the stall
    tgt_handle op;
    const ModelInputs* inputs;
  };

  explicit SoakModels(const Stage& stage);

  // Learns inputs and answers, and makes what stays.
  Status Open();
  // Every stall has a model from here on.
  Status Fill();
  // None but the one that stays; with that, no model at all.
  void Empty();
  void Close();

  size_t stalls() const { return stalls_.size(); }
  Lent Lend(size_t stall) EXCLUDES(mutex_);
  bool MayBeFreed(const Lent& lent) EXCLUDES(mutex_);
  // Frees what a stall has, and loads another one. Nothing where somebody does so already.
  void Renew(size_t stall) EXCLUDES(mutex_);

  // The errors of loads that injected faults made fail, since the last time.
  std::vector<tgt_error> TakeFailures() EXCLUDES(mutex_);

  int64_t loads() const { return loads_.Load(kRelaxed); }
  // Of the op that stays; 0 when the target does not tell. Batched: requests that ran as one with
  // others.
  int64_t compilations() const {
    return static_cast<int64_t>(FootprintOfTheStaying().compilations);
  }
  int64_t batched() const { return static_cast<int64_t>(FootprintOfTheStaying().batched); }
  // How many different answers each model has, for whoever asks whether a mix-up would show.
  bool answers_differ() const;

 private:
  // One model that was loaded, with an engine and an op. Freed in the other order.
  struct Made {
    explicit Made(const Stage& stage)
        : model(stage, kModelHandle), engine(stage, kEngineHandle), op(stage, kOpHandle) {}
    Handle model, engine, op;
  };
  struct Stall {
    std::unique_ptr<Made> made;  // of whoever renews
    tgt_handle op = 0;
    uint64_t life = 0;
    bool renewed = false;  // by somebody now
  };
  // Which of the files a stall has in a life.
  size_t FileOf(size_t stall, uint64_t life) const { return (stall + life) % files_.size(); }
  tgt_footprint FootprintOfTheStaying() const;
  Result<std::unique_ptr<Made>> Make(size_t file, tgt_error* error);
  // Again as long as it is a fault of the plan that makes it fail, but not for ever.
  Result<std::unique_ptr<Made>> MakeInSpiteOfFaults(size_t file) EXCLUDES(mutex_);
  void Install(size_t stall, std::unique_ptr<Made> made) EXCLUDES(mutex_);

  const Stage& stage_;
  const tgt_target& table_;
  std::vector<std::string> files_;
  std::vector<ModelInputs> inputs_;  // beside files_
  Atomic<int64_t> loads_ = 0;        // a count
  UnseenMutex mutex_;
  std::vector<Stall> stalls_;  // their number is constant; all else is guarded by mutex_
  std::vector<tgt_error> failures_ GUARDED_BY(mutex_);
};

}  // namespace tenter
