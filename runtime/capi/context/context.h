// tenter_context: the objects behind the handles of the C API, and the bridge from exceptions to
// error values.
//
// Path: C function -> Protect (nothing may escape) -> Find the object of the handle -> the C++
//    floors.
//
// LOCK ORDER: tenter_context::mutex_ is a leaf; objects are used and destroyed without it.
//
// Thread safety: every method from any thread.
// Ownership and lifetime: the table owns the objects; a call keeps what it uses, so freeing a
//   handle never frees what is in use. When the context goes, first the objects behind handles do,
//   then what was retired, cached ops before engines, whose ops may use the context to their end,
//   then the table and the probe.
// Invariants: (1) no push, wait or invocation takes a lock here. (2) neither an engine nor a cached
//   op is destroyed by a thread of that engine, inside one of its ops or where its deadlines are
//   watched: there it would wait for others, or for itself. Its last reference, dropped there,
//   retires it until the context goes.
// Errors: Find answers kStaleHandle, naming the kind that was expected.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/base/probe.h"
#include "runtime/capi/context/fork_mutex.h"
#include "runtime/capi/context/handle_kind.h"
#include "runtime/capi/context/handle_table.h"
#include "runtime/capi/tenter/tenter.h"
#include "runtime/capi/tenter/testing.h"
#include "runtime/engine/engine.h"

namespace tenter {

// What an engine needs as long as it lives: destroyed in reverse order.
struct EngineParts {
  std::shared_ptr<TraceObject> trace;  // may be null
  std::unique_ptr<Engine> engine;
};

// Whether the calling thread runs an op of `engine`: there nobody may wait for it. Never
// blocks.
bool IsInsideOp(const Engine& engine) noexcept;

// Whether an object may be freed here and now.
template <typename T>
Status MayFree(const T&) {
  return {};
}
Status MayFree(const ScopeObject& object);
Status MayFree(const CachedOpObject& object);

// What a freed object is told at once, although calls may still use it: who waits in them wakes.
// Whoever frees a cached op may give away what its answers need, so those come before, also where
// somebody else is inside, with whom the object goes. Needs no memory: the handle is gone, and
// nobody could try again.
template <typename T>
void WhenFreed(const T&) {}
inline void WhenFreed(const CachedOpObject& object) {
  object.op->Close();
  object.op->AwaitAnswers();
}
inline void WhenFreed(ThreadedIterator& iterator) { iterator.Close(); }
void WhenFreed(const ScopeObject& object);

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
tenter_code FillError(const Thrown& thrown, tenter_error* error) noexcept;
// Copies at most `size` - 1 bytes and terminates. REQUIRES: size > 0.
void CopyText(std::string_view text, char* out, size_t size);
// A message that is too long loses its middle: it begins with whom it is about, and ends with why.
void CopyMessage(std::string_view text, tenter_error* error);
// Copies what fits of `all` and its terminating zero; `needed` (may be null) is what it takes.
// Errors: kInvalidArgument (a size without a buffer).
Status CopyAll(std::string_view all, char* text, size_t size, size_t* needed);
Status CodeStatus(tenter_code code, std::string message);

Result<TensorSpec> SpecOf(const tenter_tensor& tensor);
// Hands `tensor` over to a C caller, in `owner`, which whoever must not lose the tensor has made
// before; tenter_tensor_release frees it.
void FillTensor(Tensor tensor, std::unique_ptr<Tensor> owner, tenter_tensor* out) noexcept;
// Describes what a model takes or gives; -1 in a dimension is one that is not fixed.
Status Describe(const std::string& name, const TensorSpec& spec, tenter_tensor* out);
// Whether the result of a model may go where the caller wants it, and then brings all results
// there: into buffers of the caller, or else tensors of their own. When HandOver throws
// std::bad_alloc, no output has changed.
Status CheckBuffer(size_t index, const Tensor& result, const tenter_tensor& out);
void HandOver(std::vector<Tensor> results, tenter_tensor* outs);

// Runs `body`, which returns a Status; whatever it throws becomes an error value.
template <typename Body>
tenter_code Protect(tenter_error* error, Body body) {
  try {
    const Status status = body();
    if (!status.ok()) [[unlikely]]
      return FillError(status, error);
    if (error != nullptr) {
      error->code = TENTER_OK;
      error->type[0] = error->message[0] = '\0';
    }
    return TENTER_OK;
  } catch (...) {
    return FillError(Thrown::Current(), error);
  }
}

}  // namespace tenter

