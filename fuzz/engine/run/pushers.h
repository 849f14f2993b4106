// Pushers: the threads of a case that push; the one of a case with one pusher is the caller's.
//
// Path: Execution, Running -> RunPushers -> the statements of each.
//
// Thread safety: blocks until all have ended.
// Ownership and lifetime: `run` outlives the call.
#pragma once

#include <deque>
#include <functional>
#include <set>

#include "fuzz/engine/program/program.h"
#include "fuzz/engine/run/start_line.h"
#include "runtime/base/check.h"
#include "runtime/base/thread.h"

namespace tenter::fuzz {

// Calls `run` with the number of each pusher; several begin at the same moment.
inline void RunPushers(const Program& program, const std::function<void(int)>& run) {
  std::set<int> numbers;
  for (const Statement& s : program.statements)
    if (!s.actor.is_op) numbers.insert(s.actor.number);
  if (numbers.size() <= 1) return run(numbers.empty() ? 0 : *numbers.begin());
  StartLine start(static_cast<int>(numbers.size()));
  std::deque<Thread> threads;
  for (const int number : numbers)
    TENTER_CHECK(threads.emplace_back()
                     .Start("pusher",
                            [&run, number, &start] {
                              start.Wait();
                              run(number);
                            })
                     .ok(),
                 "no thread for a pusher");
  for (Thread& thread : threads) thread.Join();
}

}  // namespace tenter::fuzz
