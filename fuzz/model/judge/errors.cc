#include "fuzz/model/judge/errors.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "fuzz/model/judge/refused.h"
#include "fuzz/model/judge/says.h"
#include "fuzz/model/oracle/oracle.h"
#include "harness/target/target_library.h"

namespace tenter::fuzz::model {
namespace {

class Errors {
 public:
  Errors(const Program& program, const History& history)
      : program_(program), history_(history), refused_(program.graph) {
    for (const auto& answers : history.callers)
      for (const Answer& answer : answers) answers_.push_back(&answer);
    told_.resize(history.strikes.size());
    stopped_ = FirstStop(false) < UINT64_MAX;
    ended_early_ = std::any_of(answers_.begin(), answers_.end(), [](const Answer* answer) {
      return (answer->withdrawn || answer->has_deadline) && answer->code != TGT_OK;
    });
  }

  std::optional<Broken> Judge() {
    for (const Answer* const answer : answers_)
      if (auto broken = JudgeAnswer(*answer); broken.has_value()) return broken;
    for (int op = 0; op < program_.ops; ++op)
      if (auto broken = JudgeRest(op); broken.has_value()) return broken;
    return JudgeStrikes();
  }

 private:
  Broken Wrong(const char* contract, const char* kind, const Answer& answer,
               const std::string& why) const {
    const std::string place = IsStop(answer.verb) ? "" : std::string(" ") + "ab"[answer.op];
    return {contract, kind,
            CallerName(answer.caller) + ": " + VerbName(answer.verb) + place + ": " + why +
                (answer.code == TGT_OK ? "" : ": " + ErrorText(answer.error))};
  }

  // When the first call with one of these verbs, on this op where it has one, began or had ended.
  template <typename Which>
  uint64_t First(Which which, bool ended) const {
    uint64_t first = UINT64_MAX;
    for (const Answer* const answer : answers_)
      if (which(*answer)) first = std::min(first, ended ? answer->end : answer->begin);
    return first;
  }
  uint64_t FirstFree(int op, bool ended, const Answer* but = nullptr) const {
    return First(
        [&](const Answer& a) {
          return a.verb == Verb::kFree && a.op == op && &a != but && a.code == TGT_OK;
        },
        ended);
  }
  uint64_t FirstStop(bool ended) const {
    return First([](const Answer& a) { return IsStop(a.verb); }, ended);
  }

  // What is refused was not inside; what a free ended may have been.
  bool WasInside(const Answer& answer) const {
    if (answer.code == TGT_RESOURCE_EXHAUSTED && program_.refuse && NobodyLacksMemory())
      return false;
    return answer.code != TGT_CONCURRENT_USE;
  }

  // The most others that were inside the op at one moment of this call.
  int64_t MostOthers(const Answer& mine) const {
    int64_t most = 0;
    for (const Answer* const at : answers_) {
      // A moment at which others are most begins with one of them, or with the call itself.
      const uint64_t moment = std::max(at->begin, mine.begin);
      if (moment > mine.end) continue;
      const auto inside = [&](const Answer* other) {
        return other != &mine && other->op == mine.op && IsInvocation(other->verb) &&
               WasInside(*other) && other->begin <= moment && moment <= other->end;
      };
      most = std::max<int64_t>(most, std::count_if(answers_.begin(), answers_.end(), inside));
    }
    return most;
  }

  std::optional<Broken> JudgeAnswer(const Answer& answer) {
    if (answer.answered > 1)
      return Wrong("COP-7", "answered twice", answer,
                   "it had " + std::to_string(answer.answered) + " answers");
    if (IsStop(answer.verb)) {
      if (answer.code == TGT_OK) return std::nullopt;
      return Wrong("ENG-9", "a stop is refused", answer, "the engine is not stopped");
    }
    const bool freed_twice = answer.verb == Verb::kFree && answer.code == TGT_OK &&
                             FirstFree(answer.op, true, &answer) < UINT64_MAX;
    if (freed_twice) return Wrong("COP-4", "freed twice", answer, "another call freed it, too");
    if (answer.begin > FirstFree(answer.op, true, &answer) && !IsGone(answer.code))
      return Wrong("COP-4", "a freed op answers", answer, "it was freed before the call began");
    if (answer.code == TGT_OK) return JudgeSuccess(answer);
    if (IsGone(answer.code)) {
      if (FirstFree(answer.op, false, &answer) < answer.end) return std::nullopt;
      return Wrong("COP-4", "gone before the free", answer, "nobody had freed it");
    }
    if (!IsInvocation(answer.verb))
      return Wrong("COP-4", "a right call is refused", answer, "nothing is wrong with it");
    return JudgeFailure(answer);
  }

