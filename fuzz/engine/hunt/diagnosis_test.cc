// Which contract a finding names, by the smallest program that shows it.
#include "fuzz/engine/hunt/diagnosis.h"

#include <gtest/gtest.h>

#include "fuzz/engine/hunt/suspect.h"
#include "fuzz/engine/program/parse.h"

namespace tenter::fuzz {
namespace {

Program Parsed(const std::string& statements) {
  const auto program = ParseProgram("engine workers 2 policy skip vars 3 noise 0\n" + statements);
  EXPECT_TRUE(program.ok()) << program.status().message();
  return *program;
}

std::string Hang(const std::string& statements, const std::string& said) {
  return SuspectOf(Parsed(statements), {"", kHang, said, 0});
}

std::string Crash(const std::string& statements) {
  return SuspectOf(Parsed(statements), {"", "crash: Aborted", "", 0});
}

std::string Told(const std::string& statements, const char* contract, const char* kind) {
  return DiagnosisOf(Parsed(statements), {contract, kind, "", 0});
}

constexpr const char* kTwoPushes = "t0: push op1 writes(a b)\nt1: push op2 writes(a b)\n";
constexpr const char* kUpdate = "t0: push op1 reads(a) writes(a)\n";
constexpr const char* kPlain = "t0: push op1 writes(a)\nt0: push op2 reads(a)\n";

TEST(Suspect, AsksTheEngineWhoWaits) {
  const std::string waits = "  op 'op1' (push 1) waits for v0\n";
  EXPECT_EQ(Hang(kUpdate, waits), "ENG-4") << "for itself";
  EXPECT_EQ(Hang(kTwoPushes, waits), "ENG-2") << "for one another";
  EXPECT_EQ(Hang(kPlain, waits), "ENG-1") << "for one that has ended";
  EXPECT_EQ(Hang(kPlain, "  op 'op1' (push 1) is ready\n"), "ENG-1") << "nobody takes it";
  EXPECT_EQ(Hang(kPlain, "threaded engine: 2 workers, 0 live ops"), "ENG-6") << "a wait sleeps on";
  EXPECT_EQ(Hang(kTwoPushes, "it does not answer: it holds a lock of its own"), "ENG-2");
  EXPECT_EQ(Hang("t0: push op1 meets 2\nt0: push op2\n", "it does not answer"), "ENG-2");
  EXPECT_EQ(Hang(kUpdate, "it does not answer: it holds a lock of its own"), "ENG-2 or ENG-4");
}

TEST(Suspect, TakesWhatTheProgramCannotDoWithout) {
  EXPECT_EQ(Hang("t0: fork\nt0: push op2 writes(a)\n", "nobody answered"), "ENG-6");
  EXPECT_EQ(Hang("t0: push op1 writes(a)\nt0: stop drain\n", ""), "ENG-9");
  EXPECT_EQ(Hang("t0: push op1 scope 1 blocks\nop1: cancel 1\n", ""), "ERR-12");
  EXPECT_EQ(Hang("t0: push op1 scope 1 blocks\nt0: stop cancel\n", ""), "ERR-12");
  EXPECT_EQ(Crash("t0: push op2 writes(a) races fails runtime_error\n"), "ENG-5");
  EXPECT_EQ(Crash("t0: push op2 writes(a)\nt0: delete a\n"), "ENG-8");
}

TEST(Diagnosis, OfWhatOnlyTheOtherPolicyShowsIsThatPolicy) {
  const std::string failing = "t0: push op1 writes(a) fails runtime_error\nt0: push op2 reads(a)\n";
  const auto other = ParseProgram("engine workers 0 policy run vars 1 noise 0\n" + failing);
  ASSERT_TRUE(other.ok()) << other.status().message();
  EXPECT_EQ(DiagnosisOf(*other, {"ERR-7", "wrong chain", "", 0}), "ERR-7 or ERR-8");
  EXPECT_EQ(Told(failing, "ERR-7", "wrong chain"), "ERR-7");
}

TEST(Diagnosis, OfARaceIsTheWaitThatItNeeds) {
  EXPECT_EQ(Told("t0: rounds 5\n", "ENG-1", kDataRace), "ENG-6");
  EXPECT_EQ(Told(kPlain, "ENG-1", kDataRace), "ENG-1");
}

TEST(Diagnosis, OfABrokenOrderIsWhatItNeeds) {
  const char* const order = "conflicting ops out of order";
  EXPECT_EQ(Told(kPlain, "ENG-3", order), "ENG-1");
  EXPECT_EQ(Told(kUpdate, "ENG-3", order), "ENG-4 or ENG-1");
  EXPECT_EQ(Told(kTwoPushes, "ENG-1", order), "ENG-2");
  EXPECT_EQ(Told(kPlain, "ENG-10", order), "ENG-10") << "the judge saw who was urgent";
}

TEST(Diagnosis, OfMoreFailuresThanAVarKeepsIsWhichAreKept) {
  std::string letters, text = "engine vars 17\n";
  for (char letter = 'a'; letter <= 'q'; ++letter) {
    text +=
        "t0: push op" + std::to_string(letter - 'a' + 1) + " writes(" + letter + ") throws int\n";
    letters += std::string(" ") + letter;
  }
  const auto told = [&](const std::string& read) {
    const auto program = ParseProgram(text + "t0: push op18 reads(" + read + ")\n");
    EXPECT_TRUE(program.ok()) << program.status().message();
    return DiagnosisOf(*program, {"ERR-7", "wrong chain", "", 0});
  };
  EXPECT_EQ(told(letters), "ERR-7 or ERR-3");
  EXPECT_EQ(told(letters.substr(2)), "ERR-7") << "sixteen";
}

TEST(Diagnosis, NamesTheCauseBesideWhatCameOfIt) {
  EXPECT_EQ(Told("t0: push op1 reads(a) writes(a) throws int\n", "ERR-1", "failure lost"),
            "ERR-1 or ENG-4");
  EXPECT_EQ(Told("t0: push op1 writes(a)\nt0: delete a\n", "ERR-2", "skipped without poison"),
            "ERR-2 or ENG-8");
  EXPECT_EQ(Told(kPlain, "ERR-1", "failure lost"), "ERR-1");
  EXPECT_EQ(Told("t0: push op1 writes(a)\nt0: delete a\n", "ERR-10", "wrong number of pushes"),
            "ERR-10 or ENG-8");
  EXPECT_EQ(Told(kUpdate, "ERR-4", "poisoned without a failure"), "ERR-4");
}

}  // namespace
}  // namespace tenter::fuzz
