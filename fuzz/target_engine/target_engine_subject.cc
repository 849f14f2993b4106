#include "fuzz/target_engine/target_engine_subject.h"

#include <algorithm>
#include <array>

#include "fuzz/engine/draw/generate.h"
#include "fuzz/engine/history/expand.h"
#include "fuzz/engine/hunt/diagnosis.h"
#include "fuzz/engine/hunt/engine_counts.h"
#include "fuzz/engine/hunt/engine_subject.h"
#include "fuzz/engine/hunt/shrink.h"
#include "fuzz/engine/program/parse.h"
#include "fuzz/engine/program/to_text.h"
#include "fuzz/target_engine/judge/judge.h"
#include "fuzz/target_engine/program/properties.h"
#include "fuzz/target_engine/program/words.h"
#include "fuzz/target_engine/run/run.h"

namespace tenter::fuzz::target_engine {
namespace {

Program Parsed(const std::string& text) {
  Result<Program> program = ParseProgram(text);
  TENTER_CHECK(program.ok(), "not a program: " + program.status().message());
  return std::move(*program);
}

// What the engine's fuzzer counts, and the interface of a target has a word for.
constexpr std::array kCounted = std::to_array<std::string_view>(
    {"cases", "ops", "several_pushers", "failing_ops", "async_ops", "deletes", "waits", "wait_alls",
     "looks", "stops", "cancels", "pushes_inside", "waits_inside", "run_dependents", "naive",
     "many_vars"});

Promises PromisesOf(const tgt_target& table) {
  return {.errors = table.error_rule, .total_order = table.total_push_order != 0};
}

}  // namespace

std::span<const Property> TargetEngineSubject::properties() const { return Properties(); }

std::span<const std::string_view> TargetEngineSubject::counted() const { return kCounted; }

std::string TargetEngineSubject::Draw(const Property& property, const DrawOptions& options,
                                      uint64_t seed) const {
  const Profile profile = ProfileOf(property.contract);
  Program program = GenerateProgram({profile, options.workers, options.most_ops}, seed);
  Restrict(&program);
  return ToText(program);
}

Status TargetEngineSubject::Check(const std::string& text) const {
  TENTER_ASSIGN_OR_RETURN(const Program program, ParseProgram(text));
  return CheckWords(program);
}

int TargetEngineSubject::Size(const std::string& program) const { return Ops(Parsed(program)); }

void TargetEngineSubject::Count(const std::string& program,
                                const std::function<void(size_t, uint64_t)>& add) const {
  CountCase(Expand(Parsed(program)), [&](size_t of_engine, uint64_t n) {
    const auto name = std::find(kCounted.begin(), kCounted.end(), EngineCountNames()[of_engine]);
    if (name != kCounted.end()) add(static_cast<size_t>(name - kCounted.begin()), n);
  });
}

std::optional<Finding> TargetEngineSubject::RunOnce(const std::string& text,
                                                    const tgt_target& table, uint64_t round,
                                                    Watchdog* watchdog) const {
  const Program program = Expand(Parsed(text));
  const std::vector<Finding> findings =
      Judge(program, RunProgram(program, table, round, watchdog), PromisesOf(table));
  if (findings.empty()) return std::nullopt;
  return findings.front();
}

std::string TargetEngineSubject::Suspect(const std::string& program, const Finding& seen) const {
  return EngineSubject().Suspect(program, seen);
}

std::string TargetEngineSubject::Diagnose(const std::string& smallest, const Finding& found) const {
  return DiagnosisOf(Parsed(smallest), found);
}

// Of the smaller programs those alone for which there are words.
std::string TargetEngineSubject::Shrink(const std::string& program, const Fails& fails,
                                        const Fails& comes_back, int64_t deadline_ns) const {
  return ToText(fuzz::Shrink(
      Parsed(program), [&](const Program& p) { return CheckWords(p).ok() && fails(ToText(p)); },
      [&](const Program& p) { return comes_back(ToText(p)); }, deadline_ns));
}

}  // namespace tenter::fuzz::target_engine