  std::optional<Broken> JudgeSuccess(const Answer& answer) {
    if (answer.verb == Verb::kBad)
      return Wrong("COP-5", "a wrong request is answered", answer, "it had to be refused");
    if (answer.verb != Verb::kCall) return std::nullopt;
    if (const std::string node = refused_.MustFailAt(answer); !node.empty())
      return Wrong("COP-5", "a wrong request is answered", answer,
                   "node " + node + " gets an index that its axis does not have");
    if (RunsOnEngine(program_) && answer.begin > FirstStop(true))
      return Wrong("ENG-9", "a stopped engine answers", answer, "it was stopped before");
    return std::nullopt;
  }

  // Whether it was refused for a wrong index; then where it says so.
  bool IsRefusal(const Answer& answer) {
    return answer.verb == Verb::kCall && refused_.Explains(answer) && !StrikeOf(answer);
  }
  std::optional<Broken> JudgeRefusal(const Answer& answer) {
    refusals_.push_back(&answer);
    const std::string node = refused_.NodeNamedBy(answer);
    if (node.empty())
      return Wrong("COP-5", "the node is not named", answer, "an index of another node is wrong");
    return JudgeShape(node, answer);
  }

  std::optional<Broken> JudgeFailure(const Answer& answer) {
    if (IsRefusal(answer)) return JudgeRefusal(answer);
    switch (answer.code) {
      case TGT_CONCURRENT_USE:
        if (!program_.safe && MostOthers(answer) > 0) return std::nullopt;
        return Wrong("COP-6", "refused without a cause", answer, "nobody else was inside");
      case TGT_DEADLINE_EXCEEDED:
        if (answer.has_deadline && answer.before_deadline)
          return Wrong("COP-7", "late before its deadline", answer, "its deadline had not passed");
        if (answer.has_deadline) return std::nullopt;
        return Wrong("COP-7", "late without a deadline", answer, "it had no deadline");
      case TGT_STOPPED:
        if (answer.withdrawn || FirstStop(false) < answer.end) return std::nullopt;
        if (!Stops(program_))
          return Wrong("COP-7", "cancelled without a cause", answer, "nobody had cancelled it");
        return Wrong("ENG-9", "stopped without a cause", answer, "nobody had stopped the engine");
      case TGT_INVALID_ARGUMENT:
      case TGT_OUT_OF_RANGE:
      case TGT_UNSUPPORTED:
        if (answer.verb == Verb::kBad) return std::nullopt;
        if (StrikeOf(answer)) return JudgeStruck(answer);
        return Wrong(OfNoCause(answer), "a right request is refused", answer,
                     "nothing is wrong with it");
      default:
        if (answer.verb == Verb::kBad && answer.code != TGT_RESOURCE_EXHAUSTED)
          return Wrong("COP-5", "a wrong request is run", answer, "it had to be refused");
        return JudgeStruck(answer);
    }
  }

