// PushOp and RecordOp: the one place of the benchmarks that builds an Op of our engine.
//
// Thread safety: Engine::Push's; a recording belongs to one thread.
// Ownership and lifetime: the engine takes the body; the sets are read before they return.
// Errors: throws StatusError when the engine refuses the op.
#pragma once

#include <span>
#include <utility>

#include "runtime/base/status.h"
#include "runtime/engine/engine.h"

namespace tenter::bench {

// `body` is void(const OpContext&), or void(const OpContext&, Completion) for an op that ends
// later.
template <typename Body>
void PushOp(Engine& engine, std::span<const Var> reads, std::span<const Var> writes, Body&& body) {
  const Result<uint64_t> pushed = engine.Push(
      {.name = "op", .reads = reads, .writes = writes, .body = std::forward<Body>(body)});
  if (!pushed.ok()) throw StatusError(pushed.status());
}

template <typename Body>
void RecordOp(Recording& recording, std::span<const Var> reads, std::span<const Var> writes,
              Body&& body) {
  recording.Push(
      {.name = "op", .reads = reads, .writes = writes, .body = std::forward<Body>(body)});
}

}  // namespace tenter::bench
