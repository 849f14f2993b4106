#include "fuzz/api/run/late.h"

#include <cstring>
#include <vector>

#include "fuzz/api/run/history.h"
#include "runtime/base/atomic.h"
#include "runtime/base/clock.h"
#include "runtime/base/thread.h"

namespace tenter::fuzz::api {
namespace {

constexpr int64_t kTimeoutNs = kNsPerMs;
constexpr const char* kReader = "reader";
constexpr size_t kRoom = 4;  // more than there are, of failures and of ops in a chain
static_assert(kRoom > kMostOps);

// The op that fails. Its body leaves its completion here.
struct Writer {
  Atomic<tenter_completion*> completion = nullptr;
  Atomic<bool> released = false;

  static void Run(void* arg, const tenter_op_context*, tenter_completion* completion) {
    static_cast<Writer*>(arg)->completion.Store(completion, kRelease);
  }
  static void Release(void* arg) { static_cast<Writer*>(arg)->released.Store(true, kRelease); }

  // Once its deadline has passed. False: that was before its body began.
  bool Fail() {
    while (completion.Load(kAcquire) == nullptr) {
      if (released.Load(kAcquire)) return false;
      YieldThread();
    }
    tenter_completion_fail(completion.Load(kAcquire), kUsualCode, kMessage);
    return true;
  }
};

tenter_code ReadNothing(void* arg, const tenter_op_context*, tenter_error*) {
  static_cast<Atomic<bool>*>(arg)->Store(true, kRelaxed);
  return TENTER_OK;
}

// One engine, its var, and what happened there.
class Late {
 public:
  Late(tenter_context* context, tenter_error* error) : context_(context), error_(error) {}
  ~Late() { tenter_engine_free(context_, engine_, nullptr); }

  tenter_code Push(int readers) {
    tenter_engine_options options = {};
    options.struct_size = sizeof(options);
    options.workers = 2;
    tenter_code code = tenter_engine_create(context_, &options, &engine_, error_);
    if (code == TENTER_OK) code = tenter_var_create(context_, engine_, &var_, error_);
    if (code == TENTER_OK) {
      tenter_failure none = {};
      if (tenter_last_failure(context_, engine_, &none, nullptr) != TENTER_NOT_FOUND)
        Wrong("the last failure of an engine without one");
      code = PushWriter();
    }
    readers_.resize(static_cast<size_t>(readers));
    for (uint64_t& reader : readers_)
      if (code == TENTER_OK) code = PushReader(&reader);
    return code;
  }

  tenter_code Ask() {
    tenter_failure passed = {}, last = {}, all[kRoom] = {};
    const tenter_code code = tenter_wait_for_var(context_, engine_, var_, &passed, nullptr);
    if (code != TENTER_DEADLINE_EXCEEDED || !IsPassed(passed))
      Wrong("the failure of the var is not that of the deadline");
    is_late_ = writer_.Fail();
    size_t count = 0;
    const tenter_code waited = tenter_wait_for_all(context_, engine_, all, kRoom, &count, error_);
    if (waited != TENTER_OK) return waited;
    const tenter_failure* late = nullptr;
    for (size_t i = 0; i < count && i < kRoom; ++i)
      if (IsLate(all[i])) late = &all[i];
    if (count != (is_late_ ? 2 : 1) || is_late_ != (late != nullptr)) Wrong("the failures of all");
    const tenter_code last_code = tenter_last_failure(context_, engine_, &last, nullptr);
    if (last_code != TENTER_OK || !(is_late_ ? IsLate(last) : IsPassed(last)))
      Wrong("the last failure");
    AskForChain(passed, readers_);
    if (late != nullptr) AskForChain(*late, {});
    AskForVar();
    if (did_read_.Load(kRelaxed)) Wrong("an op that was to be skipped ran");
    return TENTER_OK;
  }

  const std::string& wrong() const { return wrong_; }

 private:
  void Wrong(const std::string& what) { wrong_ = what; }

  tenter_code PushWriter() {
    tenter_op op = {};
    op.struct_size = sizeof(op);
    op.name = kOpName;
    op.writes = &var_;
    op.write_count = 1;
    op.timeout_ns = kTimeoutNs;
    op.run_async = Writer::Run;
    op.arg = &writer_;
    op.release = Writer::Release;
    return tenter_push(context_, engine_, &op, &number_, error_);
  }
  tenter_code PushReader(uint64_t* number) {
    tenter_op op = {};
    op.struct_size = sizeof(op);
    op.name = kReader;
    op.reads = &var_;
    op.read_count = 1;
    op.run = ReadNothing;
    op.arg = &did_read_;
    return tenter_push(context_, engine_, &op, number, error_);
  }

  bool IsOf(const tenter_failure& failure, const char* place, tenter_code code) const {
    return failure.push_number == number_ && std::strcmp(failure.op, kOpName) == 0 &&
           std::strcmp(failure.place, place) == 0 && failure.error.code == code;
  }
  bool IsPassed(const tenter_failure& failure) const {
    return IsOf(failure, "deadline", TENTER_DEADLINE_EXCEEDED);
  }
  bool IsLate(const tenter_failure& failure) const {
    return IsOf(failure, "body after completion", kUsualCode);
  }

  void AskForChain(const tenter_failure& failure, const std::vector<uint64_t>& poisoned) {
    tenter_poisoned_op chain[kRoom] = {};
    size_t count = 0;
    const tenter_code code =
        tenter_failure_chain(context_, engine_, &failure, chain, kRoom, &count, nullptr);
    bool right = code == TENTER_OK && count == poisoned.size();
    for (size_t i = 0; right && i < count; ++i)
      right = chain[i].push_number == poisoned[i] && std::strcmp(chain[i].op, kReader) == 0;
    if (!right)
      Wrong(std::string("the chain of the failure in '") + failure.place + "' has " +
            std::to_string(count) + " ops, expected " + std::to_string(poisoned.size()));
    tenter_failure stranger = failure;
    stranger.push_number += 1000;
    if (tenter_failure_chain(context_, engine_, &stranger, chain, kRoom, &count, nullptr) !=
        TENTER_NOT_FOUND)
      Wrong("a failure that nobody was told has a chain");
  }
  void AskForVar() {
    tenter_failure roots[kRoom] = {};
    size_t count = 0;
    const tenter_code code =
        tenter_var_failures(context_, engine_, var_, roots, kRoom, &count, nullptr);
    if (code != TENTER_OK || count != 1 || !IsPassed(roots[0])) Wrong("the failures of the var");
  }

  tenter_context* const context_;
  tenter_error* const error_;
  Writer writer_;
  Atomic<bool> did_read_ = false;
  bool is_late_ = false;
  tenter_engine engine_ = nullptr;
  tenter_var var_ = {};
  uint64_t number_ = 0;
  std::vector<uint64_t> readers_;
  std::string wrong_;
};

}  // namespace

tenter_code FailLate(tenter_context* context, int readers, std::string* wrong,
                     tenter_error* error) {
  tenter_error unseen = {};
  Late late(context, error == nullptr ? &unseen : error);
  tenter_code code = late.Push(readers);
  if (code == TENTER_OK) code = late.Ask();
  *wrong = late.wrong();
  return code;
}

}  // namespace tenter::fuzz::api
