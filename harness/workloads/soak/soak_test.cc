// The oracle of a soak: it must see each thing that a target leaves behind, and must not blame one
// that is right. The target is a fake one with a model group and nothing that it could do without.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/faults/known_sites.h"
#include "harness/workloads/workload.h"
#include "runtime/base/atomic.h"
#include "runtime/base/gate.h"
#include "runtime/base/thread.h"
#include "runtime/base/unseen_mutex.h"

namespace tenter {
namespace {

// A sanitizer keeps what was freed and maps notes of its own, so that memory and mappings say
// nothing there.
#if defined(TENTER_TSAN) || defined(TENTER_ASAN)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

enum class Leaves { kNothing, kBlockPerCall, kMemoryPerLoad, kDescriptor, kMapping, kThread };

// A model of one input, which is its output. Handles: even are models, odd are ops.
class FakeTarget {
 public:
  explicit FakeTarget(Leaves leaves) : leaves_(leaves) {}
  ~FakeTarget() {
    for (void* const memory : memory_) std::free(memory);
    for (const int descriptor : descriptors_) close(descriptor);
    gate_.Open();
    for (Thread& thread : threads_) thread.Join();
  }
  int64_t blocks() const {
    UnseenLock lock(mutex_);
    return blocks_;
  }

  // The most that any op was asked for.
  uint64_t batch_max() const { return batch_max_.Load(kRelaxed); }
  uint64_t intra_op() const { return intra_op_.Load(kRelaxed); }

  static tgt_target Table();

 private:
  void Note(const tgt_cached_op_options& options) {
    if (options.batch_max > batch_max()) batch_max_.Store(options.batch_max, kRelaxed);
    if (options.intra_op > intra_op()) intra_op_.Store(options.intra_op, kRelaxed);
  }

