#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "harness/flight/recorded_target.h"
#include "harness/target/target_calls.h"
#include "runtime/base/gate.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

// An event as the file has it, read by what its header says and by nothing else.
struct Read {
  uint64_t time, thread;
  FlightKind kind;
  uint8_t what;
  uint16_t code;
  int32_t worker;
  uint64_t number;
  std::string name;
};

class FlightTest : public testing::Test {
 protected:
  FlightTest() : path_(testing::TempDir() + "flight_test." + std::to_string(getpid())) {
    unlink(path_.c_str());
    auto opened = Flight::Open(path_, kTargetCallNames, kSites);
    EXPECT_TRUE(opened.ok()) << opened.status().ToString();
    flight_ = std::move(opened).value();
  }
  ~FlightTest() override { unlink(path_.c_str()); }

  std::string Bytes() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static uint64_t WordAt(const std::string& bytes, size_t at) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    return word;
  }
  std::vector<Read> Events() const {
    const std::string bytes = Bytes();
    const auto header = nlohmann::json::parse(bytes.substr(0, bytes.find('\n')));
    std::multimap<uint64_t, Read> sorted;  // in the order of the ring where times are equal
    for (size_t ring = 0; ring < header["rings"]; ++ring)
      for (size_t i = 0; i < header["events"]; ++i) {
        const size_t at = size_t{header["rings_at"]} + ring * size_t{header["ring_bytes"]} +
                          size_t{header["events_at"]} + i * size_t{header["event_bytes"]};
        const uint64_t time = WordAt(bytes, at), said = WordAt(bytes, at + 16);
        if (time == 0) continue;
        std::string name = bytes.substr(at + 32, Flight::kNameBytes);
        name.resize(strnlen(name.c_str(), name.size()));
        sorted.emplace(time,
                       Read{time, WordAt(bytes, at + 8), static_cast<FlightKind>(said & 0xff),
                            static_cast<uint8_t>(said >> 8), static_cast<uint16_t>(said >> 16),
                            static_cast<int32_t>(said >> 32), WordAt(bytes, at + 24), name});
      }
    std::vector<Read> events;
    for (const auto& [_, event] : sorted) events.push_back(event);
    return events;
  }

  int SharedRings() const {
    const std::string bytes = Bytes();
    const auto header = nlohmann::json::parse(bytes.substr(0, bytes.find('\n')));
    int shared = 0;
    for (size_t ring = 0; ring < header["rings"]; ++ring)
      shared +=
          WordAt(bytes, size_t{header["rings_at"]} + ring * size_t{header["ring_bytes"]} + 24) != 0;
    return shared;
  }

  static constexpr size_t kKept = 256;  // of each thread
  static constexpr std::string_view kSites[] = {"a.site", "another.site"};
  const std::string path_;
  std::unique_ptr<Flight> flight_;
};

TEST_F(FlightTest, AnEventIsReadBackWhole) {
  flight_->Write({.kind = FlightKind::kSite,
                  .what = 1,
                  .code = 4,
                  .worker = 3,
                  .number = 77,
                  .name = "conv1"});
  const auto events = Events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].thread, CurrentThreadKey());
  EXPECT_EQ(events[0].kind, FlightKind::kSite);
  EXPECT_EQ(events[0].what, 1);
  EXPECT_EQ(events[0].code, 4);
  EXPECT_EQ(events[0].worker, 3);
  EXPECT_EQ(events[0].number, 77u);
  EXPECT_EQ(events[0].name, "conv1");
}

TEST_F(FlightTest, LongNamesAreCutAndLeaveTheNextEventAlone) {
  const std::string name(100, 'x');
  flight_->Write({.kind = FlightKind::kFinding, .number = ~uint64_t{0}, .name = name});
  flight_->Write({.kind = FlightKind::kBody});
  const auto events = Events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].name, name.substr(0, Flight::kNameBytes));
  EXPECT_EQ(events[1].kind, FlightKind::kBody);
  EXPECT_EQ(events[1].number, 0u);
}

