#include "fuzz/api/reports.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace tenter::fuzz::api {
namespace {

bool Succeeded(const Answer& answer) { return answer.end != 0 && answer.code == TENTER_OK; }

bool Fails(const Line& line) {
  return HasEnd(line.verb) && line.ends != Ends::kOk && line.ends != Ends::kDone;
}

const char* PlaceOf(Ends ends) {
  switch (ends) {
    case Ends::kFail:
      return "body";
    case Ends::kDrop:
      return "completion dropped";
    default:
      return "completion";
  }
}

// Calls that leave failures in one log.
struct Source {
  const Answer* call;
  int least, most;  // how many
};

// What is reported to the waits on one handle, an engine or a scope.
struct Log {
  std::vector<Source> sources;
  std::vector<const Answer*> waits;
  bool may_lose = false;  // a scope that was cancelled or freed
};

class Logs {
 public:
  Logs(const History& history, const Lives& lives) : history_(history), lives_(lives) {
    for (const Answer& answer : history.calls)
      if (Succeeded(answer)) Add(answer);
  }

  std::optional<Finding> Find() const {
    for (const auto& [handle, log] : logs_) {
      for (const Answer* wait : log.waits) {
        std::string wrong = WrongCount(log, *wait);
        if (wrong.empty()) wrong = WrongEntries(log, *wait);
        if (wrong.empty()) wrong = WrongOrder(log, *wait);
        if (!wrong.empty()) return Report(*wait, wrong);
      }
      if (const Answer* wait = TellsTwice(log); wait != nullptr)
        return Report(*wait, "a failure that was told before");
    }
    return std::nullopt;
  }

 private:
  static Finding Report(const Answer& wait, const std::string& wrong) {
    const bool scope = wait.line->verb == Verb::kScopeWait;
    return {scope ? "ERR-11" : "ERR-6", "the wrong failures", ToText(*wait.line) + ": " + wrong, 0};
  }

  void Add(const Answer& answer) {
    const Line& line = *answer.line;
    if (HasRoom(line.verb)) logs_[answer.given[0]].waits.push_back(&answer);
    if (line.verb == Verb::kScopeCancel || line.verb == Verb::kFreeScope)
      logs_[answer.given[0]].may_lose = true;
    if (line.verb == Verb::kReplay) AddReplay(answer);
    if (line.verb == Verb::kRecord || !Fails(line)) return;
    if (line.verb == Verb::kBulkPush) {
      const uintptr_t engine = lives_.EngineOf(answer.given[0]);
      // A stop refuses what the bulk still holds.
      logs_[engine].sources.push_back({&answer, lives_.StoppedAny(answer) ? 0 : 1, 1});
    } else {
      const bool scoped = line.verb == Verb::kPushScoped && answer.given[1] != 0;
      logs_[answer.given[scoped ? 1 : 0]].sources.push_back({&answer, 1, 1});
    }
  }

  // What a program holds is known only as far as its recording was filled before the capture ended.
  void AddReplay(const Answer& replay) {
    for (const Answer& capture : history_.calls) {
      if (capture.line->verb != Verb::kCapture || capture.made != replay.given[0]) continue;
      int most = 0;
      for (const Answer& record : history_.calls)
        most += record.line->verb == Verb::kRecord && record.given[0] == capture.given[1] &&
                Fails(*record.line) && record.begin < capture.end;
      if (most > 0) logs_[lives_.EngineOf(replay.given[0])].sources.push_back({&replay, 0, most});
    }
  }

  static std::string WrongCount(const Log& log, const Answer& wait) {
    int64_t least = 0, most = 0;
    for (const Source& source : log.sources) {
      if (source.call->begin < wait.end) most += source.most;
      if (source.call->end < wait.begin && !log.may_lose) least += source.least;
    }
    for (const Answer* other : log.waits) {
      const auto told = static_cast<int64_t>(other->failed.size());
      if (other == &wait) continue;
      if (other->begin < wait.end) least -= told;
      if (other->end < wait.begin) most -= told;
    }
    const auto count = static_cast<int64_t>(wait.count);
    if (count >= least && count <= most) return "";
    return "told of " + std::to_string(count) + " failures, expected " +
           std::to_string(std::max<int64_t>(least, 0)) +
           (least < most ? " to " + std::to_string(most) : "");
  }

  // Each is one that was pushed, by its number; bulks and replays do not tell theirs.
  static std::string WrongEntries(const Log& log, const Answer& wait) {
    int unknown = 0;
    std::map<uint64_t, const Line*> pushed;
    for (const Source& source : log.sources)
      if (source.call->number != 0)
        pushed[source.call->number] = source.call->line;
      else
        unknown += source.most;
    uint64_t before = 0;
    for (const Failed& failed : wait.failed) {
      const std::string which = "the failure of push " + std::to_string(failed.number);
      if (failed.number <= before) return which + " comes after a later one";
      before = failed.number;
      if (failed.op != "op") return which + " is one of '" + failed.op + "', which is no op";
      const auto push = pushed.find(failed.number);
      if (push == pushed.end() && --unknown < 0) return which + ", which did not fail here";
      if (push != pushed.end() && failed.place != PlaceOf(push->second->ends))
        return which + " happened in '" + failed.place + "', not as in " + ToText(*push->second);
      if (push != pushed.end() && push->second->ends != Ends::kDrop &&
          failed.code != TENTER_DATA_LOSS)
        return which + " has the code " + tenter_code_name(failed.code);
    }
    return "";
  }

  // What had been pushed before the wait began is older than the last that it told, and yet told by
  // a later wait.
  static std::string WrongOrder(const Log& log, const Answer& wait) {
    if (wait.failed.empty()) return "";
    for (const Answer* later : log.waits) {
      if (later->begin < wait.end) continue;
      for (const Failed& failed : later->failed)
        for (const Source& source : log.sources)
          if (source.call->number == failed.number && source.call->end < wait.begin &&
              failed.number < wait.failed.back().number)
            return "left out push " + std::to_string(failed.number) + ", which is older";
    }
    return "";
  }

  static const Answer* TellsTwice(const Log& log) {
    std::set<uint64_t> told;
    for (const Answer* wait : log.waits)
      for (const Failed& failed : wait->failed)
        if (!told.insert(failed.number).second) return wait;
    return nullptr;
  }

  const History& history_;
  const Lives& lives_;
  std::map<uintptr_t, Log> logs_;
};

}  // namespace

std::optional<Finding> JudgeReports(const History& history, const Lives& lives) {
  return Logs(history, lives).Find();
}

}  // namespace tenter::fuzz::api
