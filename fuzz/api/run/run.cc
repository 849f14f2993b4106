#include "fuzz/api/run/run.h"

#include <list>
#include <set>

#include "fuzz/api/run/world.h"
#include "fuzz/process/thread_count.h"
#include "runtime/base/check.h"
#include "runtime/base/clock.h"
#include "runtime/base/gate.h"
#include "runtime/base/thread.h"

namespace tenter::fuzz::api {
namespace {

constexpr uint64_t kMostDelayNs = 100'000;

// Which line each thread is at, for the watchdog.
class Places {
 public:
  explicit Places(const Program& program) : program_(program) {}

  void At(int thread, size_t line) {
    at_[static_cast<size_t>(thread)].Store(static_cast<int64_t>(line), kRelaxed);
  }
  std::string Describe() const {
    std::string text;
    for (const Atomic<int64_t>& at : at_) {
      const int64_t line = at.Load(kRelaxed);
      if (line >= 0)
        text += "last begun: " + ToText(program_.lines[static_cast<size_t>(line)]) + "\n";
    }
    return text;
  }

 private:
  const Program& program_;
  std::array<Atomic<int64_t>, kMostThreads> at_ = {-1, -1, -1};
};

// Calls that begin together. What they count orders nothing, so that it hides no race.
class Meetings {
 public:
  explicit Meetings(const Program& program) {
    std::set<int> threads[kMostMeet + 1];
    for (const Line& line : program.lines) threads[line.meet].insert(line.thread);
    for (int meet = 1; meet <= kMostMeet; ++meet)
      expected_[meet] = static_cast<int>(threads[meet].size());
  }

  // Waits for the others, but not for long: who comes late may wait for this thread elsewhere.
  void Await(int meet) {
    if (meet == 0) return;
    Atomic<int>& come = come_[static_cast<size_t>(meet)];
    come.FetchAdd(1, kRelaxed);
    for (const int64_t until = NowNs() + kMostWaitNs;
         come.Load(kRelaxed) < expected_[meet] && NowNs() < until;)
      YieldThread();
  }

 private:
  static constexpr int64_t kMostWaitNs = 5 * kNsPerMs;

  int expected_[kMostMeet + 1] = {};
  std::array<Atomic<int>, kMostMeet + 1> come_ = {};
};

void CallAll(const Program& program, World* world, Places* places, History* history) {
  Gate go;
  Meetings meetings(program);
  std::list<Thread> threads;
  for (int thread = 0; thread < Threads(program); ++thread)
    TENTER_CHECK(threads.emplace_back()
                     .Start("caller",
                            [&, thread] {
                              go.Wait();
                              for (size_t i = 0; i < program.lines.size(); ++i) {
                                const Line& line = program.lines[i];
                                if (line.thread != thread) continue;
                                meetings.Await(line.meet);
                                places->At(thread, i);
                                world->Call(&history->calls[i],
                                            HasInside(line.verb) ? &history->inside[i] : nullptr);
                              }
                            })
                     .ok(),
                 "no thread for a caller");
  go.Open();
  for (Thread& thread : threads) thread.Join();
}

// Whoever made an engine or a scope may have left failures there that no call asked for. What was
// freed is asked, too, and must be refused.
void WaitAtTheEnd(World* world, History* history) {
  const size_t made = history->calls.size();
  for (size_t i = 0; i < made; ++i) {
    const Line& maker = *history->calls[i].line;
    const Kind kind = TypeOf(maker.verb).makes;
    if (kind != Kind::kEngine && kind != Kind::kScope) continue;
    Line& line = history->last_lines.emplace_back();
    line.verb = kind == Kind::kEngine ? Verb::kWait : Verb::kScopeWait;
    line.handles[0] = maker.made;
    Answer& answer = history->calls.emplace_back();
    answer.line = &line;
    world->Call(&answer, nullptr);
  }
}

}  // namespace

History RunProgram(const Program& program, const std::string& rows, uint64_t round,
                   Watchdog* watchdog) {
  History history;
  history.calls.reserve(program.lines.size() + kMostHandles);  // ops point to their calls
  history.calls.resize(program.lines.size());
  history.inside.resize(program.lines.size());
  for (size_t i = 0; i < program.lines.size(); ++i)
    history.calls[i].line = history.inside[i].line = &program.lines[i];
  watchdog->Begin();
  const int threads = ThreadCount();
  const int64_t descriptors = DescriptorCount();
  {
    SiteDelays delays(program.noise, round, kMostDelayNs);
    World world(rows, &delays);
    Places places(program);
    watchdog->SetDescribe([&places] { return places.Describe(); });
    CallAll(program, &world, &places, &history);
    if (program.end_waits) {
      watchdog->SetDescribe([] { return std::string("the waits at the end\n"); });
      WaitAtTheEnd(&world, &history);
    }
    watchdog->SetDescribe([] { return std::string("the contexts are being freed\n"); });
    history.closing = world.Close();
    history.wrong_ops = world.WrongOps();
    history.ran = world.AllRan();
  }
  watchdog->SetDescribe(nullptr);
  history.threads_left = ThreadsLeft(threads);
  history.descriptors_left = DescriptorCount() - descriptors;
  watchdog->End();
  return history;
}

}  // namespace tenter::fuzz::api