  static FakeTarget& Self(void* self) { return *static_cast<FakeTarget*>(self); }
  static tgt_code Refuse(tgt_error* error, tgt_code code, const char* message) {
    error->code = code;
    std::snprintf(error->message, sizeof(error->message), "%s", message);
    return code;
  }
  tgt_handle New(bool op) {
    UnseenLock lock(mutex_);
    next_ += 2;
    const tgt_handle made = next_ + (op ? 1 : 0);
    live_.insert(made);
    return made;
  }
  bool IsLive(tgt_handle handle) const {
    UnseenLock lock(mutex_);
    return live_.contains(handle);
  }
  void Leave() {
    if (leaves_ == Leaves::kThread) return LeaveThread();
    UnseenLock lock(mutex_);
    if (leaves_ == Leaves::kMemoryPerLoad) {
      memory_.push_back(std::malloc(200'000));
      std::memset(memory_.back(), 1, 200'000);
    }
    if (leaves_ == Leaves::kDescriptor) descriptors_.push_back(open("/dev/null", O_RDONLY));
    // Of two neighbours with different rights, so that the kernel does not make one of them.
    if (leaves_ == Leaves::kMapping)
      static_cast<void>(mmap(nullptr, 4096, ++mapped_ % 2 == 0 ? PROT_READ : PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  }
  // Without the lock, under which the sanitizer would not see that the thread begins.
  void LeaveThread() {
    Thread thread;
    EXPECT_TRUE(thread.Start("left", [this] { gate_.Wait(); }).ok());
    UnseenLock lock(mutex_);
    threads_.push_back(std::move(thread));
  }
  static tgt_code Invoke(void* self, tgt_handle op, const tgt_tensor* inputs, size_t,
                         tgt_tensor* outputs, size_t, tgt_error* error) {
    FakeTarget& target = Self(self);
    if (!target.IsLive(op)) return Refuse(error, TGT_STALE_HANDLE, "no such op");
    if (inputs[0].rank != 1)
      return Refuse(error, TGT_INVALID_ARGUMENT, "expected f[4], found f[4,1]");
    outputs[0] = inputs[0];
    outputs[0].data = std::malloc(inputs[0].size_bytes);
    std::memcpy(outputs[0].data, inputs[0].data, inputs[0].size_bytes);
    if (target.leaves_ == Leaves::kBlockPerCall) {
      UnseenLock lock(target.mutex_);
      ++target.blocks_;
    }
    return TGT_OK;
  }

  const Leaves leaves_;
  mutable UnseenMutex mutex_;
  tgt_handle next_ GUARDED_BY(mutex_) = 0;
  std::set<tgt_handle> live_ GUARDED_BY(mutex_);
  int64_t blocks_ GUARDED_BY(mutex_) = 0, mapped_ GUARDED_BY(mutex_) = 0;
  Atomic<uint64_t> batch_max_ = 0, intra_op_ = 0;
  std::vector<void*> memory_;
  std::vector<int> descriptors_;
  Gate gate_;
  std::vector<Thread> threads_;
};

tgt_target FakeTarget::Table() {
  tgt_target table = {};
  table.name = "fake";
  table.groups = TGT_MODEL;
  table.close = [](void*) {};
  table.free_handle = [](void* self, tgt_handle handle, tgt_error* error) -> tgt_code {
    FakeTarget& target = Self(self);
    UnseenLock lock(target.mutex_);
    return target.live_.erase(handle) == 1 ? TGT_OK : Refuse(error, TGT_STALE_HANDLE, "none");
  };
  table.tensor_release = [](void*, tgt_tensor* tensor) { std::free(tensor->data); };
  table.model_load = [](void* self, const char*, tgt_handle* model, tgt_error*) -> tgt_code {
    *model = Self(self).New(false);
    Self(self).Leave();
    return TGT_OK;
  };
  table.model_arity = [](void*, tgt_handle, size_t* inputs, size_t* outputs,
                         tgt_error*) -> tgt_code {
    *inputs = *outputs = 1;
    return TGT_OK;
  };
  table.model_input = [](void*, tgt_handle, size_t, tgt_tensor* description, char* name, size_t,
                         tgt_error*) -> tgt_code {
    *description = {};
    description->rank = 1;
    description->dims[0] = 4;
    name[0] = 'x', name[1] = '\0';
    return TGT_OK;
  };
  table.cached_op_create = [](void* self, tgt_handle, tgt_handle,
                              const tgt_cached_op_options* options, tgt_handle* op,
                              tgt_error*) -> tgt_code {
    Self(self).Note(*options);
    *op = Self(self).New(true);
    return TGT_OK;
  };
  table.invoke = Invoke;
  table.footprint = [](void*, tgt_handle, tgt_footprint* footprint, tgt_error*) -> tgt_code {
    *footprint = {};
    footprint->batched = 5;
    return TGT_OK;
  };
  return table;
}

// The blocks that the fake target says it has.
class FakeBlocks final : public AllocationFaults {
 public:
  explicit FakeBlocks(const FakeTarget& target) : target_(target) {}
  std::string Obstacle(Allocator) const override { return ""; }
  void Arm(int64_t, Allocator) override {}
  Counts Disarm() override { return {}; }
  int64_t live_blocks() const override { return target_.blocks(); }

 private:
  const FakeTarget& target_;
};

struct Soaked {
  std::set<std::string> findings;
  std::vector<CheckResult> results;
  std::map<std::string, int64_t> exposure;
  uint64_t batch_max, intra_op;  // of the ops
};

Soaked SoakOf(Leaves leaves, std::map<std::string, int64_t> more = {}) {
  Soaked soaked;
  CheckBoard board({"determinism", "error_exactness", "leak", "life"},
                   [&](const Finding& finding) { soaked.findings.insert(finding.what); });
  FakeTarget fake(leaves);
  FakeBlocks blocks(fake);
  const tgt_target table = FakeTarget::Table();
  const TargetInstance target(&table, &fake);
  Flight flight;
  Injector injector(FaultPlan{}, KnownSites(), 1, &flight);
  Progress progress;
  const WorkloadType& soak = *FindWorkload("soak").value();
  Parameters parameters;
  std::map<std::string, int64_t> values = {
      {"threads", 4},        {"rounds", 16},        {"calls", 60},
      {"renew_percent", 10}, {"shape_variants", 1}, {"growth_kb", kSanitized ? 0 : 1024}};
  for (const auto& [name, value] : more) values[name] = value;
  for (const auto& [name, value] : values) parameters.Set(name, value);
  EXPECT_TRUE(parameters.Check(soak.parameters).ok());
  Stage stage{.parameters = parameters,
              .target = target,
              .injector = injector,
              .flight = flight,
              .board = board,
              .progress = progress,
              .seed = 1,
              .scratch_dir = "",
              .watch_parameters = nullptr,
              .allocations = &blocks};
  const Status ran = soak.run(stage);
  EXPECT_TRUE(ran.ok()) << ran.message();
  soaked.results = board.results();
  soaked.exposure = board.exposure();
  EXPECT_EQ(progress.done(), progress.total());
  soaked.batch_max = fake.batch_max(), soaked.intra_op = fake.intra_op();
  return soaked;
}

using Set = std::set<std::string>;

TEST(Soak, DoesNotBlameATargetThatKeepsNothing) {
  const Soaked soaked = SoakOf(Leaves::kNothing);
  EXPECT_EQ(soaked.findings, Set{});
  for (const CheckResult& result : soaked.results)
    if (result.name == "leak" || result.name == "error_exactness") {
      EXPECT_EQ(result.state, CheckState::kPassed) << result.name << ": " << result.note;
    }
  EXPECT_GT(soaked.exposure.at("lives"), 16 * 4 - 1);
  EXPECT_GT(soaked.exposure.at("loads"), 16 * 3);
  EXPECT_GT(soaked.exposure.at("refused_requests"), 0);
}

TEST(Soak, SeesWhatIsLeftBehind) {
  EXPECT_EQ(SoakOf(Leaves::kBlockPerCall).findings, Set{"blocks of memory grow"});
  EXPECT_EQ(SoakOf(Leaves::kDescriptor).findings, Set{"descriptors grow"});
  if (!kSanitized) {
    EXPECT_EQ(SoakOf(Leaves::kMapping).findings, Set{"mappings grow"});
  }
  EXPECT_TRUE(SoakOf(Leaves::kThread).findings.contains("threads grow"));
}

TEST(Soak, SeesMemoryGrowUnlessItIsNotAsked) {
  EXPECT_EQ(SoakOf(Leaves::kMemoryPerLoad, {{"growth_kb", 0}}).findings, Set{});
  EXPECT_EQ(SoakOf(Leaves::kMapping, {{"growth_kb", 0}}).findings, Set{});
  if (!kSanitized) {
    EXPECT_EQ(SoakOf(Leaves::kMemoryPerLoad).findings, Set{"kb of memory grow"});
  }
}

TEST(Soak, HasNoPowerInAFewRounds) {
  const Soaked soaked = SoakOf(Leaves::kBlockPerCall, {{"rounds", 15}});
  EXPECT_EQ(soaked.findings, Set{});
  for (const CheckResult& result : soaked.results)
    if (result.name == "leak") {
      EXPECT_EQ(result.note, "fewer than 16 rounds do not tell growth from chance");
    }
}

TEST(Soak, MakesItsOpsAsItIsTold) {
  const Soaked alone = SoakOf(Leaves::kNothing, {{"rounds", 1}});
  EXPECT_EQ(alone.batch_max, 1U);
  EXPECT_EQ(alone.intra_op, 1U);
  const Soaked soaked = SoakOf(Leaves::kNothing, {{"rounds", 1}, {"batch", 8}, {"intra_op", 2}});
  EXPECT_EQ(soaked.batch_max, 8U);
  EXPECT_EQ(soaked.intra_op, 2U);
  EXPECT_EQ(soaked.exposure.at("batched_requests"), 5);
}

TEST(Soak, LastsSoManySeconds) {
  const Soaked soaked = SoakOf(Leaves::kNothing, {{"seconds", 1}, {"calls", 0}});
  EXPECT_EQ(soaked.findings, Set{});
  EXPECT_GT(soaked.exposure.at("inferences"), 16 * 60);
}

}  // namespace
}  // namespace tenter
