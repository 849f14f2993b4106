#include "bench/contender/c_api.h"

#include <vector>

#include "runtime/base/status.h"
#include "runtime/capi/tenter/tenter.h"

namespace tenter::bench {
namespace {

void Must(tenter_code code, const tenter_error& error) {
  if (code != TENTER_OK) throw StatusError({static_cast<StatusCode>(code), error.message});
}

tenter_code Run(void* work, const tenter_op_context*, tenter_error*) {
  static_cast<Work*>(work)->Run();
  return TENTER_OK;
}

class CApi final : public Contender {
 public:
  explicit CApi(int workers) {
    Must(tenter_context_create(nullptr, &context_, &error_), error_);
    tenter_engine_options options = {};
    options.workers = workers == 0 ? TENTER_NAIVE_ENGINE : workers;
    Must(tenter_engine_create(context_, &options, &engine_, &error_), error_);
  }
  ~CApi() override { tenter_context_free(context_); }

  Description description() const override { return {"tenter_c", "Tenter, C API", ""}; }
  Abilities abilities() const override { return {.many_pushers = false, .engine = true}; }

  void Prepare(const Program& program, Work& work) override {
    program_ = &program;
    work_ = &work;
    vars_.resize(program.variables());
    for (tenter_var& var : vars_) Must(tenter_var_create(context_, engine_, &var, &error_), error_);
    for (const uint32_t var : program.accesses()) accesses_.push_back(vars_[var]);
  }

  void Push(size_t first, size_t last) override {
    tenter_op op = {};
    op.name = "op";
    op.run = Run;
    op.arg = work_;
    for (size_t i = first; i < last; ++i) {
      op.reads = accesses_.data() + program_->begin(i);
      op.read_count = program_->middle(i) - program_->begin(i);
      op.writes = accesses_.data() + program_->middle(i);
      op.write_count = program_->end(i) - program_->middle(i);
      Must(tenter_push(context_, engine_, &op, nullptr, &error_), error_);
    }
  }

  void WaitAll() override {
    size_t failures = 0;
    Must(tenter_wait_for_all(context_, engine_, nullptr, 0, &failures, &error_), error_);
  }

  void RoundTrip(size_t op) override {
    Push(op, op + 1);
    const tenter_var var = accesses_[program_->middle(op)];
    Must(tenter_wait_for_var(context_, engine_, var, nullptr, &error_), error_);
  }

  void Clear() override {
    for (const tenter_var var : vars_)
      Must(tenter_var_delete(context_, engine_, var, nullptr, nullptr, &error_), error_);
    WaitAll();
    vars_.clear();
    accesses_.clear();
  }

 private:
  tenter_context* context_ = nullptr;
  tenter_engine engine_ = nullptr;
  tenter_error error_ = {};
  const Program* program_ = nullptr;
  Work* work_ = nullptr;
  std::vector<tenter_var> vars_;
  std::vector<tenter_var> accesses_;  // as Program::accesses()
};

}  // namespace

ContenderPtr MakeCApi(int workers) { return std::make_unique<CApi>(workers); }

}  // namespace tenter::bench
