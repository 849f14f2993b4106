// HandleKind: which C++ object a handle of the C API stands for, and what messages call it.
//
// Path: tenter_context::Find(handle) -> HandleKind<of its type>.
//
// Thread safety: types only.
// Invariants: each type of handle has one kind, and each kind an object type of its own.
#pragma once

#include <memory>
#include <variant>

#include "runtime/cached_op/cached_op.h"
#include "runtime/capi/engine/engine_object.h"
#include "runtime/capi/engine/scope_object.h"
#include "runtime/capi/tenter/context.h"
#include "runtime/io/threaded_iterator.h"

namespace tenter {

// References are released in reverse order: the op before the engine that it borrows.
struct CachedOpObject {
  std::shared_ptr<Engine> engine;
  std::shared_ptr<const Graph> model;
  std::unique_ptr<CachedOp> op;
};

template <typename Handle>
struct HandleKind;

template <>
struct HandleKind<tenter_engine> {
  using Object = EngineObject;
  static constexpr const char* kName = "engine";
};
template <>
struct HandleKind<tenter_bulk> {
  using Object = BulkObject;
  static constexpr const char* kName = "bulk";
};
template <>
struct HandleKind<tenter_recording> {
  using Object = RecordingObject;
  static constexpr const char* kName = "recording";
};
template <>
struct HandleKind<tenter_program> {
  using Object = ProgramObject;
  static constexpr const char* kName = "program";
};
template <>
struct HandleKind<tenter_trace> {
  using Object = TraceObject;
  static constexpr const char* kName = "trace";
};
template <>
struct HandleKind<tenter_model> {
  using Object = const Graph;
  static constexpr const char* kName = "model";
};
template <>
struct HandleKind<tenter_cached_op> {
  using Object = CachedOpObject;
  static constexpr const char* kName = "cached op";
};
template <>
struct HandleKind<tenter_iterator> {
  using Object = ThreadedIterator;
  static constexpr const char* kName = "iterator";
};
template <>
struct HandleKind<tenter_scope> {
  using Object = ScopeObject;
  static constexpr const char* kName = "scope";
};

// An object of any kind, or nothing.
using HandleObject = std::variant<std::monostate, std::shared_ptr<EngineObject>,
                                  std::shared_ptr<BulkObject>, std::shared_ptr<RecordingObject>,
                                  std::shared_ptr<ProgramObject>, std::shared_ptr<TraceObject>,
                                  std::shared_ptr<const Graph>, std::shared_ptr<CachedOpObject>,
                                  std::shared_ptr<ThreadedIterator>, std::shared_ptr<ScopeObject>>;

}  // namespace tenter
