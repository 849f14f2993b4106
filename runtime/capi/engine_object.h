// EngineObject, RecordingObject, ProgramObject: what the handles of the engine's functions stand
// for.
//
// LOCK ORDER: RecordingObject::mutex is held over Recording::Push and nothing else.
//
// Thread safety: EngineObject and ProgramObject are constant, and what they point to is safe from
//   any thread; a recording has a lock.
// Ownership and lifetime: a program keeps its engine alive. Members are destroyed in reverse order:
//   the program before the engine that it borrows.
// Invariants: none.
// Errors: FindEngine answers kStaleHandle.
#pragma once

#include <memory>

#include "runtime/base/mutex.h"
#include "runtime/capi/recent_failures.h"
#include "runtime/engine/engine.h"

struct tenter_context;

namespace tenter {

struct EngineObject {
  const std::shared_ptr<Engine> engine;
  const int workers = 0;
  RecentFailures failures = {};
};

struct RecordingObject {
  Mutex mutex;
  Recording ops GUARDED_BY(mutex);
};

struct ProgramObject {
  const std::shared_ptr<EngineObject> engine;
  const ProgramPtr program;
};

Result<std::shared_ptr<Engine>> FindEngine(tenter_context* context, tenter_handle handle);

}  // namespace tenter
