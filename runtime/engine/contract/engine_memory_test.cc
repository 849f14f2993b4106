// What an engine costs in memory: no allocation per push once warm, 64 bytes per var, 256 per
// pending op.
#include <cstdlib>
#include <new>

#include "runtime/engine/contract/engine_fixture.h"

// The sanitizers have an operator new of their own, which finds more than this one counts.
#if !defined(TENTER_TSAN) && !defined(__SANITIZE_ADDRESS__)
#if defined(__has_feature)
#if !__has_feature(address_sanitizer)
#define TENTER_COUNTS_ALLOCATIONS 1
#endif
#else
#define TENTER_COUNTS_ALLOCATIONS 1
#endif
#endif

#if defined(TENTER_COUNTS_ALLOCATIONS)
namespace {
tenter::Atomic<uint64_t> g_allocations = 0;
tenter::Atomic<uint64_t> g_bytes = 0;
tenter::Atomic<bool> g_no_memory = false;

void* Count(size_t size, size_t alignment) {
  g_allocations.FetchAdd(1, tenter::kRelaxed);
  g_bytes.FetchAdd(size, tenter::kRelaxed);
  if (g_no_memory.Load(tenter::kRelaxed)) throw std::bad_alloc();
  void* const memory =
      alignment == 0 ? std::malloc(size)
                     : std::aligned_alloc(alignment, (size + alignment - 1) & ~(alignment - 1));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

void* operator new(size_t size) { return Count(size, 0); }
void* operator new(size_t size, std::align_val_t alignment) {
  return Count(size, static_cast<size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

namespace tenter {
namespace {

class EngineMemory : public EngineTest {};
TENTER_INSTANTIATE_ENGINES(EngineMemory);

// The deletion of a var is an op, for which there is no block left.
TEST_P(EngineMemory, ThePlaceOfAProgramThatIsDroppedWithoutMemoryIsUsedAgain) {
  if (naive()) GTEST_SKIP() << "a deletion needs no memory there";
  const auto capture = [&] {
    Recording recording;
    recording.Push({.name = "op", .body = [](const OpContext&) {}});
    return engine_->Capture(std::move(recording)).value();
  };
  Gate gate;
  engine_->Push({.name = "blocks", .body = [&](const OpContext&) { gate.Wait(); }}).value();
  const Var var = NewVar();
  engine_->Push({.name = "w", .writes = {var}, .body = [&](const OpContext&) { gate.Wait(); }})
      .value();
  ProgramPtr program = capture();
  const uint64_t before = engine_->counts().live_vars;
  g_no_memory.Store(true, kRelaxed);
  StatusCode code = StatusCode::kOk;
  while (code == StatusCode::kOk)
    code = engine_->Push({.name = "r", .reads = {var}, .body = [](const OpContext&) {}})
               .status()
               .code();
  program.reset();
  g_no_memory.Store(false, kRelaxed);
  EXPECT_EQ(code, StatusCode::kResourceExhausted);
  EXPECT_EQ(engine_->counts().live_vars, before) << "the program could be deleted: no test";
  gate.Open();
  engine_->WaitForAll();
  program = capture();
  EXPECT_EQ(engine_->counts().live_vars, before);
  engine_->Replay(program).value();
  engine_->WaitForAll();
  program.reset();
  engine_->WaitForAll();
  EXPECT_EQ(engine_->counts().live_vars, before - 1);
}

TEST_P(EngineMemory, APushAllocatesNothingOnceWarm) {
  std::vector<Var> vars;
  for (int i = 0; i < 50; ++i) vars.push_back(NewVar());
  const std::vector<Var> two(vars.begin(), vars.begin() + 2), seven(vars.begin(), vars.begin() + 7);
  const std::vector<Var> forty(vars.rbegin(), vars.rbegin() + 40);  // in no good order
  Atomic<int> runs = 0;
  const auto round = [&] {
    for (int i = 0; i < 500; ++i) {
      engine_->Push({.name = "op", .body = [&](const OpContext&) { runs.FetchAdd(1, kRelaxed); }})
          .value();
      engine_
          ->Push({.name = "a name that is too long to be kept inside",
                  .reads = two,
                  .writes = {vars[2]},
                  .priority = i % 3,
                  .body = [&](const OpContext&) { runs.FetchAdd(1, kRelaxed); }})
          .value();
      engine_
          ->Push({.name = "many",
                  .reads = seven,
                  .writes = {vars[11]},
                  .body = [&](const OpContext&) { runs.FetchAdd(1, kRelaxed); }})
          .value();
      if (naive()) continue;  // it has no block for so many
      engine_
          ->Push({.name = "very many",
                  .reads = forty,
                  .body = [&](const OpContext&) { runs.FetchAdd(1, kRelaxed); }})
          .value();
    }
    engine_->WaitForAll();
  };
  // Which block gets which op is left to timing: it takes a while until each has been everything.
  uint64_t allocated = UINT64_MAX;
  for (int i = 0; i < 200 && allocated > 0; ++i) {
    const uint64_t before = g_allocations.Load(kRelaxed);
    round();
    allocated = g_allocations.Load(kRelaxed) - before;
  }
  EXPECT_EQ(allocated, 0u);
}

TEST(EngineMemoryCost, BytesPerVarAndPerPendingOp) {
  constexpr uint64_t kMany = 100'000;
  const auto engine = MakeEngine({.workers = 1});
  uint64_t before = g_bytes.Load(kRelaxed);
  std::vector<Var> vars(kMany);
  for (Var& var : vars) var = engine->NewVar().value();
  // 64 for the state; the rest is the list of free slots and room to grow.
  EXPECT_LE((g_bytes.Load(kRelaxed) - before) / kMany, 150u);
  Gate release;
  const Var gate = vars[0];
  engine
      ->Push({.name = "gate", .writes = {gate}, .body = [&](const OpContext&) { release.Wait(); }})
      .value();
  before = g_bytes.Load(kRelaxed);
  for (uint64_t i = 0; i < kMany; ++i)
    engine
        ->Push(
            {.name = "op", .reads = {gate}, .writes = {vars[i]}, .body = [](const OpContext&) {}})
        .value();
  EXPECT_LE((g_bytes.Load(kRelaxed) - before) / kMany, 258u);
  release.Open();
  engine->WaitForAll();
}

}  // namespace
}  // namespace tenter
#endif
