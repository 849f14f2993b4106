#include "fuzz/engine/model/model.h"

#include <algorithm>
#include <iterator>

#include "fuzz/engine/program/values.h"

namespace tenter::fuzz {
namespace {

Caught PlannedCaught(Type type, int id) {
  return {.what = Caught::What::kPlanned, .type = type, .id = id, .text = {}};
}
Caught StatusCaught(StatusCode code) {
  return {.what = Caught::What::kStatus, .code = code, .text = {}};
}

class Model {
 public:
  Model(const Program& program, int instances, const std::set<uint64_t>& cancelled)
      : program_(program), cancelled_(cancelled) {
    expect_.versions.resize(instances);
    for (int i = 0; i < instances; ++i) expect_.versions[i] = {{0, InitialValue(i), {}}};
  }

  void Step(const Pushed& pushed) {
    if (pushed.deletes) return Delete(pushed);
    const Statement& s = program_.statements[pushed.statement];
    ExpectedOp& op = expect_.ops.emplace_back();
    std::set<uint64_t> failures;  // that reach its outputs
    for (const int instance : pushed.reads) {
      const Version& now = expect_.versions[instance].back();
      op.values_read.push_back(now.value);
      failures.insert(now.failures.begin(), now.failures.end());
    }
    op.poisoned_input = !failures.empty();
    Shorten(&failures);
    for (const uint64_t failure : failures)
      expect_.chains[failure].emplace_back(pushed.number, OpName(s.op));
    // ERR-3: an op with a poisoned read or update does not run. ERR-8: it does.
    if (cancelled_.contains(pushed.number))
      op.fate = Fate::kCancelled;
    else if (op.poisoned_input && program_.policy == ErrorPolicy::kSkipDependents)
      op.fate = Fate::kSkipped;
    Count(op.fate);
    // ERR-3: an op with a poisoned input would not have run anyway. When it is cancelled, the
    // failures of its inputs reach its outputs, and none of its own.
    const bool failed =
        (op.fate != Fate::kCancelled || !op.poisoned_input) && OwnFailure(s, pushed, op.fate);
    if (failed) failures.insert(pushed.number);
    Shorten(&failures);
    const bool writes_values = op.fate == Fate::kRan && !failed && !Races(s);
    // ERR-2: its outputs are poisoned, nothing else is. ERR-4: a write replaces what was there.
    for (const int instance : pushed.writes) {
      std::vector<Version>& versions = expect_.versions[instance];
      const int64_t value =
          writes_values ? ValueOf(s, pushed.number, op.values_read) : versions.back().value;
      versions.push_back({pushed.number, value, failures});
    }
  }

  Expectation Take() { return std::move(expect_); }

 private:
  // ERR-11: of all failures that reach a var the first sixteen are kept.
  void Shorten(std::set<uint64_t>* failures) {
    for (; failures->size() > 16; failures->erase(std::prev(failures->end())))
      expect_.shortened = true;
  }

  void Delete(const Pushed& pushed) {
    const Statement& s = program_.statements[pushed.statement];
    ++expect_.ran;
    expect_.ops.emplace_back();
    expect_.versions[pushed.writes[0]].push_back({pushed.number, kTombstone, {}});
    if (s.deleter_throws == Type::kNone) return;
    ++expect_.failed;
    expect_.reported.push_back({pushed.number, FailurePlace::kDeleter, "",
                                PlannedCaught(s.deleter_throws, DeleterId(pushed.writes[0]))});
  }

  void Count(Fate fate) {
    ++(fate == Fate::kRan       ? expect_.ran
       : fate == Fate::kSkipped ? expect_.skipped
                                : expect_.cancelled);
  }

