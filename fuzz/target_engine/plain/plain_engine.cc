#include "fuzz/target_engine/plain/plain_engine.h"

#include <algorithm>
#include <cstdio>
#include <exception>

#include "runtime/base/check.h"

namespace tenter::fuzz::target_engine {

namespace {

bool Contains(const std::vector<uint32_t>& vars, uint32_t var) {
  return std::find(vars.begin(), vars.end(), var) != vars.end();
}
bool AnyOf(const std::vector<uint32_t>& vars, const std::vector<uint32_t>& others) {
  return std::any_of(vars.begin(), vars.end(), [&](uint32_t v) { return Contains(others, v); });
}

tgt_failure FailureOf(const std::string& op, uint64_t number, const char* place, tgt_code code,
                      const char* message) {
  tgt_failure failure = {};
  failure.push_number = number;
  std::snprintf(failure.op, sizeof(failure.op), "%s", op.c_str());
  std::snprintf(failure.place, sizeof(failure.place), "%s", place);
  failure.error.code = code;
  std::snprintf(failure.error.message, sizeof(failure.error.message), "%s", message);
  return failure;
}

}  // namespace

PlainEngine::PlainEngine(const PlainRules& rules, int workers, bool run_dependents)
    : rules_(rules), run_dependents_(run_dependents) {
  for (int i = 0; i < std::max(1, workers); ++i)
    TENTER_CHECK(workers_.emplace_back().Start("plain", [this] { Work(); }).ok(), "no worker");
}

PlainEngine::~PlainEngine() {
  {
    MutexLock lock(mutex_);
    closing_ = true;
    changed_.NotifyAll();
  }
  for (Thread& worker : workers_) worker.Join();
}

tgt_code PlainEngine::NewVar(tgt_var* var) {
  MutexLock lock(mutex_);
  if (stopped_) return TGT_STOPPED;
  *var = {static_cast<uint32_t>(vars_.size()), 1};
  vars_.emplace_back();
  ++counts_.live_vars;
  return TGT_OK;
}

bool PlainEngine::IsLive(tgt_var var) { return var.index < vars_.size() && vars_[var.index].live; }

// No var is made in its place, so it can go at once.
tgt_code PlainEngine::DeleteVar(tgt_var var) {
  MutexLock lock(mutex_);
  if (stopped_) return TGT_STOPPED;
  if (!IsLive(var)) return TGT_STALE_HANDLE;
  vars_[var.index].live = false;
  --counts_.live_vars;
  return TGT_OK;
}

tgt_code PlainEngine::Push(const tgt_op& op, uint64_t* number) {
  PlainOp pending{.op = op, .name = op.name, .reads = {}, .writes = {}, .pusher = {}};
  for (size_t i = 0; i < op.read_count; ++i) pending.reads.push_back(op.reads[i].index);
  for (size_t i = 0; i < op.write_count; ++i) pending.writes.push_back(op.writes[i].index);
  tgt_code code = TGT_OK;
  {
    MutexLock lock(mutex_);
    if (stopped_) code = TGT_STOPPED;
    for (size_t i = 0; i < op.read_count; ++i)
      if (!IsLive(op.reads[i])) code = TGT_STALE_HANDLE;
    for (size_t i = 0; i < op.write_count; ++i)
      if (!IsLive(op.writes[i])) code = TGT_STALE_HANDLE;
    if (code == TGT_OK) {
      pending.pusher = std::this_thread::get_id();
      pending.place = ++places_;
      // Without a total order the numbers only tell ops apart.
      pending.number = rules_.total_order ? pending.place : pending.place * 7919 % 1000003;
      *number = pending.number;
      ++counts_.pushed;
      ++counts_.live_ops;
      pending_.push_back(std::move(pending));
      changed_.NotifyAll();
      return TGT_OK;
    }
  }
  op.release(op.arg);
  return code;
}

bool PlainEngine::Conflicts(const PlainOp& earlier, const PlainOp& later) const {
  if (AnyOf(later.writes, earlier.writes) || AnyOf(later.writes, earlier.reads)) return true;
  if (rules_.overtakes && earlier.pusher != later.pusher) return false;
  return AnyOf(later.reads, earlier.writes);
}

PlainOp* PlainEngine::NextReady() {
  for (auto op = pending_.begin(); op != pending_.end(); ++op)
    if (!op->begun && std::none_of(pending_.begin(), op,
                                   [&](const PlainOp& earlier) { return Conflicts(earlier, *op); }))
      return &*op;
  return nullptr;
}

void PlainEngine::Work() {
  for (;;) {
    PlainOp* op = nullptr;
    {
      MutexLock lock(mutex_);
      while ((op = NextReady()) == nullptr && !closing_) changed_.Wait(mutex_);
      if (op == nullptr) return;
      if (!Begin(op)) continue;
    }
    RunBody(op);
  }
}

PlainEngine::Failures PlainEngine::FailuresOfReads(const PlainOp& op) {
  Failures failures;
  for (const uint32_t var : op.reads)
    failures.insert(vars_[var].failures.begin(), vars_[var].failures.end());
  return failures;
}

// Whether the op is to run; one that is not has ended, and is gone.
bool PlainEngine::Begin(PlainOp* op) {
  const bool poisoned = !FailuresOfReads(*op).empty();
  if (cancelled_) {
    ++counts_.cancelled;
    const tgt_failure own =
        FailureOf(op->name, op->number, "cancelled", TGT_STOPPED, "the engine was stopped");
    End(op, poisoned ? nullptr : &own);
    return false;
  }
  if (poisoned && !run_dependents_) {
    ++counts_.skipped;
    End(op, nullptr);
    return false;
  }
  ++counts_.ran;
  op->begun = true;
  return true;
}

void PlainEngine::RunBody(PlainOp* op) {
  const tgt_op_context context = {op->name.c_str(), op->number, 0};
  {
    MutexLock lock(mutex_);
    inside_[std::this_thread::get_id()] = op->name;
  }
  tgt_failure own = {};
  const bool async = op->op.run_async != nullptr;
  op->completion = {this, op};
  if (async) {
    op->op.run_async(op->op.arg, &context, &op->completion);
  } else {
    tgt_error error = {};
    try {
      error.code = op->op.run(op->op.arg, &context, &error);
    } catch (const std::exception& thrown) {
      error.code = TGT_INTERNAL;
      std::snprintf(error.message, sizeof(error.message), "%s", thrown.what());
    } catch (...) {
      error.code = TGT_INTERNAL;
    }
    own = FailureOf(op->name, op->number, "run", error.code, error.message);
  }
  MutexLock lock(mutex_);
  inside_.erase(std::this_thread::get_id());
  if (async) return;  // and perhaps gone
  counts_.failed += own.error.code != TGT_OK;
  if (own.error.code != TGT_OK) unreported_[op->place] = own;
  End(op, own.error.code == TGT_OK ? nullptr : &own);
}

void PlainEngine::Complete(tgt_completion* completion, tgt_completion_end how,
                           const char* message) {
  PlainOp* const op = completion->op;
  MutexLock lock(mutex_);
  if (how == TGT_COMPLETION_DONE) return End(op, nullptr);
  const bool drops = how == TGT_COMPLETION_DROP;
  const tgt_failure own =
      FailureOf(op->name, op->number, "completion handle",
                drops ? TGT_COMPLETION_DROPPED : TGT_DATA_LOSS, drops ? "dropped" : message);
  ++counts_.failed;
  unreported_[op->place] = own;
  End(op, &own);
}

// `own`: its failure, or null.
void PlainEngine::End(PlainOp* op, const tgt_failure* own) {
  Failures failures = FailuresOfReads(*op);
  if (own != nullptr) failures[op->place] = *own;
  if (rules_.tells_nobody) failures.clear();
  for (const uint32_t var : op->writes) vars_[var].failures = failures;
  op->op.release(op->op.arg);
  --counts_.live_ops;
  pending_.remove_if([op](const PlainOp& other) { return &other == op; });
  changed_.NotifyAll();
}

bool PlainEngine::IsInside(tgt_error* error) {
  const auto op = inside_.find(std::this_thread::get_id());
  if (op == inside_.end()) return false;
  error->code = TGT_WAIT_INSIDE_OP;
  std::snprintf(error->message, sizeof(error->message), "a wait in the body of %s",
                op->second.c_str());
  return true;
}

void PlainEngine::Forget(uint64_t place) {
  unreported_.erase(place);
  for (VarState& var : vars_) var.failures.erase(place);
}

tgt_code PlainEngine::Wait(tgt_var var, tgt_failure* failure, tgt_error* error) {
  MutexLock lock(mutex_);
  if (IsInside(error)) return error->code;
  if (!IsLive(var)) return error->code = TGT_STALE_HANDLE;
  const uint64_t last = places_;
  const auto writes = [&](const PlainOp& op) {
    return op.place <= last && Contains(op.writes, var.index);
  };
  while (std::any_of(pending_.begin(), pending_.end(), writes)) changed_.Wait(mutex_);
  const Failures& failures = vars_[var.index].failures;
  const bool tells = rules_.errors != TGT_ERRORS_NOT_AT_ALL || rules_.tells_anyway;
  if (failures.empty() || !tells) return TGT_OK;
  const uint64_t root = failures.begin()->first;
  *failure = failures.begin()->second;
  *error = failure->error;
  if (rules_.errors == TGT_ERRORS_ONCE && !rules_.tells_again) Forget(root);
  return error->code;
}

tgt_code PlainEngine::WaitForAll(tgt_failure* failures, size_t capacity, size_t* count,
                                 tgt_error* error) {
  MutexLock lock(mutex_);
  if (IsInside(error)) return error->code;
  const uint64_t last = places_;
  while (!pending_.empty() && pending_.front().place <= last) changed_.Wait(mutex_);
  *count = 0;
  if (rules_.errors == TGT_ERRORS_NOT_AT_ALL || rules_.tells_nobody) return TGT_OK;
  const Failures told = std::move(unreported_);
  unreported_.clear();
  for (const auto& [place, failure] : told) {
    if (*count < capacity) failures[(*count)++] = failure;
    if (rules_.errors == TGT_ERRORS_ONCE && !rules_.tells_again) Forget(place);
  }
  return TGT_OK;
}

// Inside an op it only begins.
tgt_code PlainEngine::Stop(bool cancel) {
  MutexLock lock(mutex_);
  stopped_ = true;
  cancelled_ |= cancel;
  changed_.NotifyAll();
  tgt_error error = {};
  if (IsInside(&error)) return TGT_OK;
  while (!pending_.empty()) changed_.Wait(mutex_);
  return TGT_OK;
}

tgt_engine_counts PlainEngine::Counts() {
  MutexLock lock(mutex_);
  return counts_;
}

}  // namespace tenter::fuzz::target_engine
