#include "fuzz/model/run/inputs.h"

#include <algorithm>
#include <cmath>

#include "fuzz/model/oracle/oracle.h"

namespace tenter::fuzz::model {
namespace {

constexpr double kMostInt = 1 << 24;

// Spoils the inputs of a right request, so that it must be refused.
void Spoil(Bad bad, const Graph& graph, Arrays* inputs) {
  if (inputs->empty() || bad == Bad::kCount) {
    inputs->push_back({.dims = {1}, .numbers = {0}});
    return;
  }
  Array& first = inputs->front();
  const Dims& declared = graph.inputs.front().dims;
  size_t fixed = 0;
  while (fixed < declared.size() && IsOpen(declared[fixed])) ++fixed;
  if (bad == Bad::kType) {
    first.integers = !first.integers;
  } else if (bad == Bad::kSize && fixed < declared.size()) {
    first.dims[fixed] += 1;
    first.numbers.resize(static_cast<size_t>(CountOf(first.dims)));
  } else {
    first.dims.push_back(1);
  }
}

}  // namespace

void InputTensors::Add(const Array& array) {
  std::string& mine = bytes.emplace_back();
  for (const double number : array.numbers) {
    // A wrong type may make integers of numbers that none can hold.
    const bool is_whole = array.integers && std::abs(number) <= kMostInt;
    const auto whole = static_cast<int64_t>(is_whole ? number : 0);
    const auto real = static_cast<float>(number);
    if (array.integers)
      mine.append(reinterpret_cast<const char*>(&whole), sizeof(whole));
    else
      mine.append(reinterpret_cast<const char*>(&real), sizeof(real));
  }
  tgt_tensor tensor = {};
  tensor.dtype = array.integers ? TGT_INT64 : TGT_FLOAT32;
  tensor.rank = array.rank();
  std::copy(array.dims.begin(), array.dims.end(), tensor.dims);
  tensor.data = mine.data();
  tensor.size_bytes = mine.size();
  tensors.push_back(tensor);
}

InputTensors InputsFor(const Program& program, const Call& call, uint64_t seed) {
  Arrays arrays = InputsOf(program.graph, call.size, seed);
  if (call.verb == Verb::kBad) Spoil(call.bad, program.graph, &arrays);
  InputTensors inputs;
  for (const Array& array : arrays) inputs.Add(array);
  return inputs;
}

}  // namespace tenter::fuzz::model
