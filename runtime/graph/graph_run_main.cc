// tenter-graph-run: runs one model on inputs from files with the plain interpreter, and writes its
// outputs.
//
//   tenter-graph-run MODEL.onnx --input f32:1,3,48,192:x.bin --kernels onednn --out DIR
//
// --repeat N runs it N times and prints the median time.
//
// Inputs and outputs are raw little-endian elements; outputs become DIR/output0.bin and so on, and
// one line each on standard output. Exit codes: 0 done, 1 the model failed (the reason on standard
// error), 2 usage.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/graph/fusion/passes.h"
#include "runtime/graph/onnx_import.h"
#include "runtime/graph/rewrites.h"
#include "runtime/graph/run_graph.h"
#include "runtime/graph/specialise.h"

namespace tenter {
namespace {

struct Arguments {
  std::string model;
  std::vector<std::string> inputs;
  std::string out;
  KernelChoice kernels = KernelChoice::kReference;
  int repeat = 1;
};

constexpr char kUsage[] =
    "Usage: tenter-graph-run MODEL.onnx [--input TYPE:DIMS:FILE]... [--kernels reference|onednn]\n"
    "                        [--out DIR] [--repeat N]\n"
    "\n"
    "Runs one model with the plain interpreter, and prints its kernels and the median time.\n"
    "\n"
    "  --input TYPE:DIMS:FILE  an input, in the order of the model; given once for each: f32, i32 "
    "or\n"
    "                          i64, its sizes, and a file of raw little-endian elements, such as\n"
    "                          f32:1,3,48,192:x.bin\n"
    "  --kernels NAME          reference (default), or onednn, with fused nodes\n"
    "  --out DIR               write the outputs to DIR/output0.bin and so on; DIR must exist.\n"
    "                          Default: they are named only\n"
    "  --repeat N              run it N times. Default: 1\n"
    "  -h, --help              this text\n"
    "\n"
    "Exit codes: 0 done, 1 the model failed, 2 usage.\n";

Status Usage(const std::string& message) { return {StatusCode::kOutOfRange, message}; }

Result<Arguments> Parse(const std::vector<std::string>& words) {
  if (words[0].starts_with("-")) return Usage("the model comes first, and not " + words[0]);
  Arguments arguments{words[0], {}, "", KernelChoice::kReference, 1};
  for (size_t i = 1; i < words.size(); i += 2) {
    if (i + 1 == words.size()) return Usage(words[i] + " needs a value");
    const std::string& value = words[i + 1];
    if (words[i] == "--input") {
      arguments.inputs.push_back(value);
    } else if (words[i] == "--out") {
      arguments.out = value;
    } else if (words[i] == "--kernels" && (value == "reference" || value == "onednn")) {
      if (value == "onednn") arguments.kernels = KernelChoice::kOneDnn;
    } else if (words[i] == "--repeat" && std::atoi(value.c_str()) > 0) {
      arguments.repeat = std::atoi(value.c_str());
    } else {
      return Usage("not understood: " + words[i] + " " + value);
    }
  }
  return arguments;
}

Result<DType> ParseType(const std::string& name) {
  if (name == "f32") return DType::kFloat32;
  if (name == "i64") return DType::kInt64;
  if (name == "i32") return DType::kInt32;
  return Usage("element type '" + name + "': f32, i32 or i64");
}

// TYPE:DIMS:FILE
Result<Tensor> ReadInput(const std::string& text) {
  const size_t first = text.find(':');
  const size_t second = text.find(':', first + 1);
  if (second == std::string::npos) return Usage("an input is TYPE:DIMS:FILE, found " + text);
  TENTER_ASSIGN_OR_RETURN(const DType dtype, ParseType(text.substr(0, first)));
  std::vector<int64_t> dims;
  std::istringstream list(text.substr(first + 1, second - first - 1));
  for (std::string dim; std::getline(list, dim, ',');) dims.push_back(std::atoll(dim.c_str()));
  TENTER_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate({dtype, Shape(std::move(dims))}));
  const std::string path = text.substr(second + 1);
  std::ifstream file(path, std::ios::binary);
  if (!file) return Usage("--input: cannot read '" + path + "'");
  const auto size_bytes = static_cast<std::streamsize>(tensor.size_bytes());
  if (!file.read(static_cast<char*>(tensor.mutable_raw()), size_bytes))
    return Usage("--input " + text + ": the file has fewer than " + std::to_string(size_bytes) +
                 " bytes");
  return tensor;
}

Status WriteOutputs(const Arguments& arguments, const Graph& graph,
                    const std::vector<Tensor>& outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Value& value = graph.values[static_cast<size_t>(graph.outputs[i])];
    std::printf("output %zu %s %s\n", i, outputs[i].spec().ToString().c_str(), value.name.c_str());
    if (arguments.out.empty()) continue;
    const std::string path = arguments.out + "/output" + std::to_string(i) + ".bin";
    std::ofstream file(path, std::ios::binary);
    file.write(static_cast<const char*>(outputs[i].raw()),
               static_cast<std::streamsize>(outputs[i].size_bytes()));
    if (!file.flush()) return {StatusCode::kDataLoss, "cannot write '" + path + "'"};
  }
  return {};
}

