// ThreadCount, DescriptorCount: what this process has, to see whether something is left behind.
//
// Thread safety: any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iterator>

#include "runtime/base/clock.h"

namespace tenter::fuzz {

inline int ThreadCount() {
  int threads = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
    ++threads;
  return threads;
}

// The one with which it looks included.
inline int64_t DescriptorCount() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

// How many more there are than `before`. A thread that was joined may be listed for a moment
// longer, which is waited for.
inline int ThreadsLeft(int before) {
  const int64_t deadline = NowNs() + kNsPerSecond;
  while (ThreadCount() > before && NowNs() < deadline) SleepNs(1);
  return ThreadCount() - before;
}

}  // namespace tenter::fuzz
