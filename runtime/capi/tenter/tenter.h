/* tenter.h: the C API of the Tenter runtime: engine, cached op, iterator. C99; no exception crosses
 * it. This header is all that a user includes; its parts, in order:
 *
 *   error.h       codes, errors, the version
 *   context.h     contexts and handles
 *   engine.h      engines, vars, ops, waits
 *   scope.h       failure scopes, cancellation
 *   program.h     bulks, captured programs
 *   look.h        counts, snapshots, traces, dumps, failures
 *   model.h       tensors, models, cached ops
 *   iterator.h    iterators
 *
 * Everything lives in a context, which owns a table of handles. Each kind of handle has a type of
 * its own, so that a wrong one does not compile in C++ and is warned of in C. A handle is a number
 * that is never reused within its context and never dereferenced: using one that was freed is a
 * typed error and never another object. NULL is never a handle; freeing it does nothing.
 *
 * Errors are values: every function returns a tenter_code, 0 for success. A function that takes a
 *   `tenter_error* error` fills it on failure; it may be NULL. Of other pointers those may be NULL
 *   of which it is said, and arrays of no elements: whether one is, is not looked for.
 *
 * Zero is the safe choice: options that are NULL or all zero are valid everywhere, and give what
 *   any number of threads may use. What needs care has a name (TENTER_CONFINED,
 *   TENTER_NAIVE_ENGINE).
 *
 * Versions: every struct of options or results starts with `struct_size`: the caller's size of the
 *   struct, or 0 for that of its first version. Options that are shorter than the runtime's get
 *   zeros for the rest; longer ones are refused with TENTER_INVALID_ARGUMENT when the rest says
 *   anything. Of results nothing is written beyond `struct_size`, and what the runtime does not
 *   know is zero. So start with `= {0}`, also for results. An array of results has the size of its
 *   first element throughout. tenter_error, tenter_var and tenter_tensor are plain values that
 *   never change within one TENTER_API_VERSION.
 *
 * Thread safety: every function may be called from any thread, at the same time, on the same
 *   handles. Freeing a handle while others use it is safe: what is in flight finishes, later calls
 *   get TENTER_STALE_HANDLE. tenter_context_free is the exception: it must be the last call on its
 *   context.
 * Forks: parent and child both go on with what they have; threads are started anew where they are
 *   needed. Iterators belong to the parent, and answer TENTER_STOPPED in the child.
 * Ownership: arguments are borrowed for the call unless said otherwise. Tensors that a function
 *   returns belong to the caller and are released with tenter_tensor_release, from any thread, also
 *   after their context. */
#ifndef TENTER_RUNTIME_CAPI_TENTER_TENTER_H_
#define TENTER_RUNTIME_CAPI_TENTER_TENTER_H_

#include "context.h"
#include "engine.h"
#include "error.h"
#include "iterator.h"
#include "look.h"
#include "model.h"
#include "program.h"
#include "scope.h"

#endif /* TENTER_RUNTIME_CAPI_TENTER_TENTER_H_ */
