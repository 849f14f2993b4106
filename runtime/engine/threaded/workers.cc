#include "runtime/engine/threaded/workers.h"

#include <new>
#include <string>
#include <utility>

#include "runtime/engine/sites.h"

namespace tenter {

Workers::Workers(int count, bool pin, Probe* probe, std::function<void(int worker)> loop)
    : count_(count),
      pin_(pin),
      probe_(probe),
      loop_(std::move(loop)),
      states_(std::make_unique<State[]>(count)),
      former_threads_(count),
      threads_(count) {}

Status Workers::Start() {
  for (int worker = 0; worker < count_; ++worker) TENTER_RETURN_IF_ERROR(Start(worker));
  return {};
}

Status Workers::Start(int worker) {
  const std::string name = "tenter-w" + std::to_string(worker);
  if (ProbeOutcome fault =
          TENTER_HIT(probe_, engine_sites::kWorkerStart, .op = name, .worker = worker);
      !fault.error.ok())
    return {StatusCode::kResourceExhausted,
            "cannot start thread '" + name + "': " + fault.error.message()};
  Thread &thread = threads_[worker], &former = former_threads_[worker];
  former = std::move(thread);
  try {
    Status started = thread.Start(name, [this, worker] { loop_(worker); });
    if (!started.ok()) thread = std::move(former);
    return started;
  } catch (...) {
    thread = std::move(former);
    throw;
  }
}

bool Workers::Restart(int worker) {
  try {
    return Start(worker).ok();
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void Workers::Join() {
  for (Thread& thread : threads_) thread.Join();
}

void Workers::Arrive(int worker) {
  inheritance_.Apply();
  former_threads_[worker].Join();
  if (pin_) PinThisThread(worker);
  states_[worker].thread.Store(CurrentThreadKey(), kRelaxed);
}

const PendingOp* Workers::OpOfThisThread() const {
  const uint64_t me = CurrentThreadKey();
  for (int worker = 0; worker < count_; ++worker)
    if (states_[worker].thread.Load(kRelaxed) == me) return states_[worker].running.Load(kRelaxed);
  return nullptr;
}

bool Workers::Forget() {
  bool inside_op = false;
  for (int worker = 0; worker < count_; ++worker) {
    new (&threads_[worker]) Thread;  // the thread is not there to be joined
    new (&former_threads_[worker]) Thread;
    states_[worker].thread.Store(0, kRelaxed);
    inside_op |= states_[worker].running.Exchange(nullptr, kRelaxed) != nullptr;
  }
  return inside_op;
}

}  // namespace tenter
