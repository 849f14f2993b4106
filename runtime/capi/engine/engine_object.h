// EngineObject, BulkObject, RecordingObject, ProgramObject, TraceObject: what the handles of the
// engine's functions stand for.
//
// LOCK ORDER: RecordingObject::mutex is held over Recording::Push and nothing else.
//
// Thread safety: a recording has a lock; the others are constant, and what they hold or point to is
//   safe from any thread.
// Ownership and lifetime: a program and a bulk keep their engine alive, and an engine its trace
//   (tenter_context::Share). Members are destroyed in reverse order: the program or bulk before the
//   engine that it borrows.
#pragma once

#include <memory>

#include "runtime/base/atomic.h"
#include "runtime/capi/context/fork_mutex.h"
#include "runtime/capi/engine/recent_failures.h"
#include "runtime/capi/engine/scope_object.h"
#include "runtime/engine/engine.h"

namespace tenter {

struct EngineObject {
  const std::shared_ptr<Engine> engine;
  const int workers = 0;
  RecentFailures failures = {};
};

struct BulkObject {
  // While the engine still knows the bulk, so that no wait overlooks what was pushed.
  ~BulkObject() { static_cast<void>(bulk->Flush()); }

  const std::shared_ptr<EngineObject> engine;
  const std::unique_ptr<Bulk> bulk;
};

struct TraceObject {
  Tracer tracer = {};
  Atomic<bool> taken = false;  // by an engine
};

struct RecordingObject {
  ForkMutex mutex;
  Recording ops GUARDED_BY(mutex);
};

struct ProgramObject {
  const std::shared_ptr<EngineObject> engine;
  const ProgramPtr program;
};

}  // namespace tenter
