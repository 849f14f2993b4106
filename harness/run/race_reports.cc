#include "harness/run/race_reports.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/run/function_name.h"
#include "runtime/base/atomic.h"

#if defined(TENTER_TSAN)
extern "C" {
int __tsan_get_report_data(void* report, const char** description, int* count, int* stack_count,
                           int* mop_count, int* loc_count, int* mutex_count, int* thread_count,
                           int* unique_tid_count, void** sleep_trace, unsigned long trace_size);
int __tsan_get_report_mop(void* report, unsigned long index, int* tid, void** address, int* size,
                          int* write, int* atomic, void** trace, unsigned long trace_size);
void __sanitizer_symbolize_pc(void* pc, const char* format, char* out, size_t size);
void __tsan_on_report(void* report);
}

namespace tenter {
namespace {

constexpr int kReportsKept = 64;
constexpr int kFrames = 24;
constexpr int kAccesses = 2;
constexpr size_t kPlaces = 2;

struct RaceReport {
  const char* description = nullptr;  // static text of the sanitizer
  int accesses = 0;
  int is_write[kAccesses] = {};
  void* frames[kAccesses][kFrames] = {};
};

RaceReport reports_[kReportsKept];
Atomic<int> report_count_ = 0;  // release after a report is complete, acquire in ReportRaces

// One access for a person, and where it is: the innermost functions that are somebody's own code.
struct Access {
  std::string story;
  std::vector<std::string> places;
};

// Whether a frame only carried the message: it is of the language, the system or the sanitizer.
bool IsCarrier(std::string_view function, std::string_view file) {
  for (const std::string_view prefix : {"std::", "__", "operator new", "operator delete"})
    if (function.starts_with(prefix)) return true;
  return file.starts_with("/usr/") || file.find("compiler-rt") != file.npos;
}

// The functions at one address, which are separated by zeros: the innermost that was inlined there
// comes first. Each is "function<tab>file:line".
void AddFrame(const char* functions, Access* access) {
  std::vector<std::string> own;
  for (const char* at = functions; *at != 0; at += std::strlen(at) + 1) {
    const std::string_view line(at);
    const size_t tab = line.find('\t');
    if (tab == line.npos) continue;
    const std::string_view function = line.substr(0, tab), file = line.substr(tab + 1);
    access->story += "\n    " + std::string(function) + "  " + std::string(file);
    if (!IsCarrier(function, file)) own.push_back(FunctionName(function));
  }
  if (own.empty() || access->places.size() == kPlaces) return;
  // The name of an inlined function may lack its class, which debug information leaves out.
  access->places.push_back(own.size() == 1 ? own.back() : own.back() + " (" + own.front() + ")");
}

Access Symbolise(const RaceReport& report, int index) {
  Access access{report.is_write[index] != 0 ? "write" : "read", {}};
  std::vector<char> text(1 << 14);
  const void* before = nullptr;
  for (int i = 0; i < kFrames && report.frames[index][i] != nullptr; ++i) {
    // An address comes once for each function that was inlined there. It is a return address: the
    // call is the instruction before.
    if (std::exchange(before, report.frames[index][i]) == report.frames[index][i]) continue;
    std::fill(text.begin(), text.end(), 0);
    __sanitizer_symbolize_pc(static_cast<char*>(report.frames[index][i]) - 1, "%f\t%s:%l",
                             text.data(), text.size() - 1);
    AddFrame(text.data(), &access);
  }
  return access;
}

// The contract that orders the two accesses, where the harness itself made both: the target calls
// its bodies one after the other (ENG-1), and its waits return when they have ended (ENG-6).
std::string_view ContractOf(const std::set<std::string>& accesses) {
  constexpr std::string_view kBody = "ProgramRun::Execute", kAfterWaits = "OutcomeCheck";
  size_t bodies = 0, after = 0;
  for (const std::string& access : accesses) {
    bodies += access.find(kBody) != access.npos;
    after += access.find(kAfterWaits) != access.npos;
  }
  if (bodies == accesses.size() && bodies > 0) return "ENG-1";
  return bodies > 0 && bodies + after == accesses.size() ? "ENG-6" : "";
}

Finding FindingOf(const RaceReport& report) {
  std::set<std::string> accesses;  // which of the two was seen first is chance
  std::set<std::string> innermost;
  Finding finding{.check = &kDataRace, .what = report.description, .title = report.description};
  for (int i = 0; i < report.accesses; ++i) {
    const Access access = Symbolise(report, i);
    finding.detail += access.story + "\n";
    std::string all;
    for (const std::string& place : access.places) all += place + ";";
    accesses.insert(all);
    if (!access.places.empty()) innermost.insert(access.places.front());
  }
  finding.contract = ContractOf(accesses);
  for (const std::string& access : accesses) finding.what += " | " + access;
  for (const std::string& place : innermost) {
    finding.title += (place == *innermost.begin() ? " in " : " and ") + place;
    finding.evidence["frame_" + std::to_string(finding.evidence.size())] = place;
  }
  return finding;
}

}  // namespace

void WarmUpSymbolizer() {
  char text[256] = "";
  __sanitizer_symbolize_pc(reinterpret_cast<void*>(&ReportRaces), "%f", text, sizeof(text));
}

void ReportRaces(CheckBoard* board) {
  board->Examine(kDataRace);
  const int count = std::min(report_count_.Load(kAcquire), kReportsKept);
  for (int i = 0; i < count; ++i) board->Report(FindingOf(reports_[i]));
}

}  // namespace tenter

// Called by the sanitizer for every report; this file is compiled without instrumentation.
void __tsan_on_report(void* report) {
  using tenter::report_count_;
  const int index = report_count_.Load(tenter::kRelaxed);
  if (index >= tenter::kReportsKept) return;
  tenter::RaceReport& kept = tenter::reports_[index];
  int count, stacks, accesses, locations, mutexes, threads, tids;
  void* sleep_trace[1];
  __tsan_get_report_data(report, &kept.description, &count, &stacks, &accesses, &locations,
                         &mutexes, &threads, &tids, sleep_trace, 1);
  kept.accesses = accesses < tenter::kAccesses ? accesses : tenter::kAccesses;
  for (int i = 0; i < kept.accesses; ++i) {
    int tid, size, atomic;
    void* address;
    __tsan_get_report_mop(report, static_cast<unsigned long>(i), &tid, &address, &size,
                          &kept.is_write[i], &atomic, kept.frames[i], tenter::kFrames);
  }
  report_count_.Store(index + 1, tenter::kRelease);
}
#else
namespace tenter {

void WarmUpSymbolizer() {}

void ReportRaces(CheckBoard* board) {
  board->NoPower(kDataRace, "races are looked for in the tsan flavour only");
}

}  // namespace tenter
#endif