  // A failure that only a strike, or a lack of room, can have made.
  std::optional<Broken> JudgeStruck(const Answer& answer) {
    const auto strike = StrikeOf(answer);
    const bool at_node = strike && FaultOf(*strike).place == Place::kNode;
    // A lack of memory and one of room may look the same, unless a node is named.
    if (answer.code == TGT_RESOURCE_EXHAUSTED && program_.refuse && !at_node &&
        MostOthers(answer) >= program_.flight)
      return std::nullopt;
    if (strike) {
      if (auto broken = JudgePlace(*strike, answer); broken.has_value()) return broken;
      if (told_[*strike]++ > 0 && FaultOf(*strike).place != Place::kCompile)
        return Wrong("COP-5", "one failure, two callers", answer, "another call was told the same");
      return std::nullopt;
    }
    if (answer.code == TGT_RESOURCE_EXHAUSTED && program_.refuse && NobodyLacksMemory())
      return Wrong("COP-2", "refused without a cause", answer,
                   "at most " + std::to_string(MostOthers(answer)) + " others were inside, and " +
                       std::to_string(program_.flight) + " may be");
    const bool misplaced = NamesAStruckRequest(answer);
    return Wrong(OfNoCause(answer), misplaced ? "the wrong error" : "an error without a cause",
                 answer,
                 misplaced ? "what struck this request says something else"
                           : "nothing has struck this request");
  }

  // A right request fails: isolation, unless nothing struck at all. Then it is a wrong answer.
  const char* OfNoCause(const Answer& answer) {
    const bool right = answer.verb == Verb::kCall && !refused_.MayFail(answer);
    return right && history_.strikes.empty() ? "COP-9" : "COP-5";
  }

  const Fault& FaultOf(size_t strike) const {
    return program_.faults[history_.strikes[strike].fault];
  }

  // The strike that made this error: rather one at a node, which is known by its place, and rather
  // one that nobody was told of yet.
  std::optional<size_t> StrikeOf(const Answer& answer) const {
    const auto at_node = StrikeOf(answer, true);
    return at_node ? at_node : StrikeOf(answer, false);
  }
  std::optional<size_t> StrikeOf(const Answer& answer, bool at_node) const {
    std::optional<size_t> told;
    for (size_t i = 0; i < history_.strikes.size(); ++i) {
      const Fault& fault = FaultOf(i);
      if ((fault.place == Place::kNode) != at_node || !Explains(i, answer)) continue;
      if (told_[i] == 0) return i;
      // A compilation may fail for many; what strikes an arena is told to one.
      if (!told || fault.place == Place::kCompile) told = i;
    }
    return told;
  }

  bool NobodyLacksMemory() const {
    return std::none_of(history_.strikes.begin(), history_.strikes.end(), [&](const Strike& s) {
      return program_.faults[s.fault].action == Action::kBadAlloc;
    });
  }

  bool Explains(size_t i, const Answer& answer) const {
    const Strike& strike = history_.strikes[i];
    const Fault& fault = FaultOf(i);
    if (fault.action != Action::kBadAlloc)
      return Says(answer, StrikeText(i)) &&
             (answer.code == TGT_DATA_LOSS || fault.action == Action::kThrow);
    if (answer.code != TGT_RESOURCE_EXHAUSTED && answer.code != TGT_INTERNAL) return false;
    if (Says(answer, kStrikeText)) return false;  // it is of a strike that has a text
    if (fault.place == Place::kNode)
      return Says(answer, fault.node) && SaysRequest(answer, strike.request);
    return true;
  }

  bool NamesAStruckRequest(const Answer& answer) const {
    return std::any_of(history_.strikes.begin(), history_.strikes.end(), [&](const Strike& s) {
      return s.request >= 0 && SaysRequest(answer, s.request);
    });
  }

  // The node, the request, and the shape of what the node read, at the size of this very call.
  std::optional<Broken> JudgePlace(size_t i, const Answer& answer) const {
    const Strike& strike = history_.strikes[i];
    if (FaultOf(i).place != Place::kNode) return std::nullopt;
    const std::string& node = FaultOf(i).node;
    if (!Says(answer, node))
      return Wrong("COP-5", "the node is not named", answer, "node " + node + " failed");
    if (!SaysRequest(answer, strike.request))
      return Wrong("COP-5", "the request is not named", answer,
                   "it was request " + std::to_string(strike.request));
    // Of one that is answered later its number is known.
    if (answer.request != 0 && static_cast<int64_t>(answer.request) != strike.request)
      return Wrong("COP-5", "the failure of another request", answer,
                   "this one is request " + std::to_string(answer.request));
    return JudgeShape(node, answer);
  }
  std::optional<Broken> JudgeShape(const std::string& node, const Answer& answer) const {
    for (const std::string& shape : ShapesRead(node, answer))
      if (!Says(answer, shape))
        return Wrong("COP-5", "the shapes are not named", answer, "it read " + shape);
    return std::nullopt;
  }

