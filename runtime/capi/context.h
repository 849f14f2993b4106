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
#include "runtime/base/probe.h"
#include "runtime/capi/handle_kind.h"
#include "runtime/capi/tenter.h"
#include "runtime/capi/tenter_testing.h"
#include "runtime/engine/engine.h"

namespace tenter {

// An engine whose last reference was dropped inside one of its ops. It goes before its trace.
struct RetiredEngine {
  std::shared_ptr<TraceObject> trace;
  std::unique_ptr<Engine> engine;
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

  explicit tenter_context(const tenter_testing_options& options);
  ~tenter_context();

  // Puts `object` in the table, for `*handle`, which is of its kind.
  template <typename Handle>
  void Add(std::shared_ptr<typename tenter::HandleKind<Handle>::Object> object, Handle* handle) {
    *handle = reinterpret_cast<Handle>(AddObject(std::move(object)));
  }
  template <typename Handle>
  tenter::Status Free(Handle handle) {
    if (handle == nullptr) return {};
    TENTER_RETURN_IF_ERROR(Find(handle).status());
    return Remove(reinterpret_cast<uintptr_t>(handle), tenter::HandleKind<Handle>::kName);
  }

  // The object of `handle`.
  template <typename Handle, typename Kind = tenter::HandleKind<Handle>>
  tenter::Result<std::shared_ptr<typename Kind::Object>> Find(Handle handle) EXCLUDES(mutex_) {
    const auto number = reinterpret_cast<uintptr_t>(handle);
    tenter::MutexLock lock(mutex_);
    const auto it = objects_.find(number);
    if (it != objects_.end())
      if (auto* object = std::get_if<std::shared_ptr<typename Kind::Object>>(&it->second))
        return *object;
    return Stale(number, Kind::kName);
  }

  // Gives `engine` shared ownership under the rule of invariant (2), and of `trace` (may be null).
  std::shared_ptr<tenter::Engine> Share(std::unique_ptr<tenter::Engine> engine,
                                        std::shared_ptr<tenter::TraceObject> trace);

  tenter::Probe* probe() { return probe_.get(); }

 private:
  static tenter::Status Stale(uintptr_t number, const char* kind);
  uintptr_t AddObject(Object object) EXCLUDES(mutex_);
  tenter::Status Remove(uintptr_t number, const char* kind) EXCLUDES(mutex_);

  const std::unique_ptr<tenter::Probe> probe_;
  tenter::Mutex mutex_;
  std::vector<tenter::RetiredEngine> retired_ GUARDED_BY(mutex_);
  std::map<uintptr_t, Object> objects_ GUARDED_BY(mutex_);
  uintptr_t next_ GUARDED_BY(mutex_) = 1;
};
