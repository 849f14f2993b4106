#include "fuzz/model/hunt/model_subject.h"

#include <algorithm>
#include <array>

#include "fuzz/frame/line_shrink.h"
#include "fuzz/model/hunt/smaller.h"
#include "fuzz/model/judge/judge.h"
#include "fuzz/model/program/draw.h"
#include "fuzz/model/run/run.h"

namespace tenter::fuzz::model {
namespace {

constexpr std::array kProperties = {
    Property{"COP-9", "what one caller is answered is what the graph says, in every bit"},
    Property{"COP-1", "what many callers are answered at the same time is that, too, and stays so"},
    Property{"COP-2",
             "no more requests in flight than may be, and none refused while there is room"},
    Property{"COP-3", "no more compilations than signatures"},
    Property{"COP-4", "free and stop in the middle: what is in flight ends, later calls are told"},
    Property{"COP-5", "a failing request fails alone, and names its node, its shapes and itself"},
    Property{"COP-6", "an op for one thread refuses a second caller, and never a first one"},
    Property{"COP-7", "a request is answered once, also later; no other notices its early end"},
    Property{"COP-8", "a failure that was answered is told to nobody else and leaves no memory"},
};

enum class Counted {
  kCases,
  kNodes,
  kCalls,
  kFaults,
  kWrongRequests,
  kWrongModels,
  kFrees,
  kStops,
  kLater,
  kSeveralCallers,
  kSeveralSizes,
  kSingle,
  kNaive,
  kEnd
};
constexpr std::array kCounted = std::to_array<std::string_view>(
    {"cases", "nodes", "calls", "faults", "wrong_requests", "wrong_models", "frees", "stops",
     "later", "several_callers", "several_sizes", "for_one_thread", "naive"});
static_assert(kCounted.size() == static_cast<size_t>(Counted::kEnd));

Program Parsed(const std::string& text) {
  Result<Program> program = ParseProgram(text);
  TENTER_CHECK(program.ok(), "not a program: " + program.status().message());
  return std::move(*program);
}

}  // namespace

std::span<const Property> ModelSubject::properties() const { return kProperties; }
std::span<const std::string_view> ModelSubject::counted() const { return kCounted; }

std::string ModelSubject::Draw(const Property& property, const DrawOptions& options,
                               uint64_t seed) const {
  return ToText(DrawProgram(property.contract, options.workers, options.most_ops / 2, seed));
}

Status ModelSubject::Check(const std::string& program) const {
  return ParseProgram(program).status();
}

int ModelSubject::Size(const std::string& text) const {
  const Program program = Parsed(text);
  return static_cast<int>(
      std::max(program.graph.nodes.size(), program.calls.size() + program.faults.size()));
}

void ModelSubject::Count(const std::string& text,
                         const std::function<void(size_t, uint64_t)>& add_index) const {
  const Program program = Parsed(text);
  const auto add = [&](Counted what, uint64_t n) { add_index(static_cast<size_t>(what), n); };
  add(Counted::kCases, 1);
  add(Counted::kNodes, program.graph.nodes.size());
  add(Counted::kWrongModels, program.graph.wrong.has_value());
  add(Counted::kFaults, program.faults.size());
  for (const Call& call : program.calls) {
    add(Counted::kCalls, call.verb == Verb::kCall ? static_cast<uint64_t>(call.times) : 0);
    add(Counted::kLater, call.later ? static_cast<uint64_t>(call.times) : 0);
    add(Counted::kWrongRequests, call.verb == Verb::kBad);
    add(Counted::kFrees, call.verb == Verb::kFree);
    add(Counted::kStops, IsStop(call.verb));
  }
  add(Counted::kSeveralCallers, Callers(program) > 1);
  add(Counted::kSeveralSizes, SizesOf(program).size() > 1);
  add(Counted::kSingle, !program.safe);
  add(Counted::kNaive, program.workers == 0);
}

std::optional<Finding> ModelSubject::RunOnce(const std::string& text, const tgt_target& table,
                                             uint64_t round, Watchdog* watchdog) const {
  const Program program = Parsed(text);
  return Judge(program, RunProgram(program, table, round, watchdog));
}

std::string ModelSubject::Suspect(const std::string& text, const Finding& seen) const {
  const Program program = Parsed(text);
  if (seen.kind == kLeaked) return "COP-8";
  const bool lacks_arena =
      std::any_of(program.faults.begin(), program.faults.end(),
                  [](const Fault& fault) { return fault.place == Place::kArena; });
  if (seen.kind == kHang && lacks_arena) return "COP-2";
  const bool some_later = std::any_of(program.calls.begin(), program.calls.end(),
                                      [](const Call& call) { return call.later; });
  if (seen.kind == kHang && some_later) return "COP-7";
  if (Has(program, Verb::kFree) || Stops(program)) return "COP-4";
  if (!program.faults.empty()) return "COP-5";
  if (seen.kind == kHang) return SizesOf(program).size() > 1 ? "COP-3" : "COP-2";
  return Callers(program) > 1 ? "COP-1" : "COP-9";
}

std::string ModelSubject::Shrink(const std::string& program, const Fails& fails,
                                 const Fails& comes_back, int64_t deadline_ns) const {
  return ShrinkLines(program, {.mend = Mend,
                               .simpler = SimplerLine,
                               .fails = fails,
                               .comes_back = comes_back,
                               .deadline_ns = deadline_ns});
}

}  // namespace tenter::fuzz::model
