#include "bench/contender/mxnet_peer.h"

#include <utility>
#include <vector>

namespace tenter::bench {
namespace {

constexpr int kNormal = 0;  // FnProperty::kNormal

class MxnetPeer final : public Contender {
 public:
  MxnetPeer(MxnetLibrary library, int workers) : mx_(library), workers_(workers) {
    mx_.Check(mx_.get_version(&version_));
    int previous = 0;
    mx_.Check(mx_.set_bulk_size(0, &previous));
  }

  Description description() const override {
    const std::string version = std::to_string(version_ / 10000) + "." +
                                std::to_string(version_ / 100 % 100) + "." +
                                std::to_string(version_ % 100);
    return {"mxnet", "MXNet " + version + (workers_ == 0 ? ", NaiveEngine" : ""), ""};
  }
  Abilities abilities() const override { return {.engine = true}; }

  void Prepare(const Program& program, Work& work) override {
    program_ = &program;
    work_ = &work;
    arrays_.resize(program.variables());
    const uint32_t one = 1;
    for (MxnetLibrary::Handle& array : arrays_) {
      // Allocation is delayed for ever, since no op looks at the elements.
      mx_.Check(mx_.create_array(&one, 1, context_.device_type, context_.device_id, 1, 0, &array));
    }
    for (const uint32_t var : program.accesses()) accesses_.push_back(arrays_[var]);
  }

  void Push(size_t first, size_t last) override {
    for (size_t op = first; op < last; ++op) {
      const size_t begin = program_->begin(op), middle = program_->middle(op);
      mx_.Check(mx_.push_sync([](void*, void* work) { static_cast<Work*>(work)->Run(); }, work_,
                              nullptr, &context_, accesses_.data() + begin,
                              static_cast<int>(middle - begin), accesses_.data() + middle,
                              static_cast<int>(program_->end(op) - middle), &kNormal, 0, "op"));
    }
  }

  void WaitAll() override { mx_.Check(mx_.wait_all()); }

  void RoundTrip(size_t op) override {
    Push(op, op + 1);
    mx_.Check(mx_.wait_to_read(accesses_[program_->middle(op)]));
  }

  void Clear() override {
    for (MxnetLibrary::Handle array : arrays_) mx_.Check(mx_.free_array(array));
    mx_.Check(mx_.wait_all());
    arrays_.clear();
    accesses_.clear();
  }

 private:
  const MxnetLibrary mx_;
  const int workers_;
  const MxnetLibrary::Context context_;
  int version_ = 0;
  const Program* program_ = nullptr;
  Work* work_ = nullptr;
  std::vector<MxnetLibrary::Handle> arrays_;
  std::vector<MxnetLibrary::Handle> accesses_;  // as Program::accesses()
};

}  // namespace

Result<ContenderPtr> MakeMxnetPeer(const MxnetOptions& options) {
  TENTER_ASSIGN_OR_RETURN(const MxnetLibrary library, MxnetLibrary::Load(options));
  return ContenderPtr(std::make_unique<MxnetPeer>(library, options.workers));
}

Description MxnetAbsence(const std::string& reason) { return {"mxnet", "MXNet 1.9.1", reason}; }

}  // namespace tenter::bench
