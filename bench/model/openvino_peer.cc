#include "bench/model/openvino_peer.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "bench/model/openvino_library.h"
#include "bench/model/openvino_profile.h"
#include "runtime/base/thread.h"

namespace tenter::bench {
namespace {

using Handle = OpenvinoLibrary::Handle;

// ov_element_type_e
const std::map<Element, unsigned> kElements = {{Element::kBool, 1},    {Element::kFloat32, 4},
                                               {Element::kFloat64, 5}, {Element::kInt32, 9},
                                               {Element::kInt64, 10},  {Element::kUint8, 16}};

Element ElementOf(unsigned number) {
  for (const auto& [element, theirs] : kElements)
    if (theirs == number) return element;
  throw StatusError(
      {StatusCode::kUnsupported, "OpenVINO: a result of element type " + std::to_string(number)});
}

class Client final : public ModelClient {
 public:
  Client(const OpenvinoLibrary& ov, Handle compiled, const Inputs& inputs, size_t outputs,
         std::optional<uint64_t> profile_after)
      : ov_(ov),
        ports_(inputs.ports()),
        sets_(inputs.sets()),
        outputs_(outputs),
        profile_after_(profile_after) {
    ov_.Check(ov_.create_request(compiled, &request_));
    for (size_t set = 0; set < inputs.sets(); ++set) {
      for (size_t i = 0; i < ports_.size(); ++i) {
        std::vector<int64_t> dims = ports_[i].dims;
        void* data = const_cast<std::byte*>(inputs.data(set, i));  // which nobody writes to
        ov_.Check(ov_.create_tensor_of(kElements.at(ports_[i].element),
                                       {static_cast<int64_t>(dims.size()), dims.data()}, data,
                                       &sets_[set].emplace_back()));
      }
    }
  }
  ~Client() override {
    for (const std::vector<Handle>& set : sets_)
      for (const Handle tensor : set) ov_.free_tensor(tensor);
    ov_.free_request(request_);
  }

  void Infer(size_t set) override {
    if (profile_after_ && answered_ == *profile_after_ && answered_ > 0) before_ = Read();
    ++answered_;
    for (size_t i = 0; i < ports_.size(); ++i)
      ov_.Check(ov_.set_input(request_, ports_[i].name.c_str(), sets_[set][i]));
    ov_.Check(ov_.infer(request_));
  }

  std::vector<Answer> answers() const override {
    std::vector<Answer> answers;
    for (size_t i = 0; i < outputs_; ++i) {
      Handle tensor = nullptr;
      Answer& answer = answers.emplace_back();
      unsigned element = 0;
      void* data = nullptr;
      ov_.Check(ov_.get_output(request_, i, &tensor));
      ov_.Check(ov_.tensor_element(tensor, &element));
      ov_.Check(ov_.tensor_bytes(tensor, &answer.bytes));
      ov_.Check(ov_.tensor_data(tensor, &data));
      answer.element = ElementOf(element);
      answer.data = data;  // of the request, which outlives this handle of it
      ov_.free_tensor(tensor);
    }
    return answers;
  }

  std::vector<NodeTime> TakeProfile() override {
    const Reading after = Read();
    if (before_.nodes.empty()) before_.nodes = after.nodes;  // of no answer
    const auto nodes = NodesBetween(before_, after);
    if (!nodes.ok()) throw StatusError(nodes.status());
    return nodes.value();
  }

 private:
  Reading Read() {
    OpenvinoLibrary::Counters counters = {};
    ov_.Check(ov_.get_counters(request_, &counters));
    const std::unique_ptr<OpenvinoLibrary::Counters, void (*)(OpenvinoLibrary::Counters*)> owner(
        &counters, ov_.free_counters);
    return ReadingOf(counters, answered_);
  }

  const OpenvinoLibrary& ov_;
  const std::vector<Port> ports_;
  Handle request_ = nullptr;
  std::vector<std::vector<Handle>> sets_;
  const size_t outputs_;
  const std::optional<uint64_t> profile_after_;
  uint64_t answered_ = 0;
  Reading before_;
};

class OpenvinoPeer final : public ModelContender {
 public:
  explicit OpenvinoPeer(OpenvinoLibrary library) : ov_(std::move(library)) {
    ov_.Check(ov_.create_core(&core_));
  }

  Description description() const override { return {"openvino", "OpenVINO " + ov_.version, ""}; }

  void Load(const ModelFile& model, const Setup& setup) override {
    const int streams = std::min(setup.clients, ProcessorCount());
    const std::string threads = std::to_string(streams * setup.threads);
    Handle read = nullptr;
    ov_.Check(ov_.read_model(core_, model.path.c_str(), nullptr, &read));
    try {
      Fix(read, model.inputs);
      ov_.Check(ov_.compile(core_, read, "CPU", 8, &compiled_, "NUM_STREAMS",
                            std::to_string(streams).c_str(), "INFERENCE_NUM_THREADS",
                            threads.c_str(), "INFERENCE_PRECISION_HINT", "f32", "PERF_COUNT",
                            setup.profile_after ? "YES" : "NO"));
    } catch (...) {
      ov_.free_model(read);
      throw;
    }
    ov_.free_model(read);
    outputs_ = model.outputs.size();
    profile_after_ = setup.profile_after;
  }

  std::unique_ptr<ModelClient> NewClient(const Inputs& inputs) override {
    return std::make_unique<Client>(ov_, compiled_, inputs, outputs_, profile_after_);
  }

  void Unload() override {
    if (compiled_ != nullptr) ov_.free_compiled(compiled_);
    compiled_ = nullptr;
  }

 private:
  void Fix(Handle model, const std::vector<Port>& ports) {
    std::vector<const char*> names;
    std::vector<std::vector<OpenvinoLibrary::Dimension>> dims;
    std::vector<OpenvinoLibrary::PartialShape> shapes;
    for (const Port& port : ports) {
      names.push_back(port.name.c_str());
      std::vector<OpenvinoLibrary::Dimension>& own = dims.emplace_back();
      for (const int64_t dim : port.dims) own.push_back({dim, dim});
      const auto rank = static_cast<int64_t>(own.size());
      shapes.push_back({{rank, rank}, own.data()});
    }
    if (!names.empty()) ov_.Check(ov_.reshape(model, names.data(), shapes.data(), names.size()));
  }

  const OpenvinoLibrary ov_;
  Handle core_ = nullptr, compiled_ = nullptr;
  size_t outputs_ = 0;
  std::optional<uint64_t> profile_after_;
};

}  // namespace

Result<ModelContenderPtr> MakeOpenvinoPeer(const std::string& library) {
  TENTER_ASSIGN_OR_RETURN(OpenvinoLibrary found, OpenvinoLibrary::Load(library));
  return ModelContenderPtr(std::make_unique<OpenvinoPeer>(std::move(found)));
}

Description OpenvinoAbsence(const std::string& reason) { return {"openvino", "OpenVINO", reason}; }

}  // namespace tenter::bench
