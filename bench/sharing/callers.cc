#include "bench/sharing/callers.h"

#include "bench/measure/together.h"
#include "runtime/base/clock.h"

namespace tenter::bench {
namespace {

// A thread that does not wait for its answers, but for a place for the next request.
class Caller {
 public:
  Caller(AskingClient& client, size_t share, size_t sets, const FirstAnswers& first, AnswerLog& log)
      : client_(client), share_(share), sets_(sets), first_(first), log_(log) {}

  // Answers come in the order of the questions, or nearly so: a place goes to the next but `share`.
  void Run(size_t who, size_t callers) EXCLUDES(mutex_) {
    try {
      for (size_t i = 0; TakePlace(); ++i) Ask((who + i) % sets_, who + callers * (i % share_));
    } catch (...) {
      log_.Fail(Thrown::Current());
      GivePlace();
    }
    AwaitFewerThan(1);
  }

 private:
  void Ask(size_t set, size_t place) {
    const Asked asked{set, place, NowNs()};
    client_.Ask(set, [this, asked](const Status& status, const std::vector<Answer>& answers) {
      Answered(status, asked, answers);
    });
  }
  void Answered(const Status& status, const Asked& asked, const std::vector<Answer>& answers) {
    const int64_t now = NowNs();
    try {
      if (!status.ok()) throw StatusError(status);
      log_.Answered(asked, answers, first_, now);
    } catch (...) {
      log_.Fail(Thrown::Current());
    }
    GivePlace();
  }
  // False when nothing more is to be asked.
  bool TakePlace() EXCLUDES(mutex_) {
    AwaitFewerThan(share_);
    if (log_.ended()) return false;
    MutexLock lock(mutex_);
    ++in_flight_;
    return true;
  }
  // Under the lock: the caller may be gone as soon as nothing is in flight.
  void GivePlace() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    --in_flight_;
    changed_.NotifyOne();
  }
  void AwaitFewerThan(size_t count) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (in_flight_ >= count) changed_.Wait(mutex_);
  }

  AskingClient& client_;
  const size_t share_, sets_;
  const FirstAnswers& first_;
  AnswerLog& log_;
  Mutex mutex_;
  CondVar changed_;
  size_t in_flight_ GUARDED_BY(mutex_) = 0;
};

// Whoever fails ends the block for all, and so does a thread that cannot be started.
void Together(size_t count, AnswerLog& log, const std::function<void(size_t)>& body) {
  try {
    RunTogether(count, "caller", [&](size_t who) {
      try {
        body(who);
      } catch (...) {
        log.Fail(Thrown::Current());
      }
    });
  } catch (...) {
    log.Fail(Thrown::Current());
  }
}

}  // namespace

void AskAndWait(const std::vector<std::unique_ptr<ModelClient>>& clients, size_t sets,
                const FirstAnswers& first, AnswerLog& log) {
  // Nobody is measured before all have what a first request makes.
  Together(clients.size(), log, [&](size_t who) {
    clients[who]->Infer(who % sets);
    log.Compare(who % sets, clients[who]->answers(), first);
  });
  Together(clients.size(), log, [&](size_t who) {
    for (size_t set = who % sets; !log.ended(); set = (set + 1) % sets) {
      const Asked asked{set, who, NowNs()};
      clients[who]->Infer(set);
      const int64_t now = NowNs();
      log.Answered(asked, clients[who]->answers(), first, now);
    }
  });
}

void AskAhead(const std::vector<std::unique_ptr<AskingClient>>& clients, size_t in_flight,
              size_t sets, const FirstAnswers& first, AnswerLog& log) {
  const size_t callers = clients.size();
  Together(callers, log, [&](size_t who) {
    const size_t share = in_flight / callers + (who < in_flight % callers ? 1 : 0);
    Caller(*clients[who], share, sets, first, log).Run(who, callers);
  });
}

}  // namespace tenter::bench
