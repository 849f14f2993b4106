#include "bench/model/ort_peer.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "bench/model/ort_library.h"
#include "bench/model/ort_profile.h"

namespace tenter::bench {
namespace {

constexpr int kErrorsOnly = 3;      // OrtLoggingLevel
constexpr int kArenaAllocator = 1;  // OrtAllocatorType
constexpr int kDefaultMemory = 0;   // OrtMemType
using Handle = OrtLibrary::Handle;

// ONNXTensorElementDataType, which has the numbers of the ONNX format.
const std::map<Element, int> kElements = {{Element::kFloat32, 1}, {Element::kUint8, 2},
                                          {Element::kInt32, 6},   {Element::kInt64, 7},
                                          {Element::kBool, 9},    {Element::kFloat64, 11}};

Element ElementOf(int number) {
  for (const auto& [element, theirs] : kElements)
    if (theirs == number) return element;
  throw StatusError({StatusCode::kUnsupported,
                     "ONNX Runtime: a result of element type " + std::to_string(number)});
}

// A folder for the file that the profiler writes. Gone with it.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "tenter-XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr)
      throw StatusError({StatusCode::kNotFound, "cannot make a folder such as " + path_});
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string Prefix() const { return path_ + "/profile"; }

 private:
  std::string path_;
};

class Client final : public ModelClient {
 public:
  Client(const OrtLibrary& ort, Handle session, Handle memory, const Inputs& inputs,
         const std::vector<std::string>& outputs, uint64_t uncounted)
      : ort_(ort),
        session_(session),
        uncounted_(uncounted),
        sets_(inputs.sets()),
        outputs_(outputs.size()) {
    for (const Port& port : inputs.ports()) input_names_.push_back(port.name.c_str());
    for (const std::string& name : outputs) output_names_.push_back(name.c_str());
    for (size_t set = 0; set < inputs.sets(); ++set) {
      for (size_t i = 0; i < inputs.ports().size(); ++i) {
        const Port& port = inputs.ports()[i];
        void* data = const_cast<std::byte*>(inputs.data(set, i));  // which nobody writes to
        ort_.Check(ort_.create_tensor_of(memory, data, port.bytes(), port.dims.data(),
                                         port.dims.size(), kElements.at(port.element),
                                         &sets_[set].emplace_back()));
      }
    }
  }
  ~Client() override {
    Release();
    for (const std::vector<Handle>& set : sets_)
      for (const Handle value : set) ort_.release_value(value);
  }

  void Infer(size_t set) override {
    Release();
    ++answered_;
    ort_.Check(ort_.run(session_, nullptr, input_names_.data(), sets_[set].data(),
                        sets_[set].size(), output_names_.data(), outputs_.size(), outputs_.data()));
  }

  std::vector<Answer> answers() const override {
    std::vector<Answer> answers;
    for (const Handle output : outputs_) {
      Handle info = nullptr;
      int element = 0;
      size_t count = 0;
      void* data = nullptr;
      ort_.Check(ort_.tensor_info(output, &info));
      ort_.Check(ort_.tensor_element(info, &element));
      ort_.Check(ort_.tensor_count(info, &count));
      ort_.release_tensor_info(info);
      ort_.Check(ort_.tensor_data(output, &data));
      answers.push_back({ElementOf(element), data, count * BytesOf(ElementOf(element))});
    }
    return answers;
  }

  std::vector<NodeTime> TakeProfile() override {
    Handle allocator = nullptr;
    char* path = nullptr;
    ort_.Check(ort_.default_allocator(&allocator));
    ort_.Check(ort_.end_profile(session_, allocator, &path));
    const std::string name = path;
    ort_.Check(ort_.free_of(allocator, path));
    std::ifstream file(name, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto nodes = ReadOrtProfile(text, answered_, uncounted_);
    if (!nodes.ok()) throw StatusError(nodes.status());
    return nodes.value();
  }

 private:
  void Release() {
    for (Handle& output : outputs_) {
      if (output != nullptr) ort_.release_value(output);
      output = nullptr;
    }
  }

  const OrtLibrary& ort_;
  const Handle session_;
  const uint64_t uncounted_;
  uint64_t answered_ = 0;
  std::vector<const char*> input_names_, output_names_;
  std::vector<std::vector<Handle>> sets_;
  std::vector<Handle> outputs_;
};

class OrtPeer final : public ModelContender {
 public:
  explicit OrtPeer(OrtLibrary library) : ort_(std::move(library)) {
    ort_.Check(ort_.create_env(kErrorsOnly, "model_bench", &env_));
    ort_.Check(ort_.create_cpu_memory_info(kArenaAllocator, kDefaultMemory, &memory_));
  }

  Description description() const override {
    return {"onnxruntime", "ONNX Runtime " + ort_.version, ""};
  }

  void Load(const ModelFile& model, const Setup& setup) override {
    Handle options = nullptr;
    ort_.Check(ort_.create_options(&options));
    ort_.Check(ort_.set_intra_op_threads(options, setup.threads));
    ort_.Check(ort_.set_inter_op_threads(options, 1));
    // One thread has nobody to spin for; several are slow without, and its default is to spin.
    if (setup.threads == 1)
      ort_.Check(ort_.add_config(options, "session.intra_op.allow_spinning", "0"));
    if (setup.profile_after) {
      folder_.emplace();
      ort_.Check(ort_.enable_profile(options, folder_->Prefix().c_str()));
    }
    const OrtLibrary::Error error =
        ort_.create_session(env_, model.path.c_str(), options, &session_);
    ort_.release_options(options);
    ort_.Check(error);
    outputs_ = model.outputs;
    uncounted_ = setup.profile_after.value_or(0);
  }

  std::unique_ptr<ModelClient> NewClient(const Inputs& inputs) override {
    return std::make_unique<Client>(ort_, session_, memory_, inputs, outputs_, uncounted_);
  }

  void Unload() override {
    if (session_ != nullptr) ort_.release_session(session_);
    session_ = nullptr;
    folder_.reset();
  }

 private:
  const OrtLibrary ort_;
  Handle env_ = nullptr, memory_ = nullptr, session_ = nullptr;
  std::vector<std::string> outputs_;
  uint64_t uncounted_ = 0;
  std::optional<TemporaryFolder> folder_;
};

}  // namespace

Result<ModelContenderPtr> MakeOrtPeer(const std::string& library) {
  TENTER_ASSIGN_OR_RETURN(OrtLibrary found, OrtLibrary::Load(library));
  return ModelContenderPtr(std::make_unique<OrtPeer>(std::move(found)));
}

Description OrtAbsence(const std::string& reason) {
  return {"onnxruntime", "ONNX Runtime", reason};
}

}  // namespace tenter::bench
