#include "fuzz/model/judge/compilations.h"

#include <algorithm>
#include <list>
#include <set>
#include <string>
#include <vector>

#include "fuzz/model/judge/says.h"

namespace tenter::fuzz::model {
namespace {

// A model without a size that is left open has one signature, whatever a call says.
int64_t SignatureOf(const Graph& graph, int64_t size) {
  for (const Input& input : graph.inputs)
    if (std::any_of(input.dims.begin(), input.dims.end(), IsOpen)) return size;
  return 0;
}

int64_t CountSignatures(const Program& program) {
  std::set<int64_t> signatures;
  for (const int64_t size : SizesOf(program)) signatures.insert(SignatureOf(program.graph, size));
  return static_cast<int64_t>(signatures.size());
}

Broken Wrong(int op, uint64_t compilations, uint64_t right, const std::string& why) {
  const bool more = compilations > right;
  return {"COP-3", more ? "compiled too often" : "compiled too seldom",
          std::string("op ") + "ab"[op] + " compiled " + std::to_string(compilations) +
              " times instead of " + std::to_string(right) + ": " + why};
}

class Compilations {
 public:
  Compilations(const Program& program, const History& history, int op)
      : program_(program), history_(history), op_(op), rest_(history.rests[size_t(op)]) {
    for (const auto& answers : history.callers)
      for (const Answer& answer : answers) Add(answer);
    for (const Answer& answer : rest_.again) Add(answer);
    std::sort(events_.begin(), events_.end(),
              [](const Answer* a, const Answer* b) { return a->begin < b->begin; });
  }

  std::optional<Broken> Judge() {
    // Who does not count says zero.
    if (rest_.footprint.compilations == 0) return std::nullopt;
    if (!IsKnown()) return JudgeBound();
    for (const Answer* const event : events_) {
      if (event->verb == Verb::kCall) {
        Use(*event);
      } else if (event->verb == Verb::kBad) {
        ++refused_;
      } else if (!IsRight(event->footprint.compilations)) {
        return Wrong(op_, event->footprint.compilations, compiled_,
                     "a look came behind calls one after the other");
      }
    }
    if (IsRight(rest_.footprint.compilations)) return std::nullopt;
    return Wrong(op_, rest_.footprint.compilations, compiled_,
                 "the calls came one after the other, and of more than " +
                     std::to_string(program_.plans) +
                     " plans the one goes that was not used for longest");
  }

 private:
  enum class Ended { kWithPlan, kWithoutPlan, kUnknown };

  void Add(const Answer& answer) {
    if (answer.op == op_ && (IsInvocation(answer.verb) || answer.verb == Verb::kLook))
      events_.push_back(&answer);
  }

  // A wrong request may be refused by its compilation, which keeps nothing.
  bool IsRight(uint64_t compilations) const {
    return compilations >= compiled_ && compilations <= compiled_ + refused_;
  }

  const Fault& FaultOf(const Strike& strike) const { return program_.faults[strike.fault]; }

  // Whether something lacked memory in a compilation, or anywhere else.
  bool Lacked(bool compiling) const {
    return std::any_of(history_.strikes.begin(), history_.strikes.end(), [&](const Strike& strike) {
      return FaultOf(strike).action == Action::kBadAlloc &&
             (FaultOf(strike).place == Place::kCompile) == compiling;
    });
  }

  // A failure behind the compilation has a plan all the same.
  Ended HowEnded(const Answer& answer) const {
    if (answer.code == TGT_OK) return Ended::kWithPlan;
    if (Says(answer, kStrikeText)) {
      for (size_t i = 0; i < history_.strikes.size(); ++i)
        if (Says(answer, StrikeText(i)))
          return FaultOf(history_.strikes[i]).place == Place::kCompile ? Ended::kWithoutPlan
                                                                       : Ended::kWithPlan;
      return Ended::kUnknown;
    }
    const bool lacks_memory = answer.code == TGT_RESOURCE_EXHAUSTED || answer.code == TGT_INTERNAL;
    if (!lacks_memory || Lacked(true) == Lacked(false)) return Ended::kUnknown;
    return Lacked(true) ? Ended::kWithoutPlan : Ended::kWithPlan;
  }

  // Numbers that do not fit may show while constants are computed, and then again in each call.
  static bool MayHaveFailedByItself(const Answer& answer) {
    return answer.verb == Verb::kCall && !Says(answer, kStrikeText) &&
           (answer.code == TGT_OUT_OF_RANGE || answer.code == TGT_INVALID_ARGUMENT);
  }

  bool IsKnown() const {
    if (program_.plans < CountSignatures(program_) && !history_.least_recent_plan_goes)
      return false;
    if (Has(program_, Verb::kFree) || Stops(program_)) return false;
    for (size_t i = 0; i < events_.size(); ++i) {
      if (i > 0 && events_[i - 1]->end > events_[i]->begin) return false;
      const Verb verb = events_[i]->verb;
      if (verb == Verb::kCall && HowEnded(*events_[i]) == Ended::kUnknown) return false;
      if (verb == Verb::kLook && events_[i]->code != TGT_OK) return false;
    }
    return true;
  }

  void Use(const Answer& answer) {
    const int64_t signature = SignatureOf(program_.graph, answer.size);
    const auto known = std::find(kept_.begin(), kept_.end(), signature);
    if (known != kept_.end()) {
      kept_.erase(known);
    } else {
      ++compiled_;
      if (HowEnded(answer) == Ended::kWithoutPlan) return;
    }
    kept_.push_back(signature);
    if (static_cast<int64_t>(kept_.size()) > program_.plans) kept_.pop_front();
  }

  std::optional<Broken> JudgeBound() const {
    const int64_t signatures = CountSignatures(program_);
    const auto failed = static_cast<uint64_t>(std::count_if(
        history_.strikes.begin(), history_.strikes.end(),
        [&](const Strike& strike) { return FaultOf(strike).place == Place::kCompile; }));
    uint64_t most = static_cast<uint64_t>(signatures) + failed;
    std::set<int64_t> answered;
    for (const Answer* const event : events_) {
      if (event->verb == Verb::kBad || MayHaveFailedByItself(*event)) ++most;
      if (event->verb == Verb::kCall && event->code == TGT_OK)
        answered.insert(SignatureOf(program_.graph, event->size));
    }
    if (rest_.footprint.compilations < answered.size())
      return Wrong(op_, rest_.footprint.compilations, answered.size(),
                   "so many signatures were answered");
    // Plans may be dropped, and made anew.
    if (program_.plans < signatures || rest_.footprint.compilations <= most) return std::nullopt;
    return Wrong(op_, rest_.footprint.compilations, most,
                 "at most once for each of " + std::to_string(signatures) +
                     " signatures, and once for each of " + std::to_string(failed) + " failures");
  }

  const Program& program_;
  const History& history_;
  const int op_;
  const Rest& rest_;
  // Calls, wrong ones too, and looks, in the order in which they began.
  std::vector<const Answer*> events_;
  std::list<int64_t> kept_;  // signatures, the least recently used one first
  uint64_t compiled_ = 0, refused_ = 0;
};

}  // namespace

std::optional<Broken> JudgeCompilations(const Program& program, const History& history, int op) {
  return Compilations(program, history, op).Judge();
}

}  // namespace tenter::fuzz::model
