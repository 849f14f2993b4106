#include "bench/inference/wrong.h"

#include <cstddef>
#include <utility>

namespace tenter::bench {
namespace {

constexpr int kRightAnswers = 50;

class Client final : public ModelClient {
 public:
  Client(std::unique_ptr<ModelClient> inside, Wrongness wrongness)
      : inside_(std::move(inside)), right_(wrongness == Wrongness::kOther ? 0 : kRightAnswers) {}

  void Infer(size_t set) override {
    inside_->Infer(set);
    if (right_ > 0) {
      --right_;
      return;
    }
    const Answer answer = inside_->answers().front();
    auto* last = static_cast<std::byte*>(const_cast<void*>(answer.data)) + answer.bytes - 1;
    *last ^= std::byte{0x40};
  }
  std::vector<Answer> answers() const override { return inside_->answers(); }

 private:
  const std::unique_ptr<ModelClient> inside_;
  int right_;
};

class Wrong final : public ModelContender {
 public:
  Wrong(ModelContenderPtr inside, Wrongness wrongness)
      : inside_(std::move(inside)), wrongness_(wrongness) {}

  Description description() const override { return {"wrong", "planted: wrong", ""}; }
  bool exact() const override { return inside_->exact(); }
  bool many_clients() const override { return inside_->many_clients(); }
  void Load(const ModelFile& model, const Setup& setup) override { inside_->Load(model, setup); }
  std::unique_ptr<ModelClient> NewClient(const Inputs& inputs) override {
    return std::make_unique<Client>(inside_->NewClient(inputs), wrongness_);
  }
  void Unload() override { inside_->Unload(); }

 private:
  const ModelContenderPtr inside_;
  const Wrongness wrongness_;
};

}  // namespace

ModelContenderPtr MakeWrong(ModelContenderPtr inside, Wrongness wrongness) {
  return std::make_unique<Wrong>(std::move(inside), wrongness);
}

}  // namespace tenter::bench
