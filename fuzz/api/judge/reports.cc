#include "fuzz/api/judge/reports.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "fuzz/api/judge/recorded.h"

namespace tenter::fuzz::api {
namespace {

bool Fails(const Line& line) {
  if (line.ends == Ends::kFail) return line.code != TENTER_OK;
  return HasEnd(line.verb) && line.ends != Ends::kOk && line.ends != Ends::kDone &&
         !Awaits(line.ends);
}

constexpr std::string_view kInDeleter = "deleter";

std::string_view PlaceOf(const Line& line) {
  if (line.verb == Verb::kDeleteVar) return kInDeleter;
  switch (line.ends) {
    case Ends::kFail:
      return "body";
    case Ends::kDrop:
      return "completion dropped";
    default:
      return "completion";
  }
}

bool IsCode(tenter_code code) { return code > TENTER_OK && code <= TENTER_DEADLINE_EXCEEDED; }

// What is wrong with the error that a wait told of the failing op of `line`; empty: nothing.
std::string WrongError(const Line& line, const Failed& failed) {
  tenter_code right = TENTER_COMPLETION_DROPPED;
  if (HasCode(line.ends)) right = IsCode(line.code) ? line.code : TENTER_INTERNAL;
  if (failed.code != right)
    return "has the code " + std::to_string(failed.code) + ", expected " + tenter_code_name(right);
  if (!HasCode(line.ends)) return "";
  const bool says = line.verb != Verb::kDeleteVar;  // a deleter returns a code and no words
  if (says && failed.message.find(kMessage) == std::string::npos) return "has lost its message";
  const bool odd = line.code != TENTER_OK && !IsCode(line.code);
  if (odd && failed.message.find(std::to_string(line.code)) == std::string::npos)
    return "does not say that its code was " + std::to_string(line.code);
  return "";
}

// As each op of a program is, or as the engine calls the deletion of a var.
bool IsNamed(const Failed& failed) {
  return failed.place == kInDeleter ? failed.op.starts_with("delete ") : failed.op == kOpName;
}

// A call that leaves failures in a log: how many, and of which ops.
struct Source {
  const Answer* call;
  int least, most;
  std::vector<const Line*> ops;
  bool is_numbered = true;  // it is known which push each of them is
};

// One push, also one of a replay.
struct Push {
  const Answer* call;
  const Line* op;
};

// What is reported to the waits on one handle, an engine or a scope.
struct Log {
  std::vector<Source> sources;
  std::vector<const Answer*> waits;
  std::vector<const Answer*> losers;  // that cancel or free a scope, or give it a deadline
  uintptr_t engine = 0;
};

class Logs {
 public:
  Logs(const History& history, const Lives& lives) : history_(history), lives_(lives) {
    for (const Answer& answer : history.calls) {
      if (!Succeeded(answer)) continue;
      Add(answer);
      if (answer.number != 0 && !Replays(answer.line->verb))
        pushes_[{answer.given[0], answer.number}] = {&answer, answer.line};
    }
  }

  std::optional<Finding> Find() const {
    for (const auto& [handle, log] : logs_) {
      for (const Answer* wait : log.waits) {
        std::string wrong = WrongCount(log, *wait);
        if (!wrong.empty() && HasDeleter(log)) return Report(log, *wait, wrong, "ERR-9");
        if (wrong.empty()) wrong = WrongEntries(log, *wait);
        if (wrong.empty()) wrong = WrongOrder(log, *wait);
        if (!wrong.empty()) return Report(log, *wait, wrong);
      }
      if (const Answer* wait = TellsTwice(log); wait != nullptr)
        return Report(log, *wait, "a failure that was told before");
    }
    return std::nullopt;
  }

 private:
  Finding Report(const Log& log, const Answer& wait, const std::string& wrong,
                 const char* contract = "ERR-6") const {
    const bool of_scopes = std::any_of(wait.failed.begin(), wait.failed.end(), [&](const auto& f) {
      const auto push = pushes_.find({log.engine, f.number});
      return push != pushes_.end() && ScopeOf(*push->second.call) != 0;
    });
    const bool is_of_scopes =
        wait.line->verb == Verb::kScopeWait || of_scopes || bulked_.contains(log.engine);
    return {is_of_scopes ? "ERR-11" : contract, "the wrong failures",
            ToText(*wait.line) + (IsAtTheEnd(wait) ? " at the end: " : ": ") + wrong, 0};
  }

  bool IsAtTheEnd(const Answer& wait) const {
    return std::any_of(history_.last_lines.begin(), history_.last_lines.end(),
                       [&](const Line& line) { return &line == wait.line; });
  }

