#include "harness/run/race_reports.h"

#include <algorithm>
#include <string>
#include <vector>

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

struct RaceReport {
  const char* description = nullptr;  // static text of the sanitizer
  int accesses = 0;
  int is_write[kAccesses] = {};
  void* frames[kAccesses][kFrames] = {};
};

RaceReport reports_[kReportsKept];
Atomic<int> report_count_ = 0;  // release after a report is complete, acquire in ReportRaces

// One access for a person ("write in A, called from B"), and the frames of this project for the
// signature.
struct Access {
  std::string story;
  std::string own_frames;
};

Access Symbolise(const RaceReport& report, int index) {
  Access access{report.is_write[index] != 0 ? "write" : "read", {}};
  int own = 0;
  for (int i = 0; i < kFrames && report.frames[index][i] != nullptr; ++i) {
    char text[512] = "";
    // The recorded addresses are return addresses: the call is the instruction before.
    __sanitizer_symbolize_pc(static_cast<char*>(report.frames[index][i]) - 1, "%f\t%s:%l", text,
                             sizeof(text));
    std::string line(text);
    const size_t tab = line.find('\t');
    if (tab == std::string::npos) continue;
    access.story += "\n    " + line.substr(0, tab) + "  " + line.substr(tab + 1);
    if (line.find("tenter::") != std::string::npos && own < 2) {
      access.own_frames += line.substr(0, line.find('(')) + ";";
      ++own;
    }
  }
  return access;
}

Finding FindingOf(const RaceReport& report) {
  std::vector<Access> accesses;
  for (int i = 0; i < report.accesses; ++i) accesses.push_back(Symbolise(report, i));
  Finding finding{.check = &kDataRace, .what = report.description, .title = report.description};
  std::vector<std::string> places;
  for (const Access& access : accesses) {
    places.push_back(access.own_frames);
    finding.detail += access.story + "\n";
  }
  // Which of the two was seen first is chance.
  std::sort(places.begin(), places.end());
  for (const std::string& place : places) finding.what += " | " + place;
  if (!places.empty()) finding.title += " in " + places.back();
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
