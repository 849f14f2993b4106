// tenter-plan: what one model is compiled to for one input signature, a line per step; the words of
// `./tenter plan`, which makes a table of it.
//
//   tenter-plan MODEL.onnx --input float32:1,3,48,192 --rounds 50
//
// Fields are separated by tabs. Exit codes: 0 done, 1 the model failed (the reason on standard
// error), 2 usage.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/cached_op/fitting.h"
#include "runtime/cached_op/steps/same_bits.h"
#include "runtime/cached_op/steps/step_times.h"
#include "runtime/graph/onnx_import.h"
#include "runtime/graph/rewrites.h"

namespace tenter {
namespace {

struct Arguments {
  std::string model;
  std::vector<TensorSpec> signature;
  PlanOptions plan{.way = Way::kInline};
  int rounds = 0;       // 0: nothing is timed
  size_t together = 1;  // requests that would run as one; 1: nothing is said of them
  uint64_t seed = 1;
};

constexpr char kUsage[] =
    "Usage: tenter-plan MODEL.onnx [--input TYPE:DIMS]... [--kernels reference|direct|onednn]\n"
    "                   [--rounds N] [--threads N] [--together N] [--seed N]\n"
    "\n"
    "Prints what the model is compiled to, a line per step, with tabs between the fields:\n"
    "\n"
    "  graph       nodes in the file, and after what is done once per model\n"
    "  parameters  bytes, and bytes packed for kernels\n"
    "  memory      of one request that runs: bytes, those of them that are scratch, and slots\n"
    "  together    with --together: N, whether requests may run as one (apart, or mixed and why); "
    "of\n"
    "              those whether results have the bits that they have alone (same, other), the\n"
    "              largest difference, and the first step behind which bits differ ('-': none, or\n"
    "              other steps run)\n"
    "  step        number, name, ops with what is fused into the first, kernel, what it makes as "
    "it\n"
    "              lies in memory, and with --rounds the nanoseconds of each round\n"
    "\n"
    "  --input TYPE:DIMS  of an input, in the order of the model, such as float32:1,3,48,192; "
    "given\n"
    "                     once for each\n"
    "  --kernels NAME     onednn (default), direct, which does so without winograd, or reference,\n"
    "                     which fuses nothing\n"
    "  --rounds N         run it N times on drawn inputs. Default: 0\n"
    "  --threads N        that compute a kernel together (intra_op), at most 64. Default: 1\n"
    "  --together N       compare a request that runs as one of N with itself alone\n"
    "  --seed N           of the inputs. Default: 1\n"
    "  -h, --help         this text\n"
    "\n"
    "Exit codes: 0 done, 1 the model failed, 2 usage.\n";

Status Usage(const std::string& message) { return {StatusCode::kOutOfRange, message}; }

// TYPE:DIMS
Result<TensorSpec> ParseSpec(const std::string& text) {
  const size_t colon = text.find(':');
  const auto dtype = DTypeFromName(text.substr(0, colon));
  if (!dtype || colon == std::string::npos)
    return Usage("an input is TYPE:DIMS, such as float32:1,3,48,192, and not " + text);
  std::vector<int64_t> dims;
  std::istringstream list(text.substr(colon + 1));
  for (std::string dim; std::getline(list, dim, ',');) {
    char* end = nullptr;
    dims.push_back(std::strtoll(dim.c_str(), &end, 10));
    if (dim.empty() || *end != '\0' || dims.back() < 0)
      return Usage("'" + dim + "' in --input " + text + " is no size");
  }
  return TensorSpec{*dtype, Shape(std::move(dims))};
}

Result<Arguments> Parse(const std::vector<std::string>& words) {
  if (words[0].starts_with("-")) return Usage("the model comes first, and not " + words[0]);
  Arguments arguments{.model = words[0], .signature = {}};
  for (size_t i = 1; i < words.size(); i += 2) {
    if (i + 1 == words.size()) return Usage(words[i] + " needs a value");
    const std::string& value = words[i + 1];
    if (words[i] == "--input") {
      TENTER_ASSIGN_OR_RETURN(TensorSpec spec, ParseSpec(value));
      arguments.signature.push_back(std::move(spec));
    } else if (words[i] == "--kernels" &&
               (value == "reference" || value == "direct" || value == "onednn")) {
      if (value == "reference") arguments.plan.kernels = KernelChoice::kReference;
      arguments.plan.winograd = value != "direct";
    } else if (words[i] == "--rounds" && (value == "0" || std::atoi(value.c_str()) > 0)) {
      arguments.rounds = std::atoi(value.c_str());
    } else if (words[i] == "--threads" && std::atoi(value.c_str()) > 0 &&
               std::atoi(value.c_str()) <= 64) {
      arguments.plan.cut.threads = std::atoi(value.c_str());
    } else if (words[i] == "--together" && std::atoi(value.c_str()) > 1) {
      arguments.together = static_cast<size_t>(std::atoi(value.c_str()));
    } else if (words[i] == "--seed") {
      arguments.seed = std::strtoull(value.c_str(), nullptr, 10);
    } else {
      return Usage("not understood: " + words[i] + " " + value);
    }
  }
  if (!std::ifstream(arguments.model)) return Usage("cannot read '" + arguments.model + "'");
  return arguments;
}

// "Conv", or "Conv[Add,Relu]" with what is fused into it; "turned" where the plan puts in a copy in
// another layout.
std::string OpsOf(const PlanStep& step) {
  if (step.nodes.empty()) return "turned";
  std::string ops = step.nodes[0].op_type;
  for (size_t i = 1; i < step.nodes.size(); ++i)
    ops += (i == 1 ? "[" : ",") + step.nodes[i].op_type;
  return ops + (step.nodes.size() > 1 ? "]" : "");
}

// A name without what would end a field.
std::string Plain(std::string name) {
  for (char& letter : name)
    if (static_cast<unsigned char>(letter) < ' ') letter = '?';
  return name;
}

void PrintStep(size_t number, const PlanStep& step, const std::vector<int64_t>& times) {
  std::string specs;
  for (const ValueRef& output : step.outputs)
    if (output.source != ValueRef::Source::kAbsent)
      specs += (specs.empty() ? "" : " ") + output.spec.ToString();
  std::printf("step\t%zu\t%s\t%s\t%s\t%s\t", number, Plain(step.name).c_str(), OpsOf(step).c_str(),
              std::string(step.kernel->implementation()).c_str(), specs.c_str());
  for (size_t i = 0; i < times.size(); ++i)
    std::printf("%s%lld", i > 0 ? "," : "", static_cast<long long>(times[i]));
  std::printf("\n");
}

Status ShowTogether(const Graph& graph, const Plan& plan, const Arguments& arguments) {
  const auto bits =
      CompareBits(graph, arguments.signature, arguments.plan, arguments.together, arguments.seed);
  if (bits.status().code() == StatusCode::kUnsupported) {
    std::printf("together\t%zu\tmixed\t%s\n", arguments.together,
                Plain(bits.status().message()).c_str());
    return {};
  }
  TENTER_RETURN_IF_ERROR(bits.status());
  std::printf("together\t%zu\tapart\t%s\t%g\t%s\n", arguments.together,
              bits->same_results ? "same" : "other", static_cast<double>(bits->largest),
              bits->first ? Plain(plan.steps()[*bits->first].name).c_str() : "-");
  return {};
}

Status Show(const Arguments& arguments) {
  TENTER_ASSIGN_OR_RETURN(Graph loaded, ImportOnnx(arguments.model));
  const size_t nodes = loaded.nodes.size();
  TENTER_ASSIGN_OR_RETURN(const Graph graph, Simplify(std::move(loaded)));
  TENTER_ASSIGN_OR_RETURN(const auto plan,
                          Plan::Compile(graph, arguments.signature, arguments.plan));
  std::vector<std::vector<int64_t>> times(plan->steps().size());
  if (arguments.rounds > 0) {
    TENTER_ASSIGN_OR_RETURN(times, TimeSteps(plan, arguments.rounds, arguments.seed));
  }
  std::printf("graph\t%zu\t%zu\n", nodes, graph.nodes.size());
  std::printf("parameters\t%zu\t%zu\n", graph.parameters->size_bytes(), PackedBytes(*graph.packed));
  std::printf("memory\t%zu\t%zu\t%zu\n", Fitting::BytesFor(*plan), plan->scratch_bytes(),
              plan->slot_bytes().size());
  if (arguments.together > 1) TENTER_RETURN_IF_ERROR(ShowTogether(graph, *plan, arguments));
  for (size_t i = 0; i < plan->steps().size(); ++i) PrintStep(i, plan->steps()[i], times[i]);
  return {};
}

int Refuse(const Status& problem) {
  std::fprintf(stderr, "tenter-plan: %s (tenter-plan --help)\n", problem.message().c_str());
  return 2;
}

int Main(const std::vector<std::string>& words) {
  if (words.empty()) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  if (std::any_of(words.begin(), words.end(),
                  [](const std::string& word) { return word == "--help" || word == "-h"; })) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  const auto arguments = Parse(words);
  if (!arguments.ok()) return Refuse(arguments.status());
  const Status status = Show(*arguments);
  if (status.ok()) return 0;
  std::fprintf(stderr, "tenter-plan: %s\n", status.message().c_str());
  return 1;
}

}  // namespace
}  // namespace tenter

int main(int argc, char** argv) { return tenter::Main({argv + 1, argv + argc}); }
