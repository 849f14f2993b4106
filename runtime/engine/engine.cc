#include "runtime/engine/engine.h"

#include <new>
#include <utility>

#include "runtime/engine/naive/naive_engine.h"
#include "runtime/engine/threaded/threaded_engine.h"

namespace tenter {

void Engine::WaitForVar(Var var) {
  const Result<PoisonPtr> poison = AwaitVar(var);
  if (!poison.ok()) throw StatusError(poison.status());
  if (*poison != nullptr) (*poison)->root()->thrown().Rethrow();
}

void Engine::WaitForAll() {
  Result<FailureReport> report = AwaitAll();
  if (!report.ok()) throw StatusError(report.status());
  if (!report->failures.empty() || report->more > 0)
    throw AggregateError(std::move(report).value());
}

void Engine::WaitThrough(const std::function<void()>& block) noexcept {
  try {
    if (WaitForScope(block).ok()) return;
  } catch (const std::bad_alloc&) {
  }
  block();
}

std::unique_ptr<Engine> MakeEngine(const EngineOptions& options) {
  TENTER_CHECK(options.workers >= 0 && options.workers < 65536,
               "an engine cannot have " + std::to_string(options.workers) +
                   " workers; 0 is the naive engine");
  if (options.workers == 0) return std::make_unique<NaiveEngine>(options);
  return std::make_unique<ThreadedEngine>(options);
}

}  // namespace tenter
