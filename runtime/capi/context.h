// tenter_context: the objects behind the handles of the C API, and the bridge from exceptions to
// error values.
//
// Path: C function -> Protect (nothing may escape) -> Find the object of the handle -> the C++
//    floors.
//
// LOCK ORDER: tenter_context::mutex_ is a leaf; objects are used and destroyed without it.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: the table holds one reference to each object; a call holds another
//   while it runs, so freeing a handle never frees what is in use. Members are destroyed in the
//   order: handles, retired engines, probe.
// Invariants: (1) handles count up and are never reused. (2) an engine is never destroyed inside
//   one of its ops: its last reference, dropped there, moves it to `retired_`.
// Errors: Find answers kStaleHandle, naming the kind that was expected.
#pragma once

#include <map>
#include <memory>
#include <variant>
#include <vector>

#include "runtime/base/mutex.h"
#include "runtime/cached_op/cached_op.h"
#include "runtime/capi/engine_object.h"
#include "runtime/capi/tenter.h"
#include "runtime/engine/engine.h"
#include "runtime/io/threaded_iterator.h"

namespace tenter {

// An engine whose last reference was dropped inside one of its ops. It goes before its trace.
struct RetiredEngine {
  std::shared_ptr<TraceObject> trace;
  std::unique_ptr<Engine> engine;
};

// References are released in reverse order: the op before the engine that it borrows.
struct CachedOpObject {
  std::shared_ptr<Engine> engine;
  std::shared_ptr<const Graph> model;
  std::unique_ptr<CachedOp> op;
};

// Sends every hit to the C callback, and does what it answers.
class CallbackProbe final : public Probe {
 public:
  CallbackProbe(tenter_probe_fn function, void* self) : function_(function), self_(self) {}
  ProbeOutcome Hit(const Site& site, const ProbeContext& context) override;

 private:
  const tenter_probe_fn function_;
  void* const self_;
};

// Writes `status` into `error` (may be null) and returns its code.
tenter_code FillError(const Status& status, tenter_error* error);
tenter_code FillError(const Thrown& thrown, tenter_error* error);
// Copies at most `size` - 1 bytes and terminates. REQUIRES: size > 0.
void CopyText(std::string_view text, char* out, size_t size);
// Copies what fits of `all` and its terminating zero; `needed` (may be null) is what it takes.
// Errors: kInvalidArgument (a size without a buffer).
Status CopyAll(std::string_view all, char* text, size_t size, size_t* needed);
Status CodeStatus(tenter_code code, std::string message);

Result<TensorSpec> SpecOf(const tenter_tensor& tensor);
// Hands `tensor` over to a C caller; tenter_tensor_release frees it.
void FillTensor(Tensor tensor, tenter_tensor* out);

// Runs `body`, which returns a Status; whatever it throws becomes an error value.
template <typename Body>
tenter_code Protect(tenter_error* error, Body body) {
  try {
    return FillError(body(), error);
  } catch (...) {
    return FillError(Thrown::Current(), error);
  }
}

}  // namespace tenter

struct tenter_context {
 public:
  using Object =
      std::variant<std::shared_ptr<tenter::EngineObject>, std::shared_ptr<tenter::BulkObject>,
                   std::shared_ptr<tenter::RecordingObject>, std::shared_ptr<tenter::ProgramObject>,
                   std::shared_ptr<tenter::TraceObject>, std::shared_ptr<const tenter::Graph>,
                   std::shared_ptr<tenter::CachedOpObject>,
                   std::shared_ptr<tenter::ThreadedIterator>>;

  explicit tenter_context(const tenter_context_options& options);
  ~tenter_context();

  tenter_handle Add(Object object) EXCLUDES(mutex_);
  tenter::Status Remove(tenter_handle handle) EXCLUDES(mutex_);

  // The object of `handle`, if it is a T. `kind` names it in messages.
  template <typename T>
  tenter::Result<std::shared_ptr<T>> Find(tenter_handle handle, const char* kind) EXCLUDES(mutex_) {
    tenter::MutexLock lock(mutex_);
    const auto it = objects_.find(handle);
    if (it != objects_.end())
      if (auto* object = std::get_if<std::shared_ptr<T>>(&it->second)) return *object;
    return tenter::Status(
        tenter::StatusCode::kStaleHandle,
        "handle " + std::to_string(handle) + " is no " + kind + ": it was freed, or never was one");
  }

  // Gives `engine` shared ownership under the rule of invariant (2), and of `trace` (may be null).
  std::shared_ptr<tenter::Engine> Share(std::unique_ptr<tenter::Engine> engine,
                                        std::shared_ptr<tenter::TraceObject> trace);

  tenter::Probe* probe() { return probe_.get(); }

 private:
  const std::unique_ptr<tenter::Probe> probe_;
  tenter::Mutex mutex_;
  std::vector<tenter::RetiredEngine> retired_ GUARDED_BY(mutex_);
  std::map<tenter_handle, Object> objects_ GUARDED_BY(mutex_);
  tenter_handle next_ GUARDED_BY(mutex_) = 1;
};
