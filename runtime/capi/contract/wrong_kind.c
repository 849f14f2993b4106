/* Not to be compiled without a complaint: a handle of one kind where another is wanted. The test
 * looks for the complaint. */
#include "runtime/capi/tenter/tenter.h"

int main(void) {
  tenter_bulk bulk = NULL;
  return tenter_engine_stop(NULL, bulk, 0, NULL);
}
