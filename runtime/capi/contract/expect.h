/* EXPECT: what the C tests check with: prints the first condition that does not hold,
 * and returns 1 from the function. */
#ifndef TENTER_RUNTIME_CAPI_CONTRACT_EXPECT_H_
#define TENTER_RUNTIME_CAPI_CONTRACT_EXPECT_H_

#ifdef __cplusplus
#error "for C only"
#endif

#include <stdio.h>

#define EXPECT(condition)                                                      \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition); \
      return 1;                                                                \
    }                                                                          \
  } while (0)

#endif /* TENTER_RUNTIME_CAPI_CONTRACT_EXPECT_H_ */
