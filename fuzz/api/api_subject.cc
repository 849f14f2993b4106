#include "fuzz/api/api_subject.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "fuzz/api/draw.h"
#include "fuzz/api/judge/judge.h"
#include "fuzz/api/run/run.h"
#include "fuzz/api/words.h"
#include "fuzz/frame/line_shrink.h"
#include "runtime/base/check.h"

namespace tenter::fuzz::api {
namespace {

constexpr std::array kProperties = {
    Property{"ENG-2", "the ops of a replay have the numbers that it answers"},
    Property{"ENG-5", "every op is given back exactly once, however its handles go"},
    Property{"ENG-7", "a wait inside an op is refused; an engine may be freed there"},
    Property{"ENG-8", "what was freed, is NULL, of another kind or of another context is refused"},
    Property{"ENG-9", "a stopped engine refuses, and a freed context leaves no thread"},
    Property{"ERR-6",
             "each failure is told to one wait, the oldest first, as many as there is room for"},
    Property{"ERR-7", "a failure tells its push and the ops that it poisoned, and no others"},
    Property{"ERR-9", "a deleter that fails is told to a wait for all, and to no other"},
    Property{"ERR-11",
             "failures of a scope are told to its waits; its cancel and its deadline end it"},
    Property{"ERR-12", "a body is told that its scope was cancelled, and why"},
    Property{"COP-4", "models and cached ops are freed under use"},
    Property{"COP-6", "an output goes into the buffer of its caller, if it fits, and nowhere else"},
    Property{"ITR-5", "iterators are closed and freed under use, and leave no descriptor"},
};

enum class Counted { kCases, kCalls, kFrees, kStrangers, kSeveral, kEnd };
constexpr std::array kCounted = std::to_array<std::string_view>(
    {"cases", "calls", "frees", "other_contexts", "several_threads"});
static_assert(kCounted.size() == static_cast<size_t>(Counted::kEnd));

Program Parsed(const std::string& text) {
  Result<Program> program = ParseProgram(text);
  TENTER_CHECK(program.ok(), "not a program: " + program.status().message());
  return std::move(*program);
}

class ApiRig final : public Rig {
 public:
  explicit ApiRig(Watchdog* watchdog)
      : watchdog_(watchdog), rows_(memfd_create("rows.csv", MFD_CLOEXEC)) {
    constexpr std::string_view kRows = "1\n2\n3\n4\n5\n6\n";
    TENTER_CHECK(write(rows_, kRows.data(), kRows.size()) == ssize_t{kRows.size()}, "no file");
    // The first context of a process makes what all later ones share.
    tenter_context* context = nullptr;
    TENTER_CHECK(tenter_context_create(nullptr, &context, nullptr) == TENTER_OK, "no context");
    tenter_context_free(context);
  }
  ~ApiRig() override { close(rows_); }

  std::optional<Finding> Run(const std::string& text, uint64_t round) override {
    const Program program = Parsed(text);
    return Judge(RunProgram(program, "/proc/self/fd/" + std::to_string(rows_), round, watchdog_));
  }

 private:
  Watchdog* const watchdog_;
  const int rows_;
};

// The line without one of its words, or on the first thread.
Lines SimplerLine(const Lines& lines, size_t i) {
  if (lines[i].starts_with("noise") || lines[i] == kEndWaits) return {};
  const Line line = ParseLine(lines[i]).value();
  Lines simpler;
  if (line.thread != 0) {
    Line first = line;
    first.thread = 0;
    simpler.push_back(ToText(first));
  }
  for (const Line& candidate : SimplerWords(line)) simpler.push_back(ToText(candidate));
  if (line.verb == Verb::kNaiveEngine) {
    Line engine = line;
    engine.verb = Verb::kEngine;
    simpler.push_back(ToText(engine));
  }
  return simpler;
}

}  // namespace

std::span<const Property> ApiSubject::properties() const { return kProperties; }
std::span<const std::string_view> ApiSubject::counted() const { return kCounted; }

std::string ApiSubject::Draw(const Property& property, const DrawOptions& options,
                             uint64_t seed) const {
  return ToText(DrawProgram(property.contract, options.most_ops, seed));
}

Status ApiSubject::Check(const std::string& program) const {
  return ParseProgram(program).status();
}

int ApiSubject::Size(const std::string& program) const {
  return static_cast<int>(Parsed(program).lines.size());
}

void ApiSubject::Count(const std::string& text,
                       const std::function<void(size_t, uint64_t)>& add_index) const {
  const Program program = Parsed(text);
  const auto add = [&](Counted what, uint64_t n) { add_index(static_cast<size_t>(what), n); };
  add(Counted::kCases, 1);
  add(Counted::kCalls, program.lines.size());
  for (const Line& line : program.lines) {
    add(Counted::kFrees, TypeOf(line.verb).frees);
    add(Counted::kStrangers, line.other);
  }
  add(Counted::kSeveral, Threads(program) > 1);
}

std::unique_ptr<Rig> ApiSubject::MakeRig(Watchdog* watchdog, int64_t /*patience_ns*/) const {
  return std::make_unique<ApiRig>(watchdog);
}

std::string ApiSubject::Suspect(const std::string& program, const Finding& seen) const {
  if (seen.kind == kLeaked) return "ENG-5";
  // An engine that goes inside its op: its op waits for itself (ENG-7), or it goes too early.
  if (program.find("push_frees") != std::string::npos) return "ENG-7 or ENG-8";
  // A body that waits for a cancel goes on for longer than what shrinks a program waits.
  if (seen.kind == kHang && program.find("ends woken") != std::string::npos) return "ERR-12";
  if (seen.kind == kHang && program.find("ends awaits") != std::string::npos)
    return program.find("stop_cancel") != std::string::npos ? "ENG-9 or ERR-12"
                                                            : "ERR-11 or ERR-12";
  if (seen.kind == kHang) return program.find("iterator") != std::string::npos ? "ITR-5" : "ENG-9";
  return program.find("cached_op") != std::string::npos ? "COP-4" : "ENG-8";
}

std::vector<std::string> ApiSubject::Variants(const std::string& text) const {
  constexpr uint64_t kNoises = 12;
  Program variant = Parsed(text);
  std::vector<std::string> variants;
  for (variant.noise = 0; variant.noise < kNoises; ++variant.noise)
    variants.push_back(ToText(variant));
  return variants;
}

std::string ApiSubject::Shrink(const std::string& program, const Fails& fails,
                               const Fails& comes_back, int64_t deadline_ns) const {
  return ShrinkLines(program, {.mend = [](const std::string& text) -> std::optional<std::string> {
                                 const Result<Program> mended = MendProgram(text);
                                 if (!mended.ok()) return std::nullopt;
                                 return ToText(*mended);
                               },
                               .simpler = SimplerLine,
                               .fails = fails,
                               .comes_back = comes_back,
                               .deadline_ns = deadline_ns});
}

}  // namespace tenter::fuzz::api
