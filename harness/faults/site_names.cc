#include "harness/faults/site_names.h"

#include <string>

#include "runtime/base/check.h"

namespace tenter {

void SiteNames::Add(std::string_view name, size_t number) {
  TENTER_CHECK(++count_ <= kEntries / 2, "too many sites");
  for (uint64_t at = HashOf(std::string(name).c_str());; ++at) {
    Entry& entry = entries_[at % kEntries];
    if (entry.name != nullptr) continue;
    entry = {name.data(), name.size(), number};
    return;
  }
}

}  // namespace tenter
