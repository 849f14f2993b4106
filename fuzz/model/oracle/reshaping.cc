#include <algorithm>

#include "fuzz/model/oracle/ops.h"

namespace tenter::fuzz::model {
namespace {

Computed As(const Array& x, Dims dims) {
  if (CountOf(dims) != CountOf(x.dims)) return std::nullopt;
  Array made = x;
  made.dims = std::move(dims);
  return Arrays{made};
}

// 0: the size that the axis has; -1: what is left, of which an empty array does not tell.
Computed Reshape(const Node& node, Operands operands) {
  const Array& x = *operands[0];
  Dims dims = node.Ints("shape");
  int64_t known = 1;
  size_t open = dims.size();
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 0 && i < x.dims.size()) dims[i] = x.dims[i];
    if (dims[i] == -1 && open < dims.size()) return std::nullopt;
    if (dims[i] == -1) open = i;
    if (dims[i] < -1 || dims[i] == 0) return std::nullopt;
    if (dims[i] > 0) known *= dims[i];
  }
  if (node.Find("shape") == nullptr || x.numbers.empty()) return std::nullopt;
  if (open < dims.size()) dims[open] = static_cast<int64_t>(x.numbers.size()) / known;
  return As(x, dims);
}

Computed Flatten(const Node& node, Operands operands) {
  const Array& x = *operands[0];
  const double wanted = node.Number("axis", 1);
  const auto axis =
      wanted == x.rank() ? std::optional<size_t>(x.dims.size()) : AxisOf(wanted, x.rank());
  if (!axis || x.rank() == 0) return std::nullopt;
  const auto middle = x.dims.begin() + static_cast<int64_t>(*axis);
  return As(x, {CountOf({x.dims.begin(), middle}), CountOf({middle, x.dims.end()})});
}

// The places of `axes` among `rank`, each once and in order.
std::optional<Dims> Places(const Node& node, int rank) {
  Dims places;
  for (const int64_t wanted : node.Ints("axes")) {
    const auto axis = AxisOf(static_cast<double>(wanted), rank);
    if (!axis) return std::nullopt;
    places.push_back(static_cast<int64_t>(*axis));
  }
  std::sort(places.begin(), places.end());
  if (places.empty() || std::adjacent_find(places.begin(), places.end()) != places.end())
    return std::nullopt;
  return places;
}

Computed Squeeze(const Node& node, Operands operands) {
  const Array& x = *operands[0];
  const auto places = Places(node, x.rank());
  if (!places) return std::nullopt;
  Dims dims = x.dims;
  for (size_t i = places->size(); i-- > 0;) {
    if (dims[static_cast<size_t>((*places)[i])] != 1) return std::nullopt;
    dims.erase(dims.begin() + (*places)[i]);
  }
  return As(x, dims);
}

Computed Unsqueeze(const Node& node, Operands operands) {
  const Array& x = *operands[0];
  const auto places = Places(node, x.rank() + static_cast<int>(node.Ints("axes").size()));
  if (!places) return std::nullopt;
  Dims dims = x.dims;
  for (const int64_t place : *places) dims.insert(dims.begin() + place, 1);
  return As(x, dims);
}

Computed Shape(const Node&, Operands operands) {
  const Array& x = *operands[0];
  Array made = MakeArray({x.rank()}, {});
  made.integers = true;
  std::copy(x.dims.begin(), x.dims.end(), made.numbers.begin());
  for (const int64_t size : x.dims) made.most = std::max(made.most, static_cast<double>(size));
  return Arrays{made};
}

}  // namespace

std::span<const Op> ShapeOps() {
  static const std::vector<Op> ops = {
      {"Reshape", 1, 1, Reshape, {"shape"}, true, false, false, LargestSlack},
      {"Flatten", 1, 1, Flatten, {}, true, false, false, LargestSlack},
      {"Squeeze", 1, 1, Squeeze, {"axes"}, true, false, false, LargestSlack},
      {"Unsqueeze", 1, 1, Unsqueeze, {"axes"}, true, false, false, LargestSlack},
      {"Shape", 1, 1, Shape, {}, true},
  };
  return ops;
}

}  // namespace tenter::fuzz::model
