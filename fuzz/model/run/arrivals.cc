#include "fuzz/model/run/arrivals.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <deque>

#include "fuzz/process/asleep.h"
#include "runtime/base/check.h"
#include "runtime/base/thread.h"

namespace tenter::fuzz::model {
namespace {

constexpr int64_t kLookEveryNs = 20'000;
constexpr int kMostLooks = 400;

class Arriving {
 public:
  Arriving(const Callee& callee, const Call& call, Hold* hold)
      : callee_(callee), call_(call), hold_(*hold) {}

  // Whether each call came while the one before it waited.
  bool ComeInTurn(int waiting) {
    Start(0);
    Await([this] { return hold_.came() > 0 || returned_.Load(kRelaxed) > 0; });
    if (hold_.came() == 0) return false;
    for (int i = 1; i <= waiting; ++i) {
      const Coming& coming = Start(i);
      Await([&] { return coming.thread.Load(kRelaxed) != 0; });
      if (!StillAsleep(coming.thread.Load(kRelaxed), kMostLooks)) return false;
    }
    return true;
  }

  // Lets each go when the one before it has returned.
  void ServeInTurn() {
    for (size_t served = 0; served < coming_.size(); ++served) {
      Await([&] { return hold_.came() > served || returned_.Load(kRelaxed) > served; });
      hold_.LetNextGo();
      Await([&] { return returned_.Load(kRelaxed) > served; });
    }
  }

  Served Finish() {
    Served served;
    served.answers.resize(coming_.size());
    for (Coming& coming : coming_) {
      coming.running.Join();
      served.answers[coming.place] = std::move(coming.answer);
    }
    return served;
  }

 private:
  struct Coming {
    Coming(const Callee& callee, int number) : caller(callee, number) {}
    Caller caller;
    Atomic<int> thread = 0;
    size_t place = 0;  // how many had returned before
    Answer answer;
    Thread running;
  };

  Coming& Start(int number) {
    Coming& coming = coming_.emplace_back(callee_, number);
    TENTER_CHECK(coming.running
                     .Start("arriving",
                            [this, &coming] {
                              coming.thread.Store(static_cast<int>(syscall(SYS_gettid)), kRelaxed);
                              coming.answer = coming.caller.Do(call_, call_.seed, nullptr);
                              coming.place = returned_.FetchAdd(1, kRelaxed);
                            })
                     .ok(),
                 "no thread for a call that arrives");
    return coming;
  }

  template <typename Done>
  static void Await(Done done) {
    while (!done()) SleepNs(kLookEveryNs);
  }

  const Callee& callee_;
  const Call& call_;
  Hold& hold_;
  Atomic<size_t> returned_ = 0;
  std::deque<Coming> coming_;
};

}  // namespace

Served Arrive(const Callee& callee, const Call& call, int waiting, Sites* sites) {
  Hold& hold = sites->hold();
  Arriving arriving(callee, call, &hold);
  hold.Begin();
  const bool in_turn = arriving.ComeInTurn(waiting);
  if (in_turn) arriving.ServeInTurn();
  hold.End();
  Served served = arriving.Finish();
  served.told = in_turn;
  return served;
}

}  // namespace tenter::fuzz::model
