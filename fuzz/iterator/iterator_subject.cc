#include "fuzz/iterator/iterator_subject.h"

#include <algorithm>
#include <array>

#include "fuzz/frame/line_shrink.h"
#include "fuzz/iterator/draw.h"
#include "fuzz/iterator/judge.h"
#include "fuzz/iterator/run.h"

namespace tenter::fuzz::iterator {
namespace {

constexpr std::array kProperties = {
    Property{"ITR-1", "every row once, in order, in batches of the right size, type and padding"},
    Property{"ITR-2",
             "an error is told where it stands, names file and line, and overtakes nothing"},
    Property{"ITR-3", "behind an error comes the same one, and a reset begins a clean epoch"},
    Property{"ITR-4", "a reset in the middle shows nothing of the old epoch and never hangs"},
    Property{"ITR-5", "close and free wake everybody and leave no thread and no descriptor"},
    Property{"ITR-6", "a returned batch stays what it was"},
};

enum class Counted {
  kCases,
  kCalls,
  kBatches,
  kResets,
  kCloses,
  kBadRows,
  kFaults,
  kSeveral,
  kEnd
};
constexpr std::array kCounted = std::to_array<std::string_view>(
    {"cases", "calls", "nexts", "resets", "closes", "bad_rows", "faults", "several_consumers"});
static_assert(kCounted.size() == static_cast<size_t>(Counted::kEnd));

Program Parsed(const std::string& text) {
  Result<Program> program = ParseProgram(text);
  TENTER_CHECK(program.ok(), "not a program: " + program.status().message());
  return std::move(*program);
}

bool Has(const Program& program, Verb verb) {
  return std::any_of(program.calls.begin(), program.calls.end(),
                     [verb](const Call& call) { return call.verb == verb; });
}

// The header with one option at its simplest.
Lines SimplerHeader(const Program& program) {
  Lines simpler;
  const auto with = [&](auto change) {
    Program candidate = program;
    candidate.rows.clear(), candidate.faults.clear(), candidate.calls.clear();
    const std::string before = ToText(candidate);
    change(candidate);
    std::string text = ToText(candidate);
    if (text == before) return;
    text.pop_back();
    simpler.push_back(text);
  };
  with([](Program& p) { p.noise = 0; });
  with([](Program& p) { p.columns = 1; });
  with([](Program& p) { p.dtype = TGT_FLOAT32; });
  with([](Program& p) { p.batch = 1; });
  with([](Program& p) { p.batch = std::max<int64_t>(1, p.batch - 1); });
  with([](Program& p) { p.round = false; });
  with([](Program& p) { p.prefetch = 1; });
  with([](Program& p) { p.skip = 0; });
  with([](Program& p) { p.skip = std::max<int64_t>(0, p.skip - 1); });
  with([](Program& p) { p.mark = false; });
  with([](Program& p) { p.newline = true; });
  with([](Program& p) { p.file = File::kRows; });
  return simpler;
}

constexpr std::string_view kNumber = "row number ";

// Without one half, or without a character.
Lines SimplerNumber(const std::string& text) {
  Lines simpler = {"row good"};
  const std::string row(kNumber);
  for (const size_t fewer : {text.size() / 2, size_t{1}})
    if (fewer > 0 && fewer < text.size()) {
      simpler.push_back(row + text.substr(fewer));
      simpler.push_back(row + text.substr(0, text.size() - fewer));
    }
  return simpler;
}

// A row without its blanks, or a good one with them.
Lines SimplerPadded(const std::string& line) {
  const size_t until = line.find(" until ");
  Lines simpler = {line.substr(0, until)};
  if (!line.starts_with("row good ")) simpler.push_back("row good" + line.substr(until));
  return simpler;
}

// A line alone cannot be parsed: it is one of a program with a header.
Lines SimplerLine(const Lines& lines, size_t i) {
  const Program program = Parsed(JoinLines(lines));
  if (i == 0) return SimplerHeader(program);
  const std::string& line = lines[i];
  if (line.find(" until ") != std::string::npos) return SimplerPadded(line);
  if (line == "row endless") return {"row good", "row long"};
  if (line.starts_with(kNumber)) return SimplerNumber(line.substr(kNumber.size()));
  if (line.starts_with("row ")) return line == "row good" ? Lines{} : Lines{"row good"};
  Lines simpler;
  if (line.ends_with(" once")) simpler.push_back(line.substr(0, line.size() - 5));
  if (line[0] == 'c' && line[1] != '0') simpler.push_back("c0" + line.substr(2));
  constexpr std::string_view kRoom = ": skipped ";
  if (line.find(kRoom) == 2) {
    const int64_t room = std::atoll(line.c_str() + 2 + kRoom.size());
    simpler.push_back(line.substr(0, 2) + ": skipped");
    if (room > 0) simpler.push_back(line.substr(0, 2) + ": skipped " + std::to_string(room - 1));
  }
  const size_t blank = line.rfind(' ');
  const int times = line.find(": next ") == 2 ? std::atoi(line.c_str() + blank) : 1;
  if (times > 1)
    for (const int fewer : {1, times / 2, times - 1})
      simpler.push_back(line.substr(0, blank + 1) + std::to_string(fewer));
  return simpler;
}

}  // namespace

std::span<const Property> IteratorSubject::properties() const { return kProperties; }
std::span<const std::string_view> IteratorSubject::counted() const { return kCounted; }

std::string IteratorSubject::Draw(const Property& property, const DrawOptions& options,
                                  uint64_t seed) const {
  return ToText(DrawProgram(property.contract, options.most_ops / 2, seed));
}

Status IteratorSubject::Check(const std::string& program) const {
  return ParseProgram(program).status();
}

int IteratorSubject::Size(const std::string& program) const {
  const Program parsed = Parsed(program);
  return static_cast<int>(parsed.calls.size() + parsed.faults.size());
}

void IteratorSubject::Count(const std::string& text,
                            const std::function<void(size_t, uint64_t)>& add_index) const {
  const Program program = Parsed(text);
  const auto add = [&](Counted what, uint64_t n) { add_index(static_cast<size_t>(what), n); };
  add(Counted::kCases, 1);
  for (const Call& call : program.calls) {
    add(Counted::kCalls, static_cast<uint64_t>(call.times));
    if (call.verb == Verb::kNext) add(Counted::kBatches, static_cast<uint64_t>(call.times));
    add(Counted::kResets, call.verb == Verb::kReset);
    add(Counted::kCloses, call.verb == Verb::kClose);
  }
  add(Counted::kBadRows,
      static_cast<uint64_t>(std::count_if(program.rows.begin(), program.rows.end(),
                                          [&](const Row& row) { return IsBad(program, row); })));
  add(Counted::kFaults, program.faults.size());
  add(Counted::kSeveral, Consumers(program) > 1);
}

std::optional<Finding> IteratorSubject::RunOnce(const std::string& text, const tgt_target& table,
                                                uint64_t round, Watchdog* watchdog) const {
  const Program program = Parsed(text);
  return Judge(program, RunProgram(program, table, round, watchdog));
}

std::string IteratorSubject::Suspect(const std::string& text, const Finding& seen) const {
  const Program program = Parsed(text);
  if (seen.kind == kDataRace) return "ITR-1";
  if (seen.kind == kHang && !Has(program, Verb::kClose))
    return !Has(program, Verb::kReset) ? "ITR-1"
           : Consumers(program) > 1    ? "ITR-4 or ITR-1"  // one of them is not told of the end
                                       : "ITR-4";
  return "ITR-5";
}

std::string IteratorSubject::Shrink(const std::string& program, const Fails& fails,
                                    const Fails& comes_back, int64_t deadline_ns) const {
  return ShrinkLines(program, {.mend = [](const std::string& text) -> std::optional<std::string> {
                                 const Result<Program> parsed = ParseProgram(text);
                                 if (!parsed.ok()) return std::nullopt;
                                 return ToText(*parsed);
                               },
                               .simpler = SimplerLine,
                               .fails = fails,
                               .comes_back = comes_back,
                               .deadline_ns = deadline_ns});
}

}  // namespace tenter::fuzz::iterator
