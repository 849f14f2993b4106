// Wake: a body that blocks until it is cancelled, and what the callback does that wakes it
// (ERR-12).
//
// Path: Bodies::RunSync of an op that `blocks` -> AwaitCancel -> JudgeCancels.
//
// Thread safety: the callback runs on the thread that cancels. `run` belongs to the body, which
//   looks at it without asking anybody as soon as the callback is gone: an engine that lets the
//   callback run on is a data race that ThreadSanitizer can see.
// Ownership and lifetime: notes and run outlive the engine. The callback works with copies of what
//   it captured: an engine that does not wait for it destroys it while it runs.
#pragma once

#include <memory>

#include "fuzz/engine/run/notes.h"
#include "runtime/base/clock.h"
#include "runtime/base/gate.h"
#include "runtime/engine/cancel.h"

namespace tenter::fuzz {

// The callback stays for `stay_ns` after it has woken the body.
inline void AwaitCancel(const CancelToken& token, int64_t stay_ns, Notes& notes, RunSeen* run) {
  const auto cancelled = std::make_shared<Gate>();
  {
    const CancelCallback callback(token, [captured = cancelled, stay_ns, to = &notes, run] {
      const std::shared_ptr<Gate> gate = captured;
      const int64_t stay = stay_ns;
      Notes* const noted = to;
      RunSeen* const woken = run;
      ++woken->wakes;
      woken->wake.begin = noted->Stamp();
      gate->Open();
      if (stay > 0) SleepNs(stay);
      woken->wake.end = noted->Stamp();
    });
    cancelled->Wait();
  }
  run->callback_gone = notes.Stamp();
  run->left_inside = run->wake.end == 0;
}

}  // namespace tenter::fuzz
