#include "harness/workloads/inference/kept_answers.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

namespace tenter {
namespace {

using nlohmann::ordered_json;

constexpr int kVersion = 1;

const char* NameOf(tgt_dtype dtype) {
  switch (dtype) {
    case TGT_FLOAT32:
      return "float32";
    case TGT_FLOAT64:
      return "float64";
    case TGT_INT32:
      return "int32";
    case TGT_INT64:
      return "int64";
    case TGT_UINT8:
      return "uint8";
    case TGT_BOOL:
      return "bool";
    default:
      return "unknown";
  }
}

// Writes tensors one behind the other and remembers where each lies.
class RawFile {
 public:
  explicit RawFile(const std::string& path) : file_(path, std::ios::binary) {}

  ordered_json Put(const tgt_tensor& tensor, const std::vector<char>& bytes) {
    const int rank = std::clamp(tensor.rank, 0, TGT_RANK_MAX);
    ordered_json told = {{"dtype", NameOf(tensor.dtype)},
                         {"dims", std::vector<int64_t>(tensor.dims, tensor.dims + rank)},
                         {"offset", offset_},
                         {"bytes", bytes.size()}};
    file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    offset_ += bytes.size();
    return told;
  }

  bool Close() {
    file_.close();
    return static_cast<bool>(file_);
  }

 private:
  std::ofstream file_;
  size_t offset_ = 0;
};

size_t BytesOf(const Sample& sample) {
  size_t bytes = 0;
  for (const auto& input : sample.storage) bytes += input.size();
  for (const auto& answer : sample.expected) bytes += answer.size();
  return bytes;
}

Status NotWritten(const std::string& path) {
  return {StatusCode::kInternal, path + ": cannot be written"};
}

}  // namespace

Status KeepAnswers(const std::string& directory, const ModelInputs& inputs) {
  RawFile raw(directory + "/answers.bin");
  ordered_json samples = ordered_json::array();
  size_t bytes = 0;
  for (size_t s = 0; s < std::min(inputs.size(), kKeptSamples); ++s) {
    const Sample& sample = inputs.sample(s);
    bytes += BytesOf(sample);
    if (bytes > kKeptBytes) break;
    ordered_json told = {
        {"sample", s}, {"inputs", ordered_json::array()}, {"outputs", ordered_json::array()}};
    for (size_t i = 0; i < sample.inputs.size(); ++i)
      told["inputs"].push_back(raw.Put(sample.inputs[i], sample.storage[i]));
    for (size_t o = 0; o < sample.expected.size(); ++o)
      told["outputs"].push_back(raw.Put(sample.answers[o], sample.expected[o]));
    samples.push_back(std::move(told));
  }
  const size_t left_out = inputs.size() - samples.size();
  const ordered_json told = {
      {"version", kVersion}, {"samples", std::move(samples)}, {"left_out", left_out}};
  if (!raw.Close()) return NotWritten(directory + "/answers.bin");
  std::ofstream file(directory + "/answers.json");
  file << told.dump() << "\n";
  file.close();
  if (!file) return NotWritten(directory + "/answers.json");
  return {};
}

}  // namespace tenter
