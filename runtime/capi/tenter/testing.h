/* testing.h: what only a test harness needs of the C API: fault sites, at which it observes
 * the runtime and makes it fail. No part of tenter.h, whose rules hold here too. C99.
 *
 * Thread safety: a probe is called from any thread, at the same time.
 * Ownership: what a probe is given is valid for the call. */
#ifndef TENTER_RUNTIME_CAPI_TENTER_TESTING_H_
#define TENTER_RUNTIME_CAPI_TENTER_TESTING_H_

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  TENTER_FAULT_NONE = 0,
  TENTER_FAULT_THROW,          /* throw `type` with `message` */
  TENTER_FAULT_ERROR,          /* fail with `code` and `message` */
  TENTER_FAULT_BAD_ALLOC,      /* throw std::bad_alloc */
  TENTER_FAULT_DROP_COMPLETION /* destroy the completion handle uncalled */
};
typedef int32_t tenter_fault_kind;

/* What a probe asks for. The runtime makes it, all zero but for the size. */
typedef struct tenter_fault {
  size_t struct_size;
  tenter_fault_kind kind;
  tenter_code code;
  char type[64]; /* runtime_error, logic_error, out_of_range, int (no std::exception) */
  char message[256];
} tenter_fault;

typedef struct tenter_hit {
  size_t struct_size; /* of the runtime, which makes it */
  const char* site;
  const char* op; /* not NULL; cut if longer than 255 */
  int64_t var, request;
  int32_t worker;
} tenter_hit;

/* Called at every site, from any thread. One that blocks delays a fork, and every push of a naive
 * engine; nothing else waits for it. */
typedef void (*tenter_probe_fn)(void* self, const tenter_hit* hit, tenter_fault* fault);

typedef struct tenter_testing_options {
  size_t struct_size;
  tenter_probe_fn probe; /* NULL for none; without sites compiled in it is never called */
  void* probe_self;
} tenter_testing_options;

/* As tenter_context_create; `options` may be NULL. */
TENTER_API tenter_code tenter_testing_context_create(const tenter_testing_options* options,
                                                     tenter_context** context, tenter_error* error);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TENTER_RUNTIME_CAPI_TENTER_TESTING_H_ */