TEST_F(FlightTest, TheOldestEventGoes) {
  for (uint64_t i = 0; i < 5000; ++i) flight_->Write({.kind = FlightKind::kBody, .number = i});
  const auto events = Events();
  ASSERT_EQ(events.size(), kKept);
  EXPECT_EQ(events.front().number, 5000u - kKept);
  EXPECT_EQ(events.back().number, 4999u);
}

TEST_F(FlightTest, WhatLedToTheFirstFindingStays) {
  for (uint64_t i = 0; i < 3000; ++i) flight_->Write({.kind = FlightKind::kBody, .number = i});
  flight_->Write({.kind = FlightKind::kFinding, .name = "first"});
  for (uint64_t i = 3000; i < 9000; ++i) {
    flight_->Write({.kind = FlightKind::kBody, .number = i});
    if (i == 3500) flight_->Write({.kind = FlightKind::kFinding, .name = "second"});
  }
  const auto events = Events();
  ASSERT_EQ(events.size(), kKept);
  const auto first = std::find_if(events.begin(), events.end(),
                                  [](const Read& event) { return event.name == "first"; });
  ASSERT_NE(first, events.end());
  EXPECT_EQ((first - 1)->number, 2999u);
  EXPECT_EQ(events.end() - first, 1 + kKept / 2);
}

TEST_F(FlightTest, ThreadsOfTheHarnessHaveNames) {
  Thread thread;
  ASSERT_TRUE(thread.Start("caller-17", [this] { flight_->NameThisThread(); }).ok());
  thread.Join();
  const std::string bytes = Bytes();
  const auto header = nlohmann::json::parse(bytes.substr(0, bytes.find('\n')));
  EXPECT_STREQ(bytes.data() + size_t{header["threads_at"]} + 8, "caller-17");
}

TEST_F(FlightTest, ThreadsWriteAtOnce) {
  constexpr int kThreads = 8, kEach = 200;
  std::vector<Thread> threads(kThreads);
  for (Thread& thread : threads)
    ASSERT_TRUE(thread
                    .Start("writer",
                           [this] {
                             for (int i = 0; i < kEach; ++i)
                               flight_->Write({.kind = FlightKind::kBody, .number = 5});
                           })
                    .ok());
  for (Thread& thread : threads) thread.Join();
  size_t whole = 0;
  for (const Read& event : Events()) whole += event.number == 5;
  EXPECT_EQ(whole, size_t{kThreads * kEach});
}

// A call that never returned must not go because others are busy.
TEST_F(FlightTest, WhatAThreadDidLastStays) {
  constexpr int kThreads = 200;
  std::vector<Thread> threads(kThreads);
  Gate all_began;
  Atomic<int> began = 0;
  for (int i = 0; i < kThreads; ++i)
    ASSERT_TRUE(threads[i]
                    .Start("caller",
                           [&, i] {
                             flight_->Write({.kind = FlightKind::kCall, .number = 1000u + i});
                             if (began.FetchAdd(1, kAcqRel) + 1 == kThreads) all_began.Open();
                             all_began.Wait();
                             if (i % 2 == 0) return;  // stands still, as it were
                             for (int n = 0; n < 2000; ++n)
                               flight_->Write({.kind = FlightKind::kSite});
                           })
                    .ok());
  for (Thread& thread : threads) thread.Join();
  int left = 0;
  for (const Read& event : Events()) left += event.kind == FlightKind::kCall;
  EXPECT_EQ(left, kThreads / 2);
  EXPECT_EQ(SharedRings(), 0);
}

TEST_F(FlightTest, MoreThreadsThanRingsShareThem) {
  std::vector<Thread> threads(800);
  Gate together;
  for (Thread& thread : threads)
    ASSERT_TRUE(thread
                    .Start("one of many",
                           [&] {
                             together.Wait();
                             flight_->Write({.kind = FlightKind::kBody, .number = 5});
                           })
                    .ok());
  together.Open();
  for (Thread& thread : threads) thread.Join();
  EXPECT_EQ(Events().size(), threads.size());
  EXPECT_GT(SharedRings(), 0);
}

