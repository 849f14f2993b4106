/* iterator.h: iterators. A part of tenter.h, which says what holds for all of
 * it. C99. */
#ifndef TENTER_RUNTIME_CAPI_TENTER_ITERATOR_H_
#define TENTER_RUNTIME_CAPI_TENTER_ITERATOR_H_

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "error.h"
#include "model.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tenter_csv_options {
  size_t struct_size;
  const int64_t* row_dims; /* the shape of one row; rank 0: one number */
  int32_t row_rank;
  tenter_dtype dtype;
  int64_t batch_size;   /* 0: the default, 1 */
  int32_t round_batch;  /* 1: the last batch is filled up from the beginning of the epoch */
  int64_t bad_rows_max; /* 0: stop at the first bad row */
  uint64_t prefetch;    /* batches made ahead by a thread; 0: the default, 4 */
} tenter_csv_options;

typedef struct tenter_batch {
  size_t struct_size;
  int32_t has_value; /* 0: the end of the epoch, and the rest is unset */
  tenter_tensor data;
  int64_t index, first_row, pad;
} tenter_batch;

/* `options` may be NULL. */
TENTER_API tenter_code tenter_csv_iterator_create(tenter_context* context, const char* path,
                                                  const tenter_csv_options* options,
                                                  tenter_iterator* iterator, tenter_error* error);
TENTER_API tenter_code tenter_iterator_next(tenter_context* context, tenter_iterator iterator,
                                            tenter_batch* batch, tenter_error* error);
/* A row that was left out, since it was bad. */
typedef struct tenter_skipped_row {
  size_t struct_size;
  int64_t line; /* within the file, from 1 */
  tenter_error reason;
} tenter_skipped_row;

/* The rows of this epoch that were left out (bad_rows_max) up to the last batch that was returned;
 * at its end also those behind that. `*count` is how many; of the first 1000 the first `capacity`
 * go to `rows`, and what is not there is not written. Nothing is taken: a reset forgets them. */
TENTER_API tenter_code tenter_iterator_skipped(tenter_context* context, tenter_iterator iterator,
                                               tenter_skipped_row* rows, size_t capacity,
                                               uint64_t* count, tenter_error* error);
TENTER_API tenter_code tenter_iterator_reset(tenter_context* context, tenter_iterator iterator,
                                             tenter_error* error);
/* Ends the producer; the handle stays, and answers TENTER_CLOSED, until it is freed. */
TENTER_API tenter_code tenter_iterator_close(tenter_context* context, tenter_iterator iterator,
                                             tenter_error* error);

/* Consumers that wait are woken, and get TENTER_CLOSED (ITR-5). */
TENTER_API tenter_code tenter_iterator_free(tenter_context* context, tenter_iterator iterator,
                                            tenter_error* error);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* TENTER_RUNTIME_CAPI_TENTER_ITERATOR_H_ */
