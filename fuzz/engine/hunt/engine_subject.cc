#include "fuzz/engine/hunt/engine_subject.h"

#include <algorithm>

#include "fuzz/engine/draw/generate.h"
#include "fuzz/engine/history/expand.h"
#include "fuzz/engine/hunt/diagnosis.h"
#include "fuzz/engine/hunt/engine_case.h"
#include "fuzz/engine/hunt/engine_counts.h"
#include "fuzz/engine/hunt/shrink.h"
#include "fuzz/engine/hunt/suspect.h"
#include "fuzz/engine/judge/properties.h"
#include "fuzz/engine/program/normalise.h"
#include "fuzz/engine/program/parse.h"
#include "fuzz/engine/program/to_text.h"

namespace tenter::fuzz {
namespace {

Program Parsed(const std::string& text) {
  Result<Program> program = ParseProgram(text);
  TENTER_CHECK(program.ok(), "not a program: " + program.status().message());
  return std::move(*program);
}

class EngineRig final : public Rig {
 public:
  EngineRig(Watchdog* watchdog, int64_t patience_ns)
      : tools_{&completers_, &racers_, watchdog, patience_ns} {}

  std::optional<Finding> Run(const std::string& text, uint64_t round) override {
    if (text != text_) {
      program_ = Expand(Parsed(text));
      text_ = text;
    }
    return RunCase(program_, tools_, round);
  }

 private:
  Completers completers_;
  Racers racers_;
  const Tools tools_;
  std::string text_;
  Program program_;
};

}  // namespace

std::span<const Property> EngineSubject::properties() const {
  static const std::vector<Property> kAll = [] {
    std::vector<Property> all;
    for (const EngineProperty& property : Properties())
      all.push_back({property.contract, property.compares});
    return all;
  }();
  return kAll;
}

std::span<const std::string_view> EngineSubject::counted() const { return EngineCountNames(); }

std::string EngineSubject::Draw(const Property& property, const DrawOptions& options,
                                uint64_t seed) const {
  const Profile& profile = FindProperty(property.contract)->profile;
  return ToText(GenerateProgram({profile, options.workers, options.most_ops}, seed));
}

Status EngineSubject::Check(const std::string& program) const {
  return ParseProgram(program).status();
}

int EngineSubject::Size(const std::string& program) const { return Ops(Parsed(program)); }

void EngineSubject::Count(const std::string& program,
                          const std::function<void(size_t, uint64_t)>& add) const {
  CountCase(Expand(Parsed(program)), add);
}

std::unique_ptr<Rig> EngineSubject::MakeRig(Watchdog* watchdog, int64_t patience_ns) const {
  return std::make_unique<EngineRig>(watchdog, patience_ns);
}

std::string EngineSubject::Suspect(const std::string& program, const Finding& seen) const {
  if (seen.kind == kDataRace) return "ENG-1";
  if (seen.kind == kLeaked) return "ENG-5";
  return SuspectOf(Parsed(program), seen);
}

std::string EngineSubject::Diagnose(const std::string& smallest, const Finding& found) const {
  return DiagnosisOf(Parsed(smallest), found);
}

std::string EngineSubject::Shrink(const std::string& program, const Fails& fails,
                                  const Fails& comes_back, int64_t deadline_ns) const {
  return ToText(fuzz::Shrink(
      Parsed(program), [&](const Program& p) { return fails(ToText(p)); },
      [&](const Program& p) { return comes_back(ToText(p)); }, deadline_ns));
}

std::vector<std::string> EngineSubject::Variants(const std::string& text) const {
  constexpr uint64_t kNoises = 12;
  const Program program = Parsed(text);
  std::vector<std::string> variants;
  for (const int workers : {program.workers, 2, 4})
    for (uint64_t noise = 0; noise < kNoises; ++noise) {
      Program variant = program;
      variant.workers = std::max(workers, program.workers);
      variant.noise = noise;
      Normalise(&variant);  // with more workers it may have to be another one
      variants.push_back(ToText(variant));
    }
  return variants;
}

}  // namespace tenter::fuzz