TEST_F(FlightTest, WhatAKilledProcessWroteIsThere) {
  const pid_t child = fork();
  if (child == 0) {
    flight_->Write({.kind = FlightKind::kCall, .number = 4});
    raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(Events().size(), 1u);
  EXPECT_EQ(Events()[0].number, 4u);
}

TEST_F(FlightTest, AFileThatCannotBeMadeIsToldAndLeavesNothing) {
  EXPECT_NE(Flight::Open(path_, {}, {}).status().message().find("cannot be created"),
            std::string::npos);
  const std::string other = path_ + ".full";
  rlimit limit = {};
  getrlimit(RLIMIT_FSIZE, &limit);
  const rlimit small = {4096, limit.rlim_max};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  EXPECT_EQ(Flight::Open(other, {}, {}).status().code(), StatusCode::kResourceExhausted);
  setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_NE(access(other.c_str(), F_OK), 0);
}

// A code that means nothing must not look like success.
TEST(FlightEvents, ACodeThatHasNoRoomIsNotZero) {
  EXPECT_EQ(Flight::CodeOf(TGT_STOPPED), TGT_STOPPED);
  EXPECT_EQ(Flight::CodeOf(65536), Flight::kNoCode);
  EXPECT_EQ(Flight::CodeOf(-1), Flight::kNoCode);
}

TEST(NoFlight, RecordsNothing) {
  Flight flight;
  flight.Write({.kind = FlightKind::kBody});
  flight.NameThisThread();
}

// A target of three functions.
struct Answers {
  static tgt_code Push(void*, tgt_handle, const tgt_op*, uint64_t* number, tgt_error*) {
    if (number != nullptr) *number = 41;
    return TGT_OK;
  }
  static tgt_code Wait(void* self, tgt_handle, tgt_var, tgt_failure*, tgt_error*) {
    ++*static_cast<int*>(self);
    return TGT_STOPPED;
  }
  static void End(void*, tgt_completion*, tgt_completion_end, const char*) {}
  static void Close(void* self) { *static_cast<int*>(self) += 100; }
};

TEST_F(FlightTest, CallsOfATargetAreRecordedAndPassedOn) {
  int calls = 0;
  tgt_target table = {};
  table.name = "three";
  table.push = Answers::Push;
  table.wait_for_var = Answers::Wait;
  table.completion_end = Answers::End;
  table.close = Answers::Close;
  {
    const auto target = Recorded(std::make_unique<TargetInstance>(&table, &calls), flight_.get());
    EXPECT_STREQ(target->table().name, "three");
    EXPECT_EQ(target->table().invoke, nullptr);
    tgt_error error = {};
    tgt_op op = {};
    op.name = "sum";
    uint64_t number = 0;
    EXPECT_EQ(target->table().push(target->self(), 1, &op, &number, &error), TGT_OK);
    EXPECT_EQ(number, 41u);
    EXPECT_EQ(target->table().push(target->self(), 1, &op, nullptr, &error), TGT_OK);
    EXPECT_EQ(target->table().wait_for_var(target->self(), 1, {9, 1}, nullptr, &error),
              TGT_STOPPED);
    target->table().completion_end(target->self(), nullptr, TGT_COMPLETION_DONE, "");
    EXPECT_EQ(calls, 1);
  }
  EXPECT_EQ(calls, 101);
  const auto events = Events();
  ASSERT_EQ(events.size(), 8u);
  for (size_t i = 0; i < events.size(); ++i)
    EXPECT_EQ(events[i].kind, i % 2 == 0 ? FlightKind::kCall : FlightKind::kReturn);
  EXPECT_EQ(kTargetCallNames[events[0].what], "push");
  EXPECT_EQ(events[0].name, "sum");
  EXPECT_EQ(events[1].number, 41u);
  EXPECT_EQ(events[3].number, 0u);
  EXPECT_EQ(kTargetCallNames[events[4].what], "wait_for_var");
  EXPECT_EQ(events[4].number, 9u);
  EXPECT_EQ(events[5].code, TGT_STOPPED);
  EXPECT_EQ(kTargetCallNames[events[6].what], "completion_end");
}

}  // namespace
}  // namespace tenter
