#include "fuzz/model/run/taken.h"

#include <vector>

#include "runtime/base/check.h"
#include "runtime/base/thread.h"

namespace tenter::fuzz::model {
namespace {

constexpr int64_t kLookEveryNs = 20'000;
constexpr int kDeadlineUs = 1000;

template <typename Done>
void Await(Done done) {
  while (!done()) SleepNs(kLookEveryNs);
}

// What is asked: the last two are to end early.
std::vector<Call> Asked(Call call) {
  call.later = true;
  std::vector<Call> asked(6, call);
  for (const size_t high : {1, 3}) asked[high].priority = 1;
  asked[2].priority = -1;
  asked[4].withdrawn = true;
  asked[5].within = kDeadlineUs;
  return asked;
}

bool EndsEarly(const Call& call) { return call.withdrawn || call.within > 0; }

// A second call, which is not to wait.
void CallOnce(const Callee& callee, const Call& call, Taken* taken) {
  taken->asked.push_back(Caller(callee, 1).Do(call, call.seed, nullptr));
  taken->told = true;
}

void AskSeveral(const Callee& callee, const Call& call, Hold* hold, Taken* taken) {
  Caller caller(callee, 1);
  for (const Call& next : Asked(call)) {
    const size_t asked = caller.AskLater(next, next.seed);
    if (EndsEarly(next)) Await([&] { return caller.AnsweredBy(asked) > 0; });
  }
  hold->LetAllGo();
  caller.AwaitLater();
  taken->asked = caller.Finish();
  taken->begun = hold->numbers();
  taken->begun.erase(taken->begun.begin());  // the one that had the place
  taken->told = true;
}

// A target that does not have the way runs the requests in one of its own, perhaps where they are
// asked, and would wait there for the place.
bool LetsThemWait(const Callee& callee) {
  const tgt_target& table = callee.target.table();
  return RunsOnEngine(callee.program) && callee.program.workers > 0 &&
         table.invoke_async != nullptr && (table.ways >> callee.program.way & 1) != 0;
}

}  // namespace

Taken AskWhileTaken(const Callee& callee, const Call& call, Sites* sites) {
  Taken taken;
  Hold& hold = sites->hold();
  hold.Begin();
  Caller first(callee, 0);
  Atomic<bool> returned = false;
  Thread running;
  TENTER_CHECK(running
                   .Start("has the place",
                          [&] {
                            first.Do(call, call.seed, nullptr);
                            returned.Store(true, kRelaxed);
                          })
                   .ok(),
               "no thread for the call that takes the place");
  Await([&] { return hold.came() > 0 || returned.Load(kRelaxed); });
  if (hold.came() > 0) {
    if (!callee.program.safe || callee.program.refuse)
      CallOnce(callee, call, &taken);
    else if (LetsThemWait(callee))
      AskSeveral(callee, call, &hold, &taken);
  }
  hold.End();
  running.Join();
  return taken;
}

}  // namespace tenter::fuzz::model
