// Fork: what the tests of forks fork with.
//
// Thread safety: any thread; the child has that one alone.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tenter {

// Runs `child` in a child process; returns its exit code, or -1 when it did not exit. A child that
// hangs dies of its alarm.
template <typename Child>
int Fork(Child child) {
  constexpr unsigned kAlarmSeconds = 20;
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(kAlarmSeconds);
    _exit(child());
  }
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace tenter

// ThreadSanitizer does not follow threads that the child of a fork starts.
#if defined(TENTER_TSAN)
#define TENTER_SKIP_FORKS_IN_TSAN() \
  GTEST_SKIP() << "the sanitizer does not follow threads that the child of a fork starts"
#else
#define TENTER_SKIP_FORKS_IN_TSAN() static_cast<void>(0)
#endif
