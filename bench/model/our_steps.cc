#include "bench/model/our_steps.h"

#include <cstring>
#include <memory>
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/cached_op/steps/stepped_plan.h"
#include "runtime/graph/onnx_import.h"
#include "runtime/graph/rewrites.h"

namespace tenter::bench {
namespace {

// The elements stand in the order of the data types.
static_assert(static_cast<int>(Element::kFloat32) == static_cast<int>(DType::kFloat32));
static_assert(static_cast<int>(Element::kFloat64) == static_cast<int>(DType::kFloat64));
static_assert(static_cast<int>(Element::kInt32) == static_cast<int>(DType::kInt32));
static_assert(static_cast<int>(Element::kInt64) == static_cast<int>(DType::kInt64));
static_assert(static_cast<int>(Element::kUint8) == static_cast<int>(DType::kUint8));
static_assert(static_cast<int>(Element::kBool) == static_cast<int>(DType::kBool));

template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) throw StatusError(result.status());
  return std::move(result).value();
}

std::vector<TensorSpec> SignatureOf(const std::vector<Port>& ports) {
  std::vector<TensorSpec> signature;
  for (const Port& port : ports)
    signature.push_back({static_cast<DType>(port.element), Shape(port.dims)});
  return signature;
}

ProfiledNode Told(const PlanStep& step) {
  ProfiledNode told{.name = step.name,
                    .op = step.nodes.empty() ? "turned" : step.nodes[0].op_type,
                    .kernel = std::string(step.kernel->implementation())};
  for (const ModelNode& node : step.nodes) told.does.push_back(node.name);
  for (const ValueRef& output : step.outputs)
    if (output.source != ValueRef::Source::kAbsent)
      told.makes += (told.makes.empty() ? "" : " ") + output.spec.ToString();
  return told;
}

class Client final : public ModelClient {
 public:
  Client(const std::shared_ptr<const Plan>& plan, const Inputs& inputs, uint64_t uncounted)
      : inputs_(inputs),
        tensors_(Must(Tensor::AllocateAll(plan->signature()))),
        stepped_(Must(SteppedPlan::Make(plan, tensors_))),
        uncounted_(uncounted),
        sums_ns_(plan->steps().size()) {}

  void Infer(size_t set) override {
    for (size_t i = 0; i < tensors_.size(); ++i)
      std::memcpy(tensors_[i].mutable_raw(), inputs_.data(set, i), tensors_[i].size_bytes());
    const bool counts = ++answered_ > uncounted_;
    for (size_t step = 0; step < sums_ns_.size(); ++step) {
      const int64_t start_ns = NowNs();
      stepped_.Run(step);
      if (counts) sums_ns_[step] += NowNs() - start_ns;
    }
  }

  std::vector<Answer> answers() const override {
    std::vector<Answer> answers;
    for (const ValueRef& output : stepped_.plan().outputs()) {
      const Tensor& made = ResultOf(output);
      answers.push_back({static_cast<Element>(made.dtype()), made.raw(), made.size_bytes()});
    }
    return answers;
  }

  std::vector<NodeTime> TakeProfile() override {
    std::vector<NodeTime> nodes;
    for (size_t i = 0; i < sums_ns_.size(); ++i)
      nodes.push_back(
          {Told(stepped_.plan().steps()[i]),
           static_cast<double>(sums_ns_[i]) / static_cast<double>(answered_ - uncounted_)});
    return nodes;
  }

 private:
  // One value may be several results, and one that nothing computes is no result of a step.
  const Tensor& ResultOf(const ValueRef& output) const {
    const auto index = static_cast<size_t>(output.index);
    if (output.source == ValueRef::Source::kInput) return tensors_[index];
    if (output.source == ValueRef::Source::kConstant) return output.constant;
    return stepped_.results()[index];
  }

  const Inputs& inputs_;
  std::vector<Tensor> tensors_;
  SteppedPlan stepped_;
  const uint64_t uncounted_;
  uint64_t answered_ = 0;
  std::vector<int64_t> sums_ns_;
};

class OurSteps final : public ModelContender {
 public:
  Description description() const override { return {"tenter", "Tenter, step by step", ""}; }

  void Load(const ModelFile& model, const Setup& setup) override {
    const Graph graph = Must(Simplify(Must(ImportOnnx(model.path))));
    plan_ = Must(Plan::Compile(graph, SignatureOf(model.inputs), {.way = Way::kInline}));
    uncounted_ = setup.profile_after.value_or(0);
  }

  std::unique_ptr<ModelClient> NewClient(const Inputs& inputs) override {
    return std::make_unique<Client>(plan_, inputs, uncounted_);
  }

  void Unload() override { plan_ = nullptr; }

 private:
  std::shared_ptr<const Plan> plan_;
  uint64_t uncounted_ = 0;
};

}  // namespace

ModelContenderPtr MakeOurSteps() { return std::make_unique<OurSteps>(); }

}  // namespace tenter::bench
