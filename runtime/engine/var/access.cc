#include "runtime/engine/var/access.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace tenter {
namespace {

bool Before(const Access& a, const Access& b) {
  return std::tie(a.var.index, a.var.generation) < std::tie(b.var.index, b.var.generation);
}

// Appends an access, or merges it into the last one.
void Add(const Access& access, Access* out, size_t* distinct) {
  if (*distinct == 0 || out[*distinct - 1].var != access.var)
    out[(*distinct)++] = access;
  else if (out[*distinct - 1].mode != access.mode)
    out[*distinct - 1].mode = AccessMode::kUpdate;
}

// The place of a var among the others is the number of those before it: more comparisons than a
// sort needs, and not one branch that is guessed wrong.
size_t NormaliseFew(const VarList& reads, const VarList& writes, Access* out) {
  const size_t read_count = reads.size(), size = read_count + writes.size();
  uint64_t
      keys[kFewUses];  // the index of the var, then its place in the sets, so that no two are equal
  size_t count = 0;
  for (const Var& var : reads) keys[count] = uint64_t{var.index} << 32 | count, ++count;
  for (const Var& var : writes) keys[count] = uint64_t{var.index} << 32 | count, ++count;
  uint8_t order[kFewUses];
  for (size_t i = 0; i < size; ++i) {
    size_t before = 0;
    for (size_t j = 0; j < size; ++j) before += keys[j] < keys[i];
    order[before] = static_cast<uint8_t>(i);
  }
  size_t distinct = 0;
  for (size_t place = 0; place < size; ++place) {
    const size_t i = order[place];
    const bool read = i < read_count;
    Add({.var = read ? reads.begin()[i] : writes.begin()[i - read_count],
         .mode = read ? AccessMode::kRead : AccessMode::kWrite},
        out, &distinct);
  }
  return distinct;
}

// Orders keys by their upper halves: a pass per byte in which these differ (Knuth, The Art of
// Computer Programming 3, 5.2.5). Returns `keys` or `spare`, wherever they are then.
uint64_t* SortByIndex(uint64_t* keys, uint64_t* spare, size_t size) {
  uint64_t differ = 0;
  for (size_t i = 1; i < size; ++i) differ |= keys[i] ^ keys[0];
  for (int shift = 32; shift < 64; shift += 8) {
    if ((differ >> shift & 0xff) == 0) continue;
    std::array<uint32_t, 257> start = {};
    for (size_t i = 0; i < size; ++i) ++start[(keys[i] >> shift & 0xff) + 1];
    for (size_t digit = 1; digit < start.size(); ++digit) start[digit] += start[digit - 1];
    for (size_t i = 0; i < size; ++i) spare[start[keys[i] >> shift & 0xff]++] = keys[i];
    std::swap(keys, spare);
  }
  return keys;
}

// As NormaliseFew, with a sort: keys are small, and handles seldom come in order. The loops are
// written out in both: functions that both called cost each use of NormaliseFew 5 ns.
size_t NormaliseMany(const VarList& reads, const VarList& writes, Access* out, uint64_t* keys) {
  const size_t read_count = reads.size(), size = read_count + writes.size();
  size_t count = 0;
  for (const Var& var : reads) keys[count] = uint64_t{var.index} << 32 | count, ++count;
  for (const Var& var : writes) keys[count] = uint64_t{var.index} << 32 | count, ++count;
  if (!std::is_sorted(keys, keys + size)) keys = SortByIndex(keys, keys + size, size);
  size_t distinct = 0;
  for (size_t place = 0; place < size; ++place) {
    const auto i = static_cast<uint32_t>(keys[place]);
    const bool read = i < read_count;
    Add({.var = read ? reads.begin()[i] : writes.begin()[i - read_count],
         .mode = read ? AccessMode::kRead : AccessMode::kWrite},
        out, &distinct);
  }
  return distinct;
}

}  // namespace

size_t NormaliseAccesses(const VarList& reads, const VarList& writes, Access* out, uint64_t* keys) {
  const bool few = reads.size() + writes.size() <= kFewUses;
  return few ? NormaliseFew(reads, writes, out) : NormaliseMany(reads, writes, out, keys);
}

size_t MergeAccesses(Access* begin, Access* end) {
  if (!std::is_sorted(begin, end, Before)) std::sort(begin, end, Before);
  size_t distinct = 0;
  for (const Access* access = begin; access != end; ++access) Add(*access, begin, &distinct);
  return distinct;
}

}  // namespace tenter
