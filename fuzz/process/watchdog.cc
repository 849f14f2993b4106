#include "fuzz/process/watchdog.h"

#include <utility>

#include "harness/stacks/stacks_text.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {
namespace {

constexpr int64_t kAnswerNs = kNsPerSecond / 2;

// What the target says of itself. One that holds a lock of its own for ever cannot answer; then the
// thread that asked is left behind, which does not matter: the process ends.
std::string Ask(const std::function<std::string()>& describe) {
  struct Answer {
    Mutex mutex;
    CondVar changed;
    bool given GUARDED_BY(mutex) = false;
    std::string text GUARDED_BY(mutex);
    Thread asker;
  };
  auto* const answer = new Answer;
  if (!answer->asker
           .Start("asker",
                  [describe, answer] {
                    std::string text = describe();
                    MutexLock lock(answer->mutex);
                    answer->text = std::move(text);
                    answer->given = true;
                    answer->changed.NotifyAll();
                  })
           .ok())
    return "there is no thread left to ask what is under way";
  const int64_t until = NowNs() + kAnswerNs;
  MutexLock lock(answer->mutex);
  while (!answer->given && NowNs() < until) answer->changed.WaitFor(answer->mutex, kAnswerNs);
  return answer->given ? answer->text : "it does not answer: it holds a lock of its own";
}

}  // namespace

Watchdog::Watchdog(int64_t limit_ns, std::function<void(const std::string&)> bite)
    : limit_ns_(limit_ns), bite_(std::move(bite)) {
  TENTER_CHECK(thread_.Start("watchdog", [this] { Watch(); }).ok(), "no thread for the watchdog");
}

Watchdog::~Watchdog() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.Join();
}

void Watchdog::Begin() {
  MutexLock lock(mutex_);
  deadline_ns_ = NowNs() + limit_ns_;
}

void Watchdog::SetDescribe(std::function<std::string()> describe) {
  MutexLock lock(mutex_);
  describe_ = std::move(describe);
}

void Watchdog::Extend(int64_t by_ns) {
  MutexLock lock(mutex_);
  deadline_ns_ += by_ns;
}

void Watchdog::End() {
  MutexLock lock(mutex_);
  deadline_ns_ = 0;
  describe_ = nullptr;
}

void Watchdog::Watch() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    changed_.WaitFor(mutex_, limit_ns_ / 8);
    if (stopping_ || deadline_ns_ == 0 || NowNs() < deadline_ns_) continue;
    const std::string stacks = StacksOfAll();  // before another thread asks
    bite_((describe_ == nullptr ? "what would tell is being made or destroyed" : Ask(describe_)) +
          "\nWhere its threads are:\n" + stacks);
    return;
  }
}

}  // namespace tenter::fuzz
