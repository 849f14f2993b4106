// PlainCalls: every op is a function call on the pushing thread; the work itself, without an
// engine.
//
// Thread safety: Contender's.
// Ownership and lifetime: Contender's.
// Invariants: program order is the order of execution.
#pragma once

#include "bench/contender/contender.h"

namespace tenter::bench {

class PlainCalls final : public Contender {
 public:
  Description description() const override { return {"calls", "plain calls, one thread", ""}; }
  Abilities abilities() const override { return {.many_pushers = false}; }
  void Prepare(const Program&, Work& work) override { work_ = &work; }
  void Push(size_t first, size_t last) override {
    for (size_t op = first; op < last; ++op) work_->Run();
  }
  void WaitAll() override {}
  void RoundTrip(size_t) override { work_->Run(); }
  void Clear() override {}

 private:
  Work* work_ = nullptr;
};

}  // namespace tenter::bench
