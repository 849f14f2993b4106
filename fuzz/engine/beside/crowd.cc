#include "fuzz/engine/beside/crowd.h"

#include "runtime/base/rng.h"

namespace tenter::fuzz {
namespace {

constexpr uint64_t kMostWrites = 3;

void Tell(std::string contract, std::string what, std::string* to_contract, std::string* to_wrong) {
  if (!to_contract->empty()) return;
  *to_contract = std::move(contract);
  *to_wrong = std::move(what);
}

}  // namespace

Crowd::Crowd(Engine& engine, int threads, uint64_t seed)
    : engine_(engine), seed_(seed), members_(static_cast<size_t>(threads)), missing_(threads) {}

void Crowd::Start() {
  uint64_t seed = seed_;
  for (Member& member : members_)
    TENTER_CHECK(member.thread
                     .Start("crowd", [this, &member,
                                      seed = seed = CombineHash(seed, 1)] { Run(member, seed); })
                     .ok(),
                 "no thread for a crowd");
  while (missing_.Load(kRelaxed) > 0) YieldThread();
}

void Crowd::End() {
  over_.Store(true, kRelaxed);
  home_.Open();
  for (Member& member : members_) member.thread.Join();
}

void Crowd::Run(Member& member, uint64_t seed) {
  missing_.FetchSub(1, kRelaxed);
  for (Life& life : member.lives) {
    seed = CombineHash(seed, 2);
    if (over_.Load(kRelaxed) || !Live(member, life, seed)) break;
  }
  home_.Wait();
}

bool Crowd::Live(Member& member, Life& life, uint64_t seed) {
  const Result<Var> var = engine_.NewVar();
  if (!Took(member, var.status(), "a new var was refused")) return false;
  life.made = true;
  const std::vector<Var> writes = {*var};
  for (uint64_t i = 0; i < 1 + seed % kMostWrites; ++i) {
    Op op{.name = "crowd", .writes = writes};
    op.body = [&life](const OpContext&) { ++life.writes; };
    if (!Took(member, engine_.Push(std::move(op)).status(), "a push was refused")) return false;
    ++life.writes_taken;
  }
  if (seed / kMostWrites % 2 == 0) {
    if (!Took(member, engine_.AwaitVar(*var).status(), "a wait was refused")) return false;
    if (life.writes != life.writes_taken)
      Tell("ENG-6", "a wait returned before the writes that were pushed before it",
           &member.contract, &member.wrong);
  }
  const Status deleted = engine_.DeleteVar(*var, [&life] {
    ++life.deletions;
    life.at_deletion = life.writes;
  });
  if (!Took(member, deleted, "a delete was refused")) return false;
  life.deletion_taken = true;
  Op late{.name = "crowd", .writes = writes};
  late.body = [](const OpContext&) {};
  const StatusCode code = engine_.Push(std::move(late)).status().code();
  if (code != StatusCode::kStaleHandle && code != StatusCode::kStopped)
    Tell("ENG-8", "a push on a deleted var answered " + std::string(StatusCodeName(code)),
         &member.contract, &member.wrong);
  return code != StatusCode::kStopped;
}

bool Crowd::Took(Member& member, const Status& status, const char* what) {
  if (status.ok()) return true;
  if (status.code() != StatusCode::kStopped)
    Tell("ENG-8", std::string(what) + ": " + status.ToString(), &member.contract, &member.wrong);
  return false;
}

CrowdSeen Crowd::Seen() const {
  CrowdSeen seen;
  const auto wrong = [&](const char* contract, const char* what) {
    Tell(contract, what, &seen.contract, &seen.wrong);
  };
  for (const Member& member : members_) {
    if (!member.contract.empty()) Tell(member.contract, member.wrong, &seen.contract, &seen.wrong);
    for (const Life& life : member.lives) {
      seen.pushes += life.writes_taken + life.deletion_taken;
      seen.vars_left += life.made && !life.deletion_taken;
      if (life.writes != life.writes_taken) wrong("ENG-5", "a write did not run once");
      if (life.deletions != (life.deletion_taken ? 1 : 0))
        wrong("ENG-8", "a deleter did not run once");
      if (life.deletion_taken && life.at_deletion != life.writes_taken)
        wrong("ENG-8", "a deleter ran before a write that was pushed before it");
    }
  }
  return seen;
}

}  // namespace tenter::fuzz
