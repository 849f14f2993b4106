#include "bench/inference/model_options.h"

#include <charconv>
#include <map>
#include <string_view>
#include <utility>

namespace tenter::bench {
namespace {

constexpr const char* kUsage =
    "--part latency|clients|open|load|profile, or a way of sharing --model FILE --input "
    "NAME=TYPE:1,3,224,224 ... --output NAME "
    "... --name TEXT --contender NAME --json FILE --onnxruntime FILE --openvino FILE --peers "
    "yes|no "
    "--first-round N --planted "
    "other|changing|swapped --seed N --repeats N --block-ms N --clients N --rate N --threads N "
    "--sets N";

Status Invalid(const std::string& message) {
  return {StatusCode::kInvalidArgument, message + "; options: " + kUsage};
}

bool ReadNumber(std::string_view text, uint64_t* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

Status Take(std::string_view name, const std::string& value, ModelOptions* options) {
  const std::map<std::string_view, std::string*> texts = {
      {"--part", &options->part},           {"--name", &options->name},
      {"--contender", &options->contender}, {"--json", &options->json},
      {"--openvino", &options->openvino},   {"--onnxruntime", &options->onnxruntime},
      {"--planted", &options->planted},     {"--model", &options->model.path}};
  const std::map<std::string_view, uint64_t*> numbers = {
      {"--seed", &options->seed},       {"--repeats", &options->repeats},
      {"--clients", &options->clients}, {"--block-ms", &options->block_ms},
      {"--rate", &options->rate},       {"--threads", &options->threads},
      {"--sets", &options->sets},       {"--first-round", &options->first_round}};
  if (const auto text = texts.find(name); text != texts.end()) {
    *text->second = value;
  } else if (const auto number = numbers.find(name); number != numbers.end()) {
    if (!ReadNumber(value, number->second) ||
        (*number->second == 0 && name != "--seed" && name != "--first-round"))
      return Invalid(std::string(name) + " takes a positive number, not '" + value + "'");
  } else if (name == "--peers" && (value == "yes" || value == "no")) {
    options->peers = value == "yes";
  } else if (name == "--input") {
    TENTER_ASSIGN_OR_RETURN(Port port, ParsePort(value));
    options->model.inputs.push_back(std::move(port));
  } else if (name == "--output") {
    options->model.outputs.push_back(value);
  } else {
    return Invalid("unknown option '" + std::string(name) + " " + value + "'");
  }
  return {};
}

}  // namespace

Result<ModelOptions> ParseModelOptions(int argc, char** argv) {
  ModelOptions options;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc) return Invalid(std::string(argv[i]) + " needs a value");
    TENTER_RETURN_IF_ERROR(Take(argv[i], argv[i + 1], &options));
  }
  if (options.model.path.empty()) return Invalid("--model is missing");
  if (options.model.outputs.empty()) return Invalid("--output is missing");
  return options;
}

}  // namespace tenter::bench
