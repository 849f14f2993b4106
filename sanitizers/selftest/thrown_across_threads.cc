// Must not be reported: an exception is kept in a Thrown, rethrown and looked at by several
// threads, and destroyed by whichever comes last. With std::exception_ptr alone the same program
// is reported each time.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>

#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"
#include "runtime/base/thrown.h"

namespace {

using tenter::Thrown;

// What a producer hands to consumers, as an engine hands a failure to those who wait.
struct Slot {
  tenter::Mutex mutex;
  tenter::CondVar filled;
  Thrown thrown GUARDED_BY(mutex);
  int takers GUARDED_BY(mutex) = 3;
};

void Produce(Slot* slot, int round) {
  Thrown thrown;
  try {
    throw std::runtime_error("failure of round " + std::to_string(round));
  } catch (...) {
    thrown = Thrown::Current();
  }
  tenter::MutexLock lock(slot->mutex);
  slot->thrown = std::move(thrown);
  slot->filled.NotifyAll();
}

size_t Consume(Slot* slot) {
  Thrown mine;
  {
    tenter::MutexLock lock(slot->mutex);
    while (slot->thrown.empty()) slot->filled.Wait(slot->mutex);
    // The last consumer leaves nothing behind, so that the exception dies in one of them.
    if (--slot->takers == 0)
      mine = std::move(slot->thrown);
    else
      mine = slot->thrown;
  }
  try {
    mine.Rethrow();
  } catch (const std::runtime_error& error) {
    return std::string(error.what()).size();
  }
}

}  // namespace

int main() {
  for (int round = 0; round < 200; ++round) {
    Slot slot;
    size_t sizes[3] = {};
    tenter::Thread threads[4];
    bool started = threads[3].Start("producer", [&] { Produce(&slot, round); }).ok();
    for (int i = 0; i < 3; ++i)
      started &= threads[i].Start("consumer", [&, i] { sizes[i] = Consume(&slot); }).ok();
    if (!started) return 1;
    for (tenter::Thread& thread : threads) thread.Join();
    if (sizes[0] == 0 || sizes[0] != sizes[1] || sizes[0] != sizes[2]) return 1;
  }
  std::puts("200 rounds");
  return 0;
}
