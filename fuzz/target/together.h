// RunTogether: callers, each on a thread of its own, which all begin at the same time.
//
// Thread safety: returns when all have ended.
#pragma once

#include <list>
#include <string>

#include "runtime/base/check.h"
#include "runtime/base/gate.h"
#include "runtime/base/thread.h"

namespace tenter::fuzz {

// `name`: of the threads.
template <typename Caller>
void RunTogether(const char* name, std::list<Caller>* callers) {
  Gate go;
  std::list<Thread> threads;
  for (Caller& caller : *callers)
    TENTER_CHECK(threads.emplace_back()
                     .Start(name,
                            [&] {
                              go.Wait();
                              caller.Run();
                            })
                     .ok(),
                 "no thread for a caller");
  go.Open();
  for (Thread& thread : threads) thread.Join();
}

// What each is doing, for a person.
template <typename Caller>
std::string DescribeAll(const std::list<Caller>& callers) {
  std::string all;
  for (const Caller& caller : callers) all += caller.Describe();
  return all;
}

}  // namespace tenter::fuzz
