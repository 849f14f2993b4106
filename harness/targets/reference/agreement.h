// Agreement: where the target ABI and the C API of our runtime say the same, and how one is read as
// the other.
//
// Path: function of the table -> As<tenter_tensor>(tensors) -> function of the C API, in the
//   harness's own memory: nothing is copied, so nothing can be short of memory.
//
// The two have no description in common. The ABI is what targets of other runtimes are built
// against, and our runtime's version must not become a part of it; and the runtime names no file of
// the harness. So both spell their codes and structs out, and this file compares them. Whoever
// changes one is stopped here, and writes a conversion.
//
// Thread safety: types only.
// Invariants: (1) only types that were compared below are read as each other. (2) only pointers are
//   read so, to be passed on: the other side of the call is compiled on its own, so nobody sees one
//   object under two types.
#pragma once

#include <cstddef>
#include <cstdint>

#include "harness/target/target.h"
#include "runtime/capi/tenter/tenter.h"
#include "runtime/capi/tenter/testing.h"

namespace tenter {

#define TENTER_SAME_VALUE(name) static_assert(+TGT_##name == +TENTER_##name)
#define TENTER_SAME_SIZE(type) static_assert(sizeof(tgt_##type) == sizeof(tenter_##type))
#define TENTER_SAME_FIELD(type, field)                                           \
  static_assert(offsetof(tgt_##type, field) == offsetof(tenter_##type, field) && \
                sizeof(tgt_##type::field) == sizeof(tenter_##type::field))

TENTER_SAME_VALUE(OK);
TENTER_SAME_VALUE(INVALID_ARGUMENT);
TENTER_SAME_VALUE(NOT_FOUND);
TENTER_SAME_VALUE(UNSUPPORTED);
TENTER_SAME_VALUE(OUT_OF_RANGE);
TENTER_SAME_VALUE(DATA_LOSS);
TENTER_SAME_VALUE(RESOURCE_EXHAUSTED);
TENTER_SAME_VALUE(STOPPED);
TENTER_SAME_VALUE(STALE_HANDLE);
TENTER_SAME_VALUE(WAIT_INSIDE_OP);
TENTER_SAME_VALUE(CONCURRENT_USE);
TENTER_SAME_VALUE(CLOSED);
TENTER_SAME_VALUE(COMPLETION_DROPPED);
TENTER_SAME_VALUE(INJECTED);
TENTER_SAME_VALUE(INTERNAL);
TENTER_SAME_VALUE(DEADLINE_EXCEEDED);
TENTER_SAME_VALUE(FLOAT32);
TENTER_SAME_VALUE(FLOAT64);
TENTER_SAME_VALUE(INT32);
TENTER_SAME_VALUE(INT64);
TENTER_SAME_VALUE(UINT8);
TENTER_SAME_VALUE(BOOL);
TENTER_SAME_VALUE(FAULT_NONE);
TENTER_SAME_VALUE(FAULT_THROW);
TENTER_SAME_VALUE(FAULT_ERROR);
TENTER_SAME_VALUE(FAULT_BAD_ALLOC);
TENTER_SAME_VALUE(FAULT_DROP_COMPLETION);
TENTER_SAME_VALUE(RANK_MAX);
TENTER_SAME_VALUE(WAY_DEFAULT);
TENTER_SAME_VALUE(WAY_SERIAL);
TENTER_SAME_VALUE(WAY_INLINE);
TENTER_SAME_VALUE(WAY_DATAFLOW);
TENTER_SAME_VALUE(WAY_DIRECT);

TENTER_SAME_SIZE(error);
TENTER_SAME_FIELD(error, code);
TENTER_SAME_FIELD(error, type);
TENTER_SAME_FIELD(error, message);
TENTER_SAME_SIZE(var);
TENTER_SAME_FIELD(var, index);
TENTER_SAME_FIELD(var, generation);
TENTER_SAME_SIZE(tensor);
TENTER_SAME_FIELD(tensor, dtype);
TENTER_SAME_FIELD(tensor, rank);
TENTER_SAME_FIELD(tensor, dims);
TENTER_SAME_FIELD(tensor, data);
TENTER_SAME_FIELD(tensor, size_bytes);
TENTER_SAME_FIELD(tensor, owner);

#undef TENTER_SAME_VALUE
#undef TENTER_SAME_SIZE
#undef TENTER_SAME_FIELD

inline tenter_error* As(tgt_error* error) { return reinterpret_cast<tenter_error*>(error); }
inline const tgt_error* As(const tenter_error* error) {
  return reinterpret_cast<const tgt_error*>(error);
}
inline tgt_tensor* As(tenter_tensor* tensor) { return reinterpret_cast<tgt_tensor*>(tensor); }
inline tgt_error* As(tenter_error* error) { return reinterpret_cast<tgt_error*>(error); }
inline tenter_var* As(tgt_var* var) { return reinterpret_cast<tenter_var*>(var); }
inline const tenter_var* As(const tgt_var* var) { return reinterpret_cast<const tenter_var*>(var); }
inline tenter_tensor* As(tgt_tensor* tensor) { return reinterpret_cast<tenter_tensor*>(tensor); }
inline const tenter_tensor* As(const tgt_tensor* tensor) {
  return reinterpret_cast<const tenter_tensor*>(tensor);
}

// A handle of the target is the number of ours.
template <typename Handle>
Handle HandleOf(tgt_handle handle) {
  return reinterpret_cast<Handle>(static_cast<uintptr_t>(handle));
}

}  // namespace tenter
