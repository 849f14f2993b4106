/* error.h: codes, errors and the version of the C API. A part of tenter.h. C99.
 *
 * Thread safety: tenter_code_name may be called from any thread; an error is a plain value.
 * Ownership: an error owns nothing; names are constants.
 * Errors: these. */
#ifndef TENTER_RUNTIME_CAPI_TENTER_ERROR_H_
#define TENTER_RUNTIME_CAPI_TENTER_ERROR_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TENTER_API __attribute__((visibility("default")))

/* Changes when a program that was built with another one cannot work: then it differs from what
 * tenter_api_version() of the runtime returns. What is added to structs does not change it. */
#define TENTER_API_VERSION 1u
TENTER_API uint32_t tenter_api_version(void);

/* The codes of runtime/base/status.h, in the same order. An integer and not an enum, because any
 * number may come from a caller. */
enum {
  TENTER_OK = 0,
  TENTER_INVALID_ARGUMENT,
  TENTER_NOT_FOUND,
  TENTER_UNSUPPORTED,
  TENTER_OUT_OF_RANGE,
  TENTER_DATA_LOSS,
  TENTER_RESOURCE_EXHAUSTED,
  TENTER_STOPPED,
  TENTER_STALE_HANDLE,
  TENTER_WAIT_INSIDE_OP,
  TENTER_CONCURRENT_USE,
  TENTER_CLOSED,
  TENTER_COMPLETION_DROPPED,
  TENTER_INJECTED,
  TENTER_INTERNAL,
  TENTER_DEADLINE_EXCEEDED
};
typedef int32_t tenter_code;

/* "invalid_argument" and so on; "unknown" for a number that is no code. */
TENTER_API const char* tenter_code_name(tenter_code code);

typedef struct tenter_error {
  tenter_code code;
  char type[64];      /* what was thrown, for example "std::runtime_error"; cut if longer */
  char message[1024]; /* a longer one loses its middle */
} tenter_error;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TENTER_RUNTIME_CAPI_TENTER_ERROR_H_ */
