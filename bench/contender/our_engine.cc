#include "bench/contender/our_engine.h"

#include <vector>

#include "bench/program/push_op.h"

namespace tenter::bench {
namespace {

class OurEngine final : public Contender {
 public:
  explicit OurEngine(int workers)
      : workers_(workers), engine_(MakeEngine(EngineOptions{.workers = workers})) {}

  Description description() const override {
    return {"tenter", workers_ == 0 ? "Tenter, naive" : "Tenter", ""};
  }
  Abilities abilities() const override { return {.engine = true, .captures = true}; }

  void Prepare(const Program& program, Work& work) override {
    program_ = &program;
    work_ = &work;
    for (uint32_t i = 0; i < program.variables(); ++i) vars_.push_back(engine_->NewVar().value());
    for (const uint32_t var : program.accesses()) accesses_.push_back(vars_[var]);
  }

  void Push(size_t first, size_t last) override {
    for (size_t op = first; op < last; ++op)
      PushOp(*engine_, Reads(op), Writes(op), [work = work_](const OpContext&) { work->Run(); });
  }

  void Capture() override {
    Recording recording;
    for (size_t op = 0; op < program_->size(); ++op)
      RecordOp(recording, Reads(op), Writes(op), [work = work_](const OpContext&) { work->Run(); });
    captured_ = engine_->Capture(std::move(recording)).value();
  }

  void Replay() override {
    const Result<uint64_t> pushed = engine_->Replay(captured_);
    if (!pushed.ok()) throw StatusError(pushed.status());
  }

  void WaitAll() override { engine_->WaitForAll(); }

  void RoundTrip(size_t op) override {
    Push(op, op + 1);
    engine_->WaitForVar(accesses_[program_->middle(op)]);
  }

  void Clear() override {
    captured_.reset();
    for (const Var var : vars_) {
      const Status status = engine_->DeleteVar(var);
      if (!status.ok()) throw StatusError(status);
    }
    engine_->WaitForAll();
    vars_.clear();
    accesses_.clear();
  }

 private:
  std::span<const Var> Reads(size_t op) const {
    return std::span(accesses_).subspan(program_->begin(op),
                                        program_->middle(op) - program_->begin(op));
  }
  std::span<const Var> Writes(size_t op) const {
    return std::span(accesses_).subspan(program_->middle(op),
                                        program_->end(op) - program_->middle(op));
  }

  const int workers_;
  const std::unique_ptr<Engine> engine_;
  const Program* program_ = nullptr;
  Work* work_ = nullptr;
  std::vector<Var> vars_;
  std::vector<Var> accesses_;  // as Program::accesses()
  ProgramPtr captured_;
};

}  // namespace

ContenderPtr MakeOurEngine(int workers) { return std::make_unique<OurEngine>(workers); }

}  // namespace tenter::bench