  void Add(const Answer& answer) {
    const Line& line = *answer.line;
    if (HasRoom(line.verb)) LogOf(answer.given[0]).waits.push_back(&answer);
    if (line.verb == Verb::kScopeCancel || line.verb == Verb::kFreeScope ||
        (line.verb == Verb::kScopeTimeout && Comes(line.after)))
      LogOf(answer.given[0]).losers.push_back(&answer);
    if (line.verb == Verb::kStopCancel) stops_.push_back(&answer);
    if (Replays(line.verb)) AddReplay(answer);
    if (Records(line.verb) || line.verb == Verb::kMakeProgram || !Fails(line)) return;
    const uintptr_t scope = ScopeOf(answer);
    if (PushesToBulk(line.verb)) {
      const uintptr_t engine = lives_.EngineOf(answer.given[0]);
      // A stop hands over what bulks hold, and refuses what comes into them behind it.
      const bool surely = lives_.StoppedEngine(answer, engine) == Standing::kAlive;
      LogOf(scope != 0 ? scope : engine)
          .sources.push_back({&answer, surely ? 1 : 0, 1, {&line}, false});
      if (scope != 0) bulked_.insert(engine);
    } else {
      const bool is_numbered = line.verb != Verb::kDeleteVar;
      LogOf(scope != 0 ? scope : answer.given[0])
          .sources.push_back({&answer, 1, 1, {&line}, is_numbered});
    }
  }

  void AddReplay(const Answer& replay) {
    const Recorded recorded = RecordedIn(history_, replay.given[0]);
    Source source{&replay, 0, 0, {}, recorded.is_ordered && replay.number != 0};
    const uintptr_t engine = lives_.EngineOf(replay.given[0]);
    for (size_t n = 0; source.is_numbered && n < recorded.ops.size(); ++n)
      pushes_[{engine, replay.number + n}] = {&replay, recorded.ops[n]->line};
    for (const Answer* record : recorded.ops) {
      if (!Fails(*record->line)) continue;
      ++source.most;
      source.ops.push_back(record->line);
    }
    if (recorded.is_known) source.least = source.most;
    const uintptr_t scope = ScopeOf(replay);
    if (source.most > 0) LogOf(scope != 0 ? scope : engine).sources.push_back(source);
  }

  Log& LogOf(uintptr_t handle) {
    Log& log = logs_[handle];
    const uintptr_t engine = lives_.EngineOf(handle);
    log.engine = engine == 0 ? handle : engine;
    return log;
  }

  std::string WrongCount(const Log& log, const Answer& wait) const {
    int64_t least = 0, most = 0;
    const auto came = [&](const Answer* loser) { return loser->begin < wait.end; };
    const bool may_lose = std::any_of(log.losers.begin(), log.losers.end(), came) ||
                          std::any_of(stops_.begin(), stops_.end(), [&](const Answer* stop) {
                            return stop->given[0] == log.engine && came(stop);
                          });
    for (const Source& source : log.sources) {
      if (source.call->begin < wait.end) most += source.most;
      if (source.call->end < wait.begin && !may_lose) least += source.least;
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

  std::string WrongEntries(const Log& log, const Answer& wait) const {
    int unknown = 0;
    uint64_t before = 0;
    for (const Source& source : log.sources)
      if (!source.is_numbered) unknown += source.most;
    for (const Failed& failed : wait.failed) {
      const std::string which = "the failure of push " + std::to_string(failed.number);
      if (failed.number <= before) return which + " comes after a later one";
      before = failed.number;
      if (!IsNamed(failed)) return which + " is one of '" + failed.op + "', which is no op";
      const auto push = pushes_.find({log.engine, failed.number});
      const bool known = push != pushes_.end();
      if (!known && --unknown < 0) return which + ", which is none";
      if (known && !(IsSource(log, *push->second.call) && Fails(*push->second.op)))
        return which + ", which does not fail here: " + ToText(*push->second.op);
      if (std::string wrong = WrongFailure(log, failed, known ? &push->second : nullptr);
          !wrong.empty())
        return which + " " + wrong;
    }
    return "";
  }

  static bool HasDeleter(const Log& log) {
    return std::any_of(log.sources.begin(), log.sources.end(), [](const Source& source) {
      return source.call->line->verb == Verb::kDeleteVar;
    });
  }

  static bool IsSource(const Log& log, const Answer& push) {
    return std::any_of(log.sources.begin(), log.sources.end(),
                       [&](const Source& source) { return source.call == &push; });
  }

  // `push`: null for one whose number nobody told, of a bulk or a replay, which is one of
  // several.
  static std::string WrongFailure(const Log& log, const Failed& failed, const Push* push) {
    std::string wrong = "happened in '" + failed.place + "'";
    for (const Source& source : log.sources) {
      if (push == nullptr ? source.is_numbered : source.call != push->call) continue;
      for (const Line* op : source.ops) {
        if (push != nullptr && op != push->op) continue;
        if (failed.place != PlaceOf(*op)) continue;
        wrong = WrongError(*op, failed);
        if (wrong.empty()) return "";
      }
    }
    return wrong;
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
  std::vector<const Answer*> stops_;  // with cancel, of any engine
  std::set<uintptr_t> bulked_;  // engines with a failing op in a scope whose number nobody told
  std::map<std::pair<uintptr_t, uint64_t>, Push> pushes_;  // by engine and number
};

}  // namespace

std::optional<Finding> JudgeReports(const History& history, const Lives& lives) {
  return Logs(history, lives).Find();
}

}  // namespace tenter::fuzz::api
