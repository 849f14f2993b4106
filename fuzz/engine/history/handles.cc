#include "fuzz/engine/history/handles.h"

#include <algorithm>

namespace tenter::fuzz {

std::vector<int> Instances(const std::vector<int>& letters, const Handles& handles) {
  std::vector<int> instances;
  for (const int letter : letters) instances.push_back(handles[letter].instance);
  std::sort(instances.begin(), instances.end());
  instances.erase(std::unique(instances.begin(), instances.end()), instances.end());
  return instances;
}

}  // namespace tenter::fuzz
