#include "bench/model/our_model.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "runtime/base/status.h"
#include "runtime/base/thread.h"
#include "runtime/capi/tenter/tenter.h"

namespace tenter::bench {
namespace {

// The elements stand in the order of the C API.
static_assert(static_cast<int>(Element::kFloat32) == TENTER_FLOAT32);
static_assert(static_cast<int>(Element::kFloat64) == TENTER_FLOAT64);
static_assert(static_cast<int>(Element::kInt32) == TENTER_INT32);
static_assert(static_cast<int>(Element::kInt64) == TENTER_INT64);
static_assert(static_cast<int>(Element::kUint8) == TENTER_UINT8);
static_assert(static_cast<int>(Element::kBool) == TENTER_BOOL);

void Must(tenter_code code, const tenter_error& error) {
  if (code != TENTER_OK) throw StatusError({static_cast<StatusCode>(code), error.message});
}

using Sets = std::vector<std::vector<tenter_tensor>>;

tenter_tensor TensorOf(const Inputs& inputs, size_t set, size_t input) {
  const Port& port = inputs.ports()[input];
  tenter_tensor tensor = {};
  tensor.dtype = static_cast<tenter_dtype>(port.element);
  tensor.rank = static_cast<int32_t>(port.dims.size());
  std::copy(port.dims.begin(), port.dims.end(), tensor.dims);
  tensor.data = const_cast<std::byte*>(inputs.data(set, input));  // which nobody writes to
  tensor.size_bytes = port.bytes();
  return tensor;
}

Sets TensorsOf(const Inputs& inputs) {
  Sets sets(inputs.sets());
  for (size_t set = 0; set < inputs.sets(); ++set)
    for (size_t i = 0; i < inputs.ports().size(); ++i)
      sets[set].push_back(TensorOf(inputs, set, i));
  return sets;
}

std::vector<Answer> AnswersOf(const tenter_tensor* outputs, size_t count) {
  std::vector<Answer> answers;
  for (size_t i = 0; i < count; ++i)
    answers.push_back(
        {static_cast<Element>(outputs[i].dtype), outputs[i].data, outputs[i].size_bytes});
  return answers;
}

class Client final : public ModelClient {
 public:
  // Frees the op in the end if it has one of its own.
  Client(tenter_context* context, tenter_cached_op op, bool owns, const Inputs& inputs,
         size_t outputs)
      : context_(context), op_(op), owns_(owns), outputs_(outputs), sets_(TensorsOf(inputs)) {}
  ~Client() override {
    Release();
    if (owns_) tenter_cached_op_free(context_, op_, nullptr);
  }

  void Infer(size_t set) override {
    Release();
    Must(tenter_cached_op_invoke(context_, op_, sets_[set].data(), sets_[set].size(),
                                 outputs_.data(), outputs_.size(), &error_),
         error_);
  }

  std::vector<Answer> answers() const override {
    return AnswersOf(outputs_.data(), outputs_.size());
  }

 private:
  void Release() {
    for (tenter_tensor& output : outputs_) tenter_tensor_release(&output);
  }

  tenter_context* const context_;
  const tenter_cached_op op_;
  const bool owns_;
  tenter_error error_ = {};
  std::vector<tenter_tensor> outputs_;
  Sets sets_;
};

class Asking final : public AskingClient {
 public:
  Asking(tenter_context* context, tenter_cached_op op, const Inputs& inputs)
      : context_(context), op_(op), sets_(TensorsOf(inputs)) {}

  void Ask(size_t set, Answered answered) override {
    auto call = std::make_unique<Answered>(std::move(answered));
    tenter_error error = {};
    Must(tenter_cached_op_invoke_async(context_, op_, nullptr, sets_[set].data(), sets_[set].size(),
                                       OnAnswer, call.get(), nullptr, &error),
         error);
    static_cast<void>(call.release());
  }

 private:
  static void OnAnswer(void* arg, tenter_tensor* outputs, size_t count, const tenter_error* error) {
    const std::unique_ptr<Answered> call(static_cast<Answered*>(arg));
    (*call)(
        error == nullptr ? Status() : Status(static_cast<StatusCode>(error->code), error->message),
        AnswersOf(outputs, count));
    for (size_t i = 0; i < count; ++i) tenter_tensor_release(&outputs[i]);
  }

  tenter_context* const context_;
  const tenter_cached_op op_;
  const Sets sets_;
};

class OurModel final : public ModelContender {
 public:
  explicit OurModel(Sharing sharing) : sharing_(sharing) {
    Must(tenter_context_create(nullptr, &context_, &error_), error_);
  }
  ~OurModel() override { tenter_context_free(context_); }

  Description description() const override {
    if (sharing_ == Sharing::kShared) return {"tenter", "Tenter", ""};
    if (sharing_ == Sharing::kOpPerClient) return {"tenter_op_each", "Tenter, an op each", ""};
    return {"tenter_confined", "Tenter, confined to one thread", ""};
  }
  bool exact() const override { return true; }
  bool many_clients() const override { return sharing_ != Sharing::kConfined; }

  void Load(const ModelFile& model, const Setup& setup) override {
    if (sharing_ == Sharing::kShared) {  // the others run on the thread that calls
      tenter_engine_options engine = {};
      engine.workers = std::min(setup.clients, std::max(1, ProcessorCount() / setup.threads));
      Must(tenter_engine_create(context_, &engine, &engine_, &error_), error_);
    }
    Must(tenter_model_load(context_, model.path.c_str(), &model_, &error_), error_);
    threads_ = setup.threads;
    if (sharing_ != Sharing::kOpPerClient) op_ = NewOp();
    outputs_ = model.outputs.size();
  }

  std::unique_ptr<ModelClient> NewClient(const Inputs& inputs) override {
    const bool own = sharing_ == Sharing::kOpPerClient;
    return std::make_unique<Client>(context_, own ? NewOp() : op_, own, inputs, outputs_);
  }

  std::unique_ptr<AskingClient> NewAskingClient(const Inputs& inputs) override {
    if (sharing_ != Sharing::kShared) return nullptr;
    return std::make_unique<Asking>(context_, op_, inputs);
  }

  void Unload() override {
    tenter_cached_op_free(context_, op_, nullptr);
    tenter_model_free(context_, model_, nullptr);
    tenter_engine_free(context_, engine_, nullptr);
    op_ = nullptr;
    model_ = nullptr;
    engine_ = nullptr;
  }

 private:
  tenter_cached_op NewOp() {
    tenter_cached_op_options options = {};
    options.sharing = sharing_ == Sharing::kShared ? TENTER_SHARED : TENTER_CONFINED;
    options.intra_op_threads = static_cast<uint64_t>(threads_);
    tenter_cached_op op = nullptr;
    Must(tenter_cached_op_create(context_, engine_, model_, &options, &op, &error_), error_);
    return op;
  }

  const Sharing sharing_;
  int threads_ = 1;
  tenter_error error_ = {};
  tenter_context* context_ = nullptr;
  tenter_engine engine_ = nullptr;
  tenter_model model_ = nullptr;
  tenter_cached_op op_ = nullptr;
  size_t outputs_ = 0;
};

}  // namespace

ModelContenderPtr MakeOurModel(Sharing sharing) { return std::make_unique<OurModel>(sharing); }

}  // namespace tenter::bench
