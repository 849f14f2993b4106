#include "fuzz/model/judge/judge.h"

#include <algorithm>
#include <map>

#include "fuzz/model/judge/compilations.h"
#include "fuzz/model/judge/errors.h"
#include "fuzz/model/judge/judge_values.h"
#include "fuzz/model/judge/refused.h"
#include "fuzz/model/judge/wrong_models.h"

namespace tenter::fuzz::model {
namespace {

uint64_t CountInvocations(const History& history, int op) {
  uint64_t count = 0;
  for (const auto& answers : history.callers)
    count += static_cast<uint64_t>(std::count_if(
        answers.begin(), answers.end(),
        [&](const Answer& answer) { return answer.op == op && IsInvocation(answer.verb); }));
  return count;
}

// What an op holds when nobody calls it.
std::optional<Broken> JudgeFootprint(const Program& program, const History& history, int op) {
  const Rest& rest = history.rests[static_cast<size_t>(op)];
  const tgt_footprint& holds = rest.footprint;
  const auto most = static_cast<uint64_t>(program.safe ? program.flight : 1);
  if (holds.in_flight != 0)
    return Broken{"COP-2", "requests left in flight",
                  std::to_string(holds.in_flight) + " requests are in flight, and nobody calls"};
  if (holds.in_flight_max > most)
    return Broken{"COP-2", "too many in flight",
                  std::to_string(holds.in_flight_max) + " requests were in flight, and at most " +
                      std::to_string(most) + " may be"};
  if (history.most_arena_bytes > 0 && holds.arena_bytes > most * history.most_arena_bytes)
    return Broken{"COP-2", "too much memory is kept",
                  std::to_string(holds.arena_bytes) + " bytes for requests, of which one holds " +
                      std::to_string(history.most_arena_bytes) + " at most, and " +
                      std::to_string(most) + " may be in flight"};
  const uint64_t calls = CountInvocations(history, op) + rest.again.size();
  if (holds.requests > calls)
    return Broken{
        "COP-2", "requests that nobody made",
        std::to_string(holds.requests) + " requests, and " + std::to_string(calls) + " calls"};
  return JudgeCompilations(program, history, op);
}

std::optional<Broken> JudgeRemains(const Program& program, const History& history) {
  const bool stopped = Stops(program);
  if (history.parameters_changed)
    return Broken{"COP-2", "parameters changed",
                  "the parameters of the model are not what they were"};
  for (int op = 0; op < program.ops; ++op) {
    if (!history.rests[static_cast<size_t>(op)].looked) continue;
    if (auto broken = JudgeFootprint(program, history, op); broken.has_value()) return broken;
  }
  if (history.told_to_engine > 0 && !stopped)
    return Broken{"COP-8", "a failure was told twice",
                  "a wait for the engine was told a failure that a caller had been answered"};
  if (history.has_engine_counts && history.engine.live_ops > 0 && !stopped)
    return Broken{"COP-8", "ops left in the engine",
                  std::to_string(history.engine.live_ops) + " ops are alive when nobody calls"};
  if (history.threads_left > 0)
    return Broken{"COP-4", "threads left",
                  std::to_string(history.threads_left) + " threads outlive the target"};
  if (history.descriptors_left > 0)
    return Broken{"COP-4", "descriptors left",
                  std::to_string(history.descriptors_left) + " descriptors outlive the target"};
  return std::nullopt;
}

// Later looks see what the last one saw: bounds that hold at every moment.
std::optional<Broken> JudgeLooks(const Program& program, const History& history) {
  const auto most = static_cast<uint64_t>(program.safe ? program.flight : 1);
  for (const auto& answers : history.callers)
    for (const Answer& answer : answers)
      if (answer.verb == Verb::kLook && answer.code == TGT_OK && answer.footprint.in_flight > most)
        return Broken{"COP-2", "too many in flight",
                      std::to_string(answer.footprint.in_flight) + " requests are in flight, and " +
                          "at most " + std::to_string(most) + " may be"};
  return std::nullopt;
}

// Who frees an op waits for the answers of its requests, whoever else is inside, but for those that
// are given inside of the call that asks.
std::optional<Broken> JudgeFrees(const Program&, const History& history) {
  std::map<int, uint64_t> freed;  // when the free of an op had returned
  for (const auto& answers : history.callers)
    for (const Answer& answer : answers)
      if (answer.verb == Verb::kFree && answer.code == TGT_OK) freed[answer.op] = answer.end;
  for (const auto& answers : history.callers)
    for (const Answer& answer : answers)
      if (const auto free = freed.find(answer.op);
          free != freed.end() && answer.given > free->second && answer.given > answer.asked)
        return Broken{"COP-4", "answered behind the free",
                      "request " + std::to_string(answer.request) +
                          " was answered when its op had been freed"};
  return std::nullopt;
}

// Calls that waited for the one place come to it in the order in which they came to wait.
std::optional<Broken> JudgeServed(const Program&, const History& history) {
  if (!history.served.told) return std::nullopt;
  std::string order;
  bool in_order = true;
  int arrived = 0;
  for (const Answer& answer : history.served.answers) {
    if (answer.code != TGT_OK)
      return Broken{"COP-2", "a call that waited was refused",
                    "arrival " + std::to_string(answer.caller) + " waited for the one place, was " +
                        "right, and nothing struck: " + answer.error.message};
    in_order &= answer.caller == arrived++;
    order += " " + std::to_string(answer.caller);
  }
  if (in_order) return std::nullopt;
  return Broken{
      "COP-2", "served out of order",
      "calls that came one after the other, the first one to run and the others to wait " +
          std::string("for its place, were served in the order") + order};
}

const char* NameOf(const Answer& answer) {
  return answer.code == TGT_OK ? "it was answered" : answer.error.message;
}

// What came while the one place of an op was taken, and was not to run behind it.
std::optional<Broken> JudgeTurnedAway(const Program& program, const Answer& answer) {
  if (!program.safe && answer.code != TGT_CONCURRENT_USE)
    return Broken{"COP-6", "a second caller is let in",
                  std::string("another one was inside: ") + NameOf(answer)};
  if (program.safe && answer.code != TGT_RESOURCE_EXHAUSTED)
    return Broken{"COP-2", "one more is let in",
                  std::string("the one request that may be was inside: ") + NameOf(answer)};
  return std::nullopt;
}

std::optional<Broken> JudgeWaiting(const Answer& answer) {
  if (answer.answered != 1)
    return Broken{
        "COP-7", "answered twice",
        "a request that waited was answered " + std::to_string(answer.answered) + " times"};
  if (answer.code == TGT_DEADLINE_EXCEEDED && answer.before_deadline)
    return Broken{"COP-7", "late before its deadline",
                  "a request that waited was told that its deadline had passed, which had not"};
  const tgt_code right = answer.withdrawn      ? TGT_STOPPED
                         : answer.has_deadline ? TGT_DEADLINE_EXCEEDED
                                               : TGT_OK;
  if (answer.code == right) return std::nullopt;
  const bool early = right != TGT_OK;
  return Broken{early ? "COP-7" : "COP-2", early ? "it waits on" : "a call that waited was refused",
                std::string(answer.withdrawn      ? "it was cancelled"
                            : answer.has_deadline ? "its deadline passed"
                                                  : "it was right, and nothing struck") +
                    " while it waited for the one place: " + NameOf(answer)};
}

std::optional<Broken> JudgeTaken(const Program& program, const History& history) {
  const Taken& taken = history.taken;
  if (!taken.told) return std::nullopt;
  if (!program.safe || program.refuse) return JudgeTurnedAway(program, taken.asked[0]);
  std::vector<Answer> right;
  for (const Answer& answer : taken.asked) {
    if (auto broken = JudgeWaiting(answer); broken.has_value()) return broken;
    if (answer.code == TGT_OK) right.push_back(answer);
  }
  std::sort(right.begin(), right.end(), [](const Answer& a, const Answer& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.begin < b.begin;
  });
  const bool in_order = std::equal(right.begin(), right.end(), taken.begun.begin(),
                                   taken.begun.end(), [](const Answer& answer, int64_t begun) {
                                     return static_cast<int64_t>(answer.request) == begun;
                                   });
  if (in_order) return std::nullopt;
  std::string order;
  for (const int64_t number : taken.begun) order += " " + std::to_string(number);
  return Broken{"COP-2", "not served by priority",
                "the requests that waited began in the order" + order};
}

std::optional<Broken> JudgeGrowth(const Program&, const History& history) {
  const Growth& growth = history.growth;
  if (growth.is_none()) return std::nullopt;
  return Broken{"COP-2", "calls are remembered",
                "the heap grows with calls that fail, or come again: by " +
                    std::to_string(growth.bytes) +
                    " bytes at least, each time that they are made " +
                    std::to_string(growth.times) + " times"};
}

}  // namespace

std::optional<Finding> Judge(const Program& program, const History& history) {
  if (program.graph.wrong.has_value()) {
    const auto broken = JudgeWrongModel(program, history);
    if (!broken.has_value()) return std::nullopt;
    return Finding{broken->contract, broken->kind, broken->detail, 0};
  }
  if (history.create != TGT_OK) {
    const int64_t size = *SizesOf(program).begin();
    if (Refused(program.graph).ExplainsCreation(size, history.create, history.create_error))
      return std::nullopt;
    return Finding{"COP-9", "the model is refused",
                   "the target answered " + std::string(history.create_error.message), 0};
  }
  for (const auto judge : {JudgeErrors, JudgeValues, JudgeLooks, JudgeFrees, JudgeRemains,
                           JudgeServed, JudgeTaken, JudgeGrowth})
    if (const auto broken = judge(program, history); broken.has_value())
      return Finding{broken->contract, broken->kind, broken->detail, 0};
  return std::nullopt;
}

}  // namespace tenter::fuzz::model
