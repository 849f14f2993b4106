#include "fuzz/engine/program/values.h"

#include "runtime/base/rng.h"

namespace tenter::fuzz {

int64_t ValueOf(const Statement& push, uint64_t number, const std::vector<int64_t>& reads) {
  uint64_t hash = Mix64(static_cast<uint64_t>(push.op) + 1);
  if (push.program != 0) hash = CombineHash(hash, number);
  for (const int64_t value : reads) hash = CombineHash(hash, static_cast<uint64_t>(value));
  return static_cast<int64_t>(hash >> 1);
}

int64_t InitialValue(int instance) { return 1000 + instance; }

}  // namespace tenter::fuzz
