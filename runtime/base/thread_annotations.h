// Names for clang's thread-safety attributes, so that lock contracts stand in signatures and are
// checked.
//
// Thread safety: none needed, macros only.
// Invariants: on compilers without the analysis every macro expands to nothing.
// Errors: a violated annotation is a compile error (-Wthread-safety -Werror).
#pragma once

#if defined(__clang__)
#define TENTER_ATTRIBUTE(x) __attribute__((x))
#else
#define TENTER_ATTRIBUTE(x)
#endif

#define CAPABILITY(x) TENTER_ATTRIBUTE(capability(x))
#define SCOPED_CAPABILITY TENTER_ATTRIBUTE(scoped_lockable)
#define GUARDED_BY(x) TENTER_ATTRIBUTE(guarded_by(x))
#define REQUIRES(...) TENTER_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) TENTER_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) TENTER_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define RELEASE(...) TENTER_ATTRIBUTE(release_capability(__VA_ARGS__))
#define RETURN_CAPABILITY(x) TENTER_ATTRIBUTE(lock_returned(x))
#define ACQUIRED_AFTER(...) TENTER_ATTRIBUTE(acquired_after(__VA_ARGS__))
#define TRY_ACQUIRE(...) TENTER_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
// For the few functions that hold a set of locks whose size is known at run time only.
#define NO_THREAD_SAFETY_ANALYSIS TENTER_ATTRIBUTE(no_thread_safety_analysis)
