#include "runtime/engine/access.h"

#include <algorithm>
#include <tuple>

namespace tenter {
namespace {

bool Before(const Access& a, const Access& b) {
  return std::tie(a.var.index, a.var.generation, a.mode) <
         std::tie(b.var.index, b.var.generation, b.mode);
}

// Sets are small and mostly sorted already, which is the best case of an insertion sort.
void Sort(Access* begin, Access* end) {
  constexpr ptrdiff_t kSmall = 24;
  if (end - begin > kSmall) return std::sort(begin, end, Before);
  for (Access* unsorted = begin; unsorted != end; ++unsorted) {
    const Access access = *unsorted;
    Access* place = unsorted;
    for (; place != begin && Before(access, place[-1]); --place) *place = place[-1];
    *place = access;
  }
}

}  // namespace

size_t NormaliseAccesses(const VarList& reads, const VarList& writes, Access* out) {
  Access* end = out;
  for (const Var& var : reads) *end++ = {.var = var, .mode = AccessMode::kRead};
  for (const Var& var : writes) *end++ = {.var = var, .mode = AccessMode::kWrite};
  Sort(out, end);
  size_t distinct = 0;
  for (const Access* access = out; access != end; ++access) {
    if (distinct == 0 || out[distinct - 1].var != access->var)
      out[distinct++] = *access;
    else if (out[distinct - 1].mode != access->mode)
      out[distinct - 1].mode = AccessMode::kUpdate;
  }
  return distinct;
}

}  // namespace tenter