struct tenter_context {
 public:
  explicit tenter_context(const tenter_testing_options& options);
  ~tenter_context();

  // Puts `object` in the table, for `*handle`, which is of its kind; `takes_brief` as
  // HandleTable::Add.
  template <typename Handle>
  tenter::Status Add(std::shared_ptr<typename tenter::HandleKind<Handle>::Object> object,
                     Handle* handle, bool takes_brief = false) {
    TENTER_ASSIGN_OR_RETURN(const uintptr_t number, handles_.Add(std::move(object), takes_brief));
    *handle = reinterpret_cast<Handle>(number);
    return {};
  }

  // The object of `handle`, which is in use until the result is gone; see TENTER_FIND_OR_RETURN. No
  // Result: this is on the path of every call, and a Result costs as much again.
  template <typename Handle>
  tenter::Pin<typename tenter::HandleKind<Handle>::Object> Find(Handle handle) {
    return {&handles_, reinterpret_cast<uintptr_t>(handle)};
  }
  // As Find, for a call that waits for nobody; empty as well when no such call may come in just
  // now.
  template <typename Handle>
  tenter::Pin<typename tenter::HandleKind<Handle>::Object, tenter::CallKind::kBrief> FindBrief(
      Handle handle) {
    return {&handles_, reinterpret_cast<uintptr_t>(handle)};
  }
  template <typename Handle, typename Object>
  void Find(Handle handle, std::optional<tenter::Pin<Object>>* pin) {
    pin->emplace(&handles_, reinterpret_cast<uintptr_t>(handle));
  }
  template <typename Handle>
  static tenter::Status Stale(Handle handle) {
    return Stale(reinterpret_cast<uintptr_t>(handle), tenter::HandleKind<Handle>::kName);
  }

  // Refuses later uses of `handle`; its object goes with the last call that uses it.
  template <typename Handle>
  tenter::Status Free(Handle handle) {
    if (handle == nullptr) return {};
    const auto found = Find(handle);
    if (!found) return Stale(handle);
    TENTER_RETURN_IF_ERROR(tenter::MayFree(*found));
    if (!found.slot()->Close(reinterpret_cast<uintptr_t>(handle))) return Stale(handle);
    tenter::WhenFreed(*found);
    return {};
  }

  // Both give shared ownership under the rule of invariant (2).
  std::shared_ptr<tenter::Engine> Share(tenter::EngineParts parts);
  std::shared_ptr<tenter::CachedOpObject> Share(std::unique_ptr<tenter::CachedOpObject> op);

  tenter::Probe* probe() { return probe_.get(); }

 private:
  static tenter::Status Stale(uintptr_t number, const char* kind);
  template <typename Object, typename Part>
  std::shared_ptr<Object> Share(Part part, Object* object, const tenter::Engine* engine,
                                std::list<Part>* retired);
  template <typename Part>
  std::list<Part> Take(std::list<Part>* retired) EXCLUDES(mutex_);

  const std::unique_ptr<tenter::Probe> probe_;
  tenter::ForkMutex mutex_;
  std::list<std::unique_ptr<tenter::CachedOpObject>> retired_ops_ GUARDED_BY(mutex_);
  std::list<tenter::EngineParts> retired_engines_ GUARDED_BY(mutex_);
  tenter::HandleTable handles_;
};

// Declares `pin` with the object of `handle`, or returns kStaleHandle to the caller.
#define TENTER_FIND_OR_RETURN(pin, context, handle) \
  const auto pin = (context)->Find(handle);         \
  if (!pin) return (context)->Stale(handle)
