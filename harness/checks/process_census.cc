#include "harness/checks/process_census.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "runtime/base/clock.h"

namespace tenter {
namespace {

int64_t CountEntries(const char* directory) {
  int64_t count = 0;
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(directory, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error))
    ++count;
  return count;
}

}  // namespace

ProcessCensus ProcessCensus::Now() {
  ProcessCensus census;
  census.threads = CountEntries("/proc/self/task");
  census.descriptors = CountEntries("/proc/self/fd");
  std::ifstream maps("/proc/self/maps");
  census.mappings = std::count(std::istreambuf_iterator<char>(maps), {}, '\n');
  std::ifstream status("/proc/self/status");
  int64_t swapped_kb = 0;
  for (std::string word; status >> word;) {
    if (word == "VmRSS:") status >> census.resident_kb;
    if (word == "RssAnon:") status >> census.anonymous_kb;
    if (word == "VmSwap:") status >> swapped_kb;
  }
  census.anonymous_kb += swapped_kb;
  return census;
}

void CheckCensus(const ProcessCensus& before, std::string_view contract, CheckBoard* board) {
  ProcessCensus after = ProcessCensus::Now();
  const int64_t deadline = NowNs() + kNsPerSecond;
  while ((after.threads > before.threads || after.descriptors > before.descriptors) &&
         NowNs() < deadline) {
    SleepNs(kNsPerMs);
    after = ProcessCensus::Now();
  }
  board->Examine(kLeak);
  board->Expose("resident_growth_kb", after.resident_kb - before.resident_kb);
  const auto report = [&](const char* what, int64_t had, int64_t has) {
    if (has <= had) return;
    board->Report({.check = &kLeak,
                   .contract = contract,
                   .what = std::string("process ") + what,
                   .title = std::to_string(has - had) + " " + what + " were left behind",
                   .evidence = {{"before", std::to_string(had)}, {"after", std::to_string(has)}}});
  };
  report("threads", before.threads, after.threads);
  report("descriptors", before.descriptors, after.descriptors);
}

}  // namespace tenter