  // ERR-1: an op fails when its body throws, it completes with an error, or drops its completion.
  bool OwnFailure(const Statement& s, const Pushed& pushed, Fate fate) {
    const uint64_t number = pushed.number;
    ExpectedFailure failure{.number = number, .op = OpName(s.op), .caught = {}};
    if (fate == Fate::kSkipped) return false;
    if (fate == Fate::kCancelled) {
      failure.place = FailurePlace::kCancelled;
      failure.caught = StatusCaught(pushed.cancel_codes.front());
      if (pushed.cancel_codes.size() > 1)
        failure.or_caught = StatusCaught(pushed.cancel_codes.back());
      expect_.failures[number] = failure;
      return true;
    }
    if (s.short_deadline && pushed.raced.has_value()) {
      failure.place = FailurePlace::kDeadline;
      failure.caught = StatusCaught(StatusCode::kDeadlineExceeded);
    } else if (Races(s)) {
      if (!RacedFailure(s, pushed.raced, &failure)) return false;
    } else if (s.throws != Type::kNone) {
      failure.caught = PlannedCaught(s.throws, s.op);
    } else if (s.ends == Ends::kHeld) {
      failure.place = FailurePlace::kDeadline;
      failure.caught = StatusCaught(StatusCode::kDeadlineExceeded);
    } else if (s.ends == Ends::kNever || s.ends == Ends::kDropped) {
      failure.place = FailurePlace::kDropped;
      failure.caught = StatusCaught(StatusCode::kCompletionDropped);
    } else if (s.ends != Ends::kSync && s.fails != Type::kNone) {
      failure.place = FailurePlace::kCompletion;
      failure.caught = PlannedCaught(s.fails, s.op);
    } else {
      if (s.ends == Ends::kNow && s.throws_after != Type::kNone) Late(s, number);
      return false;
    }
    failure.scope = s.scope;
    ++expect_.failed;
    expect_.failures[number] = failure;
    expect_.reported.push_back(failure);
    if (s.throws == Type::kNone && s.ends == Ends::kNow && s.throws_after != Type::kNone)
      Late(s, number);
    return true;
  }
  // ENG-5: the handle, the deadline or the body ended a racing op, and the report tells which. A
  // report of an end that none of them can give is ignored here, so that the judges find it wrong.
  // False when the op succeeded.
  bool RacedFailure(const Statement& s, std::optional<FailurePlace> place,
                    ExpectedFailure* failure) {
    const Type late = s.fails != Type::kNone ? s.fails : s.throws_after;
    if (late != Type::kNone)
      expect_.may_be_reported.push_back({.number = failure->number,
                                         .place = FailurePlace::kAfterEnd,
                                         .op = failure->op,
                                         .caught = PlannedCaught(late, s.op),
                                         .by_handle = s.fails != Type::kNone});
    const bool drops = s.ends == Ends::kRaceDrops;
    if (place == FailurePlace::kDeadline) {
      failure->caught = StatusCaught(StatusCode::kDeadlineExceeded);
    } else if (s.throws_after != Type::kNone && (drops || place == FailurePlace::kBody)) {
      place = FailurePlace::kBody;  // also when the handle went first: the exception is the cause
      failure->caught = PlannedCaught(s.throws_after, s.op);
    } else if (drops) {
      place = FailurePlace::kDropped;
      failure->caught = StatusCaught(StatusCode::kCompletionDropped);
    } else if (s.fails != Type::kNone) {
      place = FailurePlace::kCompletion;
      failure->caught = PlannedCaught(s.fails, s.op);
    } else {
      return false;
    }
    failure->place = *place;
    return true;
  }
  // ERR-9: a body that throws after its op has ended is a failure of its own and poisons nothing.
  void Late(const Statement& s, uint64_t number) {
    expect_.reported.push_back(
        {number, FailurePlace::kAfterEnd, OpName(s.op), PlannedCaught(s.throws_after, s.op)});
  }

  const Program& program_;
  const std::set<uint64_t>& cancelled_;
  Expectation expect_;
};

}  // namespace

bool WasHealed(const std::vector<Version>& versions) {
  for (size_t i = 1; i < versions.size(); ++i)
    if (!versions[i - 1].failures.empty() && versions[i].failures.empty()) return true;
  return false;
}

Expectation RunModel(const Program& program, const std::vector<Pushed>& in_push_order,
                     int instances, const std::set<uint64_t>& cancelled) {
  Model model(program, instances, cancelled);
  for (const Pushed& pushed : in_push_order) model.Step(pushed);
  return model.Take();
}

}  // namespace tenter::fuzz
