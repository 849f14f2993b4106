#include "runtime/ops/onednn/unpack.h"

#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

#include "runtime/base/tsan.h"

namespace tenter {
namespace {

using Dims = dnnl::memory::dims;

size_t CountOf(const Dims& dims) {
  return static_cast<size_t>(
      std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>()));
}

// Where an index of one axis moves its element to, for each of its values. The place of an element
// is the sum over its axes, because each block belongs to one of them.
std::vector<std::vector<int64_t>> StepsOf(const dnnl::memory::desc& order) {
  const Dims dims = order.get_dims(), strides = order.get_strides();
  const Dims blocks = order.get_inner_blks(), axes = order.get_inner_idxs();
  std::vector<std::vector<int64_t>> steps;
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    steps.emplace_back(static_cast<size_t>(dims[axis]), 0);
    for (int64_t i = 0; i < dims[axis]; ++i) {
      int64_t rest = i, stride = 1, at = 0;
      for (size_t block = blocks.size(); block-- > 0; stride *= blocks[block]) {
        if (axes[block] != static_cast<int64_t>(axis)) continue;
        at += rest % blocks[block] * stride;
        rest /= blocks[block];
      }
      steps.back()[static_cast<size_t>(i)] = at + rest * strides[axis];
    }
  }
  return steps;
}

}  // namespace

bool CanUnpack(const dnnl::memory::desc& order, size_t count) {
  if (order.get_format_kind() != dnnl::memory::format_kind::blocked ||
      order.get_data_type() != dnnl::memory::data_type::f32 || order.get_submemory_offset() != 0)
    return false;
  return CountOf(order.get_dims()) == count &&
         order.get_size() == CountOf(order.get_padded_dims()) * sizeof(float);
}

void Unpack(const dnnl::memory::desc& order, const void* packed, void* plain) {
  TsanReadRange(packed, order.get_size());
  const auto steps = StepsOf(order);
  const auto* const from = static_cast<const uint32_t*>(packed);
  auto* to = static_cast<uint32_t*>(plain);
  std::vector<size_t> index(steps.size(), 0);
  for (;;) {
    int64_t line = 0;
    for (size_t axis = 0; axis + 1 < steps.size(); ++axis) line += steps[axis][index[axis]];
    for (const int64_t step : steps.back()) *to++ = from[line + step];
    size_t axis = steps.size() - 1;
    while (axis > 0 && ++index[axis - 1] == steps[axis - 1].size()) index[--axis] = 0;
    if (axis == 0) return;
  }
}

}  // namespace tenter