  std::vector<std::string> ShapesRead(const std::string& name, const Answer& answer) const {
    std::vector<std::string> shapes;
    const Result<Values> values =
        Compute(program_.graph, InputsOf(program_.graph, answer.size, answer.seed));
    for (const Node& node : program_.graph.nodes)
      for (const std::string& operand : node.operands)
        if (node.name == name && values.ok() && values->contains(operand))
          shapes.push_back(DimsText(values->at(operand).dims));
    return shapes;
  }

  // Of calls one after the other, without strikes.
  std::optional<Broken> JudgeRest(int op) {
    for (const Answer& answer : history_.rests[static_cast<size_t>(op)].again) {
      const bool freed = FirstFree(op, false) < UINT64_MAX;
      if (freed && !IsGone(answer.code))
        return Wrong("COP-4", "a freed op answers", answer, "it was freed before the call began");
      if (freed) continue;
      if (stopped_ && RunsOnEngine(program_) && answer.code == TGT_OK)
        return Wrong("ENG-9", "a stopped engine answers", answer, "it was stopped before");
      if (answer.code == TGT_STOPPED && stopped_) continue;
      if (answer.code == TGT_OK || IsRefusal(answer)) {
        auto broken = answer.code == TGT_OK ? JudgeSuccess(answer) : JudgeRefusal(answer);
        if (broken.has_value()) return broken;
        continue;
      }
      if (answer.code == TGT_RESOURCE_EXHAUSTED && program_.refuse && NobodyLacksMemory())
        return Wrong("COP-2", "no room for one caller", answer, "nobody else is inside any more");
      return Wrong(OfNoCause(answer), "a failure stays", answer, "nothing strikes any more");
    }
    return std::nullopt;
  }

  // A strike that nobody was told.
  std::optional<Broken> JudgeStrikes() const {
    std::set<int64_t> requests;
    for (size_t i = 0; i < told_.size(); ++i)
      if (told_[i] > 0) requests.insert(history_.strikes[i].request);
    for (size_t i = 0; i < told_.size(); ++i) {
      const Strike& strike = history_.strikes[i];
      const Fault& fault = FaultOf(i);
      const bool another_was_told =
          fault.place == Place::kNode && requests.contains(strike.request);
      // A request that was refused for a wrong index may have been struck, too.
      const bool was_refused =
          std::any_of(refusals_.begin(), refusals_.end(),
                      [&](const Answer* answer) { return SaysRequest(*answer, strike.request); });
      // What a lack of room is taken for, and what a request hides that a stop or a free ended, or
      // its deadline, or who had asked for it.
      const bool may_be_hidden = stopped_ || Has(program_, Verb::kFree) || ended_early_ ||
                                 (fault.action == Action::kBadAlloc && program_.refuse);
      if (told_[i] > 0 || another_was_told || was_refused || may_be_hidden) continue;
      return Broken{"COP-5", "a failure is lost",
                    "strike " + std::to_string(i) + " at " +
                        (fault.place == Place::kNode ? "node " + fault.node + " of request " +
                                                           std::to_string(strike.request)
                                                     : "no node") +
                        ", and no call failed with it"};
    }
    return std::nullopt;
  }

  const Program& program_;
  const History& history_;
  std::vector<const Answer*> answers_;
  std::vector<int> told_;                // of each strike: to how many calls
  std::vector<const Answer*> refusals_;  // answers that name a wrong index
  Refused refused_;
  bool stopped_ = false;
  bool ended_early_ = false;  // a request was, by its deadline or by whoever had asked
};

}  // namespace

std::optional<Broken> JudgeErrors(const Program& program, const History& history) {
  return Errors(program, history).Judge();
}

}  // namespace tenter::fuzz::model