double Milliseconds(int64_t start_ns) {
  return static_cast<double>(NowNs() - start_ns) / static_cast<double>(kNsPerMs);
}

// "Conv", or "Conv[Add,Relu]" with an epilogue.
std::string OpsOf(const Node& node) {
  std::string ops = node.op_type;
  for (const Node& next : node.epilogue)
    ops += (&next == &node.epilogue.front() ? "[" : ",") + next.op_type;
  return ops + (node.epilogue.empty() ? "" : "]");
}

Result<std::vector<Tensor>> ReadInputs(const Arguments& arguments) {
  if (!std::ifstream(arguments.model)) return Usage("cannot read '" + arguments.model + "'");
  std::vector<Tensor> inputs;
  for (const std::string& text : arguments.inputs) {
    TENTER_ASSIGN_OR_RETURN(Tensor tensor, ReadInput(text));
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

Status Run(const Arguments& arguments, const std::vector<Tensor>& inputs) {
  TENTER_RETURN_IF_ERROR(WarmUpOneDnn());
  std::vector<TensorSpec> specs;
  for (const Tensor& tensor : inputs) specs.push_back(tensor.spec());
  const int64_t start_ns = NowNs();
  TENTER_ASSIGN_OR_RETURN(Graph loaded, ImportOnnx(arguments.model));
  TENTER_ASSIGN_OR_RETURN(const Graph simple, Simplify(std::move(loaded)));
  std::printf("load_ms %.3f\n", Milliseconds(start_ns));
  const int64_t compile_ns = NowNs();
  TENTER_ASSIGN_OR_RETURN(Graph graph, Specialise(simple, specs));
  if (arguments.kernels == KernelChoice::kOneDnn) {
    TENTER_RETURN_IF_ERROR(RunPasses(graph, Branches::kJoined));
  }
  TENTER_ASSIGN_OR_RETURN(const auto kernels, MakeKernels(graph, arguments.kernels));
  std::printf("compile_ms %.3f\n", Milliseconds(compile_ns));
  std::map<std::string, int> implementations;
  for (size_t i = 0; i < kernels.size(); ++i)
    ++implementations[OpsOf(graph.nodes[i]) + " " + std::string(kernels[i]->implementation())];
  for (const auto& [name, count] : implementations) std::printf("%4d x %s\n", count, name.c_str());
  std::vector<Tensor> outputs;
  std::vector<double> times_ms;
  for (int i = 0; i < arguments.repeat; ++i) {
    const int64_t run_ns = NowNs();
    TENTER_ASSIGN_OR_RETURN(outputs, RunKernels(graph, kernels, inputs));
    times_ms.push_back(Milliseconds(run_ns));
  }
  std::sort(times_ms.begin(), times_ms.end());
  std::printf("run_ms median %.3f of %zu\n", times_ms[times_ms.size() / 2], times_ms.size());
  return WriteOutputs(arguments, graph, outputs);
}

int Refuse(const Status& problem) {
  std::fprintf(stderr, "tenter-graph-run: %s (tenter-graph-run --help)\n",
               problem.message().c_str());
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
  const auto inputs = ReadInputs(*arguments);
  if (!inputs.ok()) return Refuse(inputs.status());
  const Status status = Run(*arguments, *inputs);
  if (status.ok()) return 0;
  std::fprintf(stderr, "tenter-graph-run: %s\n", status.ToString().c_str());
  return 1;
}

}  // namespace
}  // namespace tenter

int main(int argc, char** argv) { return tenter::Main({argv + 1, argv + argc}); }
