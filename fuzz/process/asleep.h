// StillAsleep: whether a thread waits for somebody else, by what the kernel says of it.
//
// Thread safety: any thread of the same process.
#pragma once

#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "runtime/base/clock.h"

namespace tenter::fuzz {

// Its state and how often it went to sleep so far: "S (sleeping) 17". Empty when it is gone.
inline std::string SleepOf(int thread) {
  std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
  std::string state, switches;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("State:")) state = line.substr(line.find_first_not_of("\t ", 6));
    if (line.starts_with("voluntary_ctxt_switches:")) switches = line.substr(24);
  }
  return state + switches;
}

// Looks until the thread was found in one and the same sleep eight times running. False when it
// was not, after `looks`. What sleeps for a time on its own looks alike: nothing that is looked at
// so may do that.
inline bool StillAsleep(int thread, int looks) {
  constexpr int kRunning = 8;
  constexpr int64_t kLookEveryNs = 100'000;
  std::string before;
  for (int look = 0, same = 0; look < looks; ++look) {
    std::string now = SleepOf(thread);
    same = now.starts_with("S") && now == before ? same + 1 : 1;
    if (same >= kRunning) return true;
    before = std::move(now);
    SleepNs(kLookEveryNs);
  }
  return false;
}

}  // namespace tenter::fuzz
