// The fixture of the engine tests: every test runs on the naive engine and on 1, 2 and 4 workers.
//
// Thread safety: one per test.
// Ownership and lifetime: owns the engine; TearDown checks that nothing is left alive in it.
// Errors: as gtest assertions.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/atomic.h"
#include "runtime/base/gate.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"
#include "runtime/engine/engine.h"

namespace tenter {

// Carries a completion handle from the body of an async op to another thread.
class HandleBox {
 public:
  void Put(Completion handle) {
    MutexLock lock(mutex_);
    handle_.emplace(std::move(handle));
    changed_.NotifyAll();
  }
  // Says that none will come any more.
  void PutNothing() {
    MutexLock lock(mutex_);
    over_ = true;
    changed_.NotifyAll();
  }
  // Blocks until there is one, and uses it; or until none will come.
  void CompleteIfAny() {
    std::optional<Completion> handle;
    {
      MutexLock lock(mutex_);
      while (!handle_.has_value() && !over_) changed_.Wait(mutex_);
      if (handle_.has_value()) handle.emplace(std::move(*handle_));
      handle_.reset();
    }
    if (handle.has_value()) handle->Done();
  }
  // Blocks until there is one.
  Completion Take() {
    MutexLock lock(mutex_);
    while (!handle_.has_value()) changed_.Wait(mutex_);
    Completion handle = std::move(*handle_);
    handle_.reset();
    return handle;
  }

 private:
  Mutex mutex_;
  std::optional<Completion> handle_ GUARDED_BY(mutex_);
  bool over_ GUARDED_BY(mutex_) = false;
  CondVar changed_;
};

class EngineTest : public testing::TestWithParam<int> {
 protected:
  void Make(ErrorPolicy policy = ErrorPolicy::kSkipDependents) {
    engine_ = MakeEngine({.workers = GetParam(), .error_policy = policy});
  }
  void SetUp() override { Make(); }
  void TearDown() override {
    if (engine_ == nullptr) return;
    EXPECT_TRUE(engine_->Stop(StopMode::kDrain).ok());
    const EngineCounts counts = engine_->counts();
    EXPECT_EQ(counts.live_ops, 0u);
    // ENG-5: every op ended exactly once, in one of three ways.
    EXPECT_EQ(counts.pushed, counts.ran + counts.skipped + counts.cancelled);
  }

  bool naive() const { return GetParam() == 0; }
  Var NewVar() { return engine_->NewVar().value(); }

  uint64_t Push(std::string name, std::vector<Var> reads, std::vector<Var> writes,
                std::function<void()> body, int priority = 0) {
    return engine_
        ->Push({.name = std::move(name),
                .reads = std::move(reads),
                .writes = std::move(writes),
                .priority = priority,
                .body = [run = std::move(body)](const OpContext&) { run(); }})
        .value();
  }
  uint64_t PushAsync(std::string name, std::vector<Var> reads, std::vector<Var> writes,
                     std::function<void(Completion)> body) {
    return engine_
        ->Push({.name = std::move(name),
                .reads = std::move(reads),
                .writes = std::move(writes),
                .body = [run = std::move(body)](const OpContext&,
                                                Completion done) { run(std::move(done)); }})
        .value();
  }

  std::unique_ptr<Engine> engine_;
};

inline std::string EngineName(const testing::TestParamInfo<int>& info) {
  return info.param == 0 ? "Naive" : "Workers" + std::to_string(info.param);
}

}  // namespace tenter

#define TENTER_INSTANTIATE_ENGINES(Suite) \
  INSTANTIATE_TEST_SUITE_P(Engines, Suite, testing::Values(0, 1, 2, 4), EngineName)
