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

// Every kind: tenter_<kind>, the object that it stands for, and its name in messages. What each of
// them needs, its function tenter_<kind>_free (free.cc) included, is made from this list.
#define TENTER_HANDLE_KINDS(KIND)               \
  KIND(engine, EngineObject, "engine")          \
  KIND(bulk, BulkObject, "bulk")                \
  KIND(recording, RecordingObject, "recording") \
  KIND(program, ProgramObject, "program")       \
  KIND(trace, TraceObject, "trace")             \
  KIND(model, const Graph, "model")             \
  KIND(cached_op, CachedOpObject, "cached op")  \
  KIND(iterator, ThreadedIterator, "iterator")  \
  KIND(scope, ScopeObject, "scope")

template <typename Handle>
struct HandleKind;

#define TENTER_HANDLE_KIND(kind, object, name) \
  template <>                                  \
  struct HandleKind<tenter_##kind> {           \
    using Object = object;                     \
    static constexpr const char* kName = name; \
  };
TENTER_HANDLE_KINDS(TENTER_HANDLE_KIND)
#undef TENTER_HANDLE_KIND

// An object of any kind, or nothing.
#define TENTER_HANDLE_POINTER(kind, object, name) , std::shared_ptr<object>
using HandleObject = std::variant<std::monostate TENTER_HANDLE_KINDS(TENTER_HANDLE_POINTER)>;
#undef TENTER_HANDLE_POINTER

}  // namespace tenter
