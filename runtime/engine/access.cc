#include "runtime/engine/access.h"

#include <algorithm>
#include <tuple>

namespace tenter {

std::vector<VarAccess> NormaliseAccesses(std::span<const Var> reads, std::span<const Var> writes) {
  std::vector<VarAccess> all;
  all.reserve(reads.size() + writes.size());
  for (const Var& var : reads) all.push_back({var, AccessMode::kRead});
  for (const Var& var : writes) all.push_back({var, AccessMode::kWrite});
  std::sort(all.begin(), all.end(), [](const VarAccess& a, const VarAccess& b) {
    return std::tie(a.var.index, a.var.generation, a.mode) <
           std::tie(b.var.index, b.var.generation, b.mode);
  });
  std::vector<VarAccess> distinct;
  distinct.reserve(all.size());
  for (const VarAccess& access : all) {
    if (distinct.empty() || distinct.back().var != access.var)
      distinct.push_back(access);
    else if (distinct.back().mode != access.mode)
      distinct.back().mode = AccessMode::kUpdate;
  }
  return distinct;
}

}  // namespace tenter
