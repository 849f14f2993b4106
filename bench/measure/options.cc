#include "bench/measure/options.h"

#include <charconv>
#include <map>
#include <string_view>

namespace tenter::bench {
namespace {

constexpr const char* kUsage =
    "--part threads|one_worker|naive|c_api|memory --filter TEXT --json FILE --mxnet FILE --peers "
    "yes|no "
    "--ops N --repeats N --workers N --task-ms N --most-task-us N --live N";

Status Invalid(const std::string& message) {
  return {StatusCode::kInvalidArgument, message + "; options: " + kUsage};
}

bool ReadNumber(std::string_view text, uint64_t* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size() && *number > 0;
}

}  // namespace

Result<Options> ParseOptions(int argc, char** argv) {
  Options options;
  const std::map<std::string_view, std::string*> texts = {{"--part", &options.part},
                                                          {"--filter", &options.filter},
                                                          {"--json", &options.json},
                                                          {"--mxnet", &options.mxnet}};
  const std::map<std::string_view, uint64_t*> numbers = {
      {"--ops", &options.ops},         {"--repeats", &options.repeats},
      {"--workers", &options.workers}, {"--task-ms", &options.task_ms},
      {"--live", &options.live},       {"--most-task-us", &options.most_task_us}};
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 == argc) return Invalid(std::string(name) + " needs a value");
    const std::string value = argv[i + 1];
    if (const auto text = texts.find(name); text != texts.end()) {
      *text->second = value;
    } else if (const auto number = numbers.find(name); number != numbers.end()) {
      if (!ReadNumber(value, number->second)) {
        return Invalid(std::string(name) + " takes a positive number, not '" + value + "'");
      }
    } else if (name == "--peers" && (value == "yes" || value == "no")) {
      options.peers = value == "yes";
    } else {
      return Invalid("unknown option '" + std::string(name) + " " + value + "'");
    }
  }
  return options;
}

}  // namespace tenter::bench
