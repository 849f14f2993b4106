/* RunOnEachEngine: the main of a C test that takes each of its tests to every kind of engine. */
#ifndef TENTER_RUNTIME_CAPI_CONTRACT_EACH_ENGINE_H_
#define TENTER_RUNTIME_CAPI_CONTRACT_EACH_ENGINE_H_

#include <stddef.h>

#include "runtime/capi/contract/expect.h"
#include "runtime/capi/tenter/tenter.h"

/* `workers` as tenter_engine_options has it: positive, or TENTER_NAIVE_ENGINE. Returns 0 when
 * every answer was as promised. */
typedef int (*engine_test)(tenter_context* context, int workers);

static int RunOnEachEngine(const engine_test* tests, size_t count) {
  static const int workers[3] = {TENTER_NAIVE_ENGINE, 1, 2};
  tenter_context* context = NULL;
  tenter_error error;
  size_t i, test;
  EXPECT(tenter_context_create(NULL, &context, &error) == TENTER_OK);
  for (i = 0; i < 3; ++i)
    for (test = 0; test < count; ++test) {
      if (tests[test](context, workers[i]) == 0) continue;
      fprintf(stderr, "test %d with %d workers\n", (int)test, workers[i]);
      return 1;
    }
  tenter_context_free(context);
  printf("%d passed, 0 failed\n", (int)count);
  return 0;
}

#endif /* TENTER_RUNTIME_CAPI_CONTRACT_EACH_ENGINE_H_ */
