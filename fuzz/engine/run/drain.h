// Drain: the end of a case. It waits until everything has ended, and looks at all that is left.
//
// Path: the pushers are done -> Drain -> Judge.
//
// Thread safety: one thread, when the pushers are gone.
// Ownership and lifetime: borrows everything. The engine is stopped afterwards.
#pragma once

#include "fuzz/engine/run/bodies.h"
#include "fuzz/engine/run/captured.h"
#include "fuzz/engine/run/scopes.h"

namespace tenter::fuzz {

class Drain {
 public:
  Drain(const Program& program, Engine& engine, const Tools& tools, Notes& notes)
      : program_(program), engine_(engine), tools_(tools), notes_(notes) {}

  void Run(Bodies& bodies, const Letters& letters, const Scopes& scopes,
           const CapturedPrograms& captured);

 private:
  size_t WaitForAll();
  size_t CountLate(const std::vector<FailureSeen>& reported) const;
  size_t ExpectedLate() const;
  void AwaitLate(size_t reported);
  void LookAtVars(const Bodies& bodies, const Letters& letters);

  const Program& program_;
  Engine& engine_;
  const Tools& tools_;
  Notes& notes_;
};

}  // namespace tenter::fuzz
