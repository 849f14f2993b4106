#include <algorithm>

#include "fuzz/model/oracle/ops.h"

namespace tenter::fuzz::model {
namespace {

// An array whose numbers are those of `x` at other places: `from` gives the index in `x`.
template <typename From>
Array Moved(const Array& x, const Dims& dims, From from) {
  Array made = MakeArray(dims, x);
  const Dims strides = StridesOf(x.dims);
  size_t next = 0;
  ForEachIndex(dims, [&](const Dims& index) {
    made.numbers[next++] = x.numbers[OffsetOf(from(index), strides)];
  });
  return made;
}

Computed Transpose(const Node& node, Operands operands) {
  const Array& x = *operands[0];
  Dims order(x.dims.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(order.size() - 1 - i);
  order = node.Ints("perm", order);
  Dims sorted = order, dims;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size(); ++i)
    if (sorted[i] != static_cast<int64_t>(i)) return std::nullopt;
  if (order.size() != x.dims.size()) return std::nullopt;
  for (const int64_t axis : order) dims.push_back(x.dims[static_cast<size_t>(axis)]);
  return Arrays{Moved(x, dims, [&](const Dims& index) {
    Dims from(index.size());
    for (size_t i = 0; i < index.size(); ++i) from[static_cast<size_t>(order[i])] = index[i];
    return from;
  })};
}

Computed Concat(const Node& node, Operands operands) {
  const Array& first = *operands[0];
  const auto axis = AxisOf(node.Number("axis", 0), first.rank());
  if (!axis || node.Find("axis") == nullptr) return std::nullopt;
  Array made = first;
  for (const Array* const next : operands.subspan(1)) {
    Dims like = next->dims;
    if (next->rank() != first.rank() || next->integers != first.integers) return std::nullopt;
    like[*axis] = made.dims[*axis];
    if (like != made.dims) return std::nullopt;
    Array both = MakeArray(made.dims, made);
    both.dims[*axis] += next->dims[*axis];
    both.numbers.clear();
    const int64_t left =
        CountOf({made.dims.begin() + static_cast<int64_t>(*axis), made.dims.end()});
    const int64_t right =
        CountOf({next->dims.begin() + static_cast<int64_t>(*axis), next->dims.end()});
    const int64_t rows =
        CountOf({made.dims.begin(), made.dims.begin() + static_cast<int64_t>(*axis)});
    for (int64_t row = 0; row < rows; ++row) {
      both.numbers.insert(both.numbers.end(), made.numbers.begin() + row * left,
                          made.numbers.begin() + (row + 1) * left);
      both.numbers.insert(both.numbers.end(), next->numbers.begin() + row * right,
                          next->numbers.begin() + (row + 1) * right);
    }
    both.most = std::max(made.most, next->most);
    both.bits = std::max(made.bits, next->bits);
    made = std::move(both);
  }
  return Arrays{made};
}

Array Part(const Array& x, size_t axis, int64_t start, int64_t count, int64_t step) {
  Dims dims = x.dims;
  dims[axis] = count;
  return Moved(x, dims, [&](Dims index) {
    index[axis] = start + index[axis] * step;
    return index;
  });
}

Computed Split(const Node& node, Operands operands) {
  const Array& x = *operands[0];
  const auto axis = AxisOf(node.Number("axis", 0), x.rank());
  if (!axis) return std::nullopt;
  Arrays made;
  int64_t start = 0;
  for (const int64_t size : node.Ints("parts")) {
    if (size < 0 || size > x.dims[*axis] - start) return std::nullopt;
    made.push_back(Part(x, *axis, start, size, 1));
    start += size;
  }
  return start == x.dims[*axis] && !made.empty() ? Computed(made) : Computed();
}

// A start is clamped to what is there, as ONNX says and numpy does not: backwards from before the
// beginning is the first number.
Array SliceOne(const Array& x, size_t axis, int64_t start, int64_t end, int64_t step) {
  const int64_t size = x.dims[axis];
  if (start < 0) start += size;
  if (end < 0) end += size;
  start = std::max<int64_t>(std::min(start, step > 0 ? size : size - 1), 0);
  end = step > 0 ? std::clamp<int64_t>(end, 0, size) : std::clamp<int64_t>(end, -1, size - 1);
  int64_t count = 0;
  for (int64_t at = start; size > 0 && (step > 0 ? at < end : at > end); at += step) ++count;
  return Part(x, axis, start, count, step);
}

// Each axis once; their order does not matter.
Computed Slice(const Node& node, Operands operands) {
  Array x = *operands[0];
  const Dims axes = node.Ints("axes");
  std::vector<bool> cut(x.dims.size());
  for (const char* const name : {"starts", "ends", "steps"})
    if (node.Ints(name).size() != axes.size() || axes.empty()) return std::nullopt;
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = AxisOf(static_cast<double>(axes[i]), x.rank());
    const int64_t step = node.Ints("steps")[i];
    if (!axis || step == 0 || cut[*axis]) return std::nullopt;
    cut[*axis] = true;
    x = SliceOne(x, *axis, node.Ints("starts")[i], node.Ints("ends")[i], step);
  }
  return Arrays{x};
}

// Along one axis, by indices that are a constant or come as numbers. One that the axis does not
// have reads a zero here, and makes the request fail: refusals.h.
Computed Gather(const Node& node, Operands operands) {
  const Array &x = *operands[0], &indices = *operands[1];
  const auto axis = AxisOf(node.Number("axis", 0), x.rank());
  if (!axis || !indices.integers || indices.rank() > 2) return std::nullopt;
  Dims dims(x.dims.begin(), x.dims.begin() + static_cast<int64_t>(*axis));
  dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
  dims.insert(dims.end(), x.dims.begin() + static_cast<int64_t>(*axis) + 1, x.dims.end());
  const Dims at_strides = StridesOf(indices.dims), strides = StridesOf(x.dims);
  Array made = MakeArray(dims, x);
  size_t next = 0;
  ForEachIndex(dims, [&](const Dims& index) {
    const auto first = index.begin() + static_cast<int64_t>(*axis);
    const auto last = first + indices.rank();
    auto at = static_cast<int64_t>(indices.numbers[OffsetOf({first, last}, at_strides)]);
    if (at < 0) at += x.dims[*axis];
    Dims from(index.begin(), first);
    from.push_back(at);
    from.insert(from.end(), last, index.end());
    const bool inside = at >= 0 && at < x.dims[*axis];
    made.numbers[next++] = inside ? x.numbers[OffsetOf(from, strides)] : 0;
  });
  return Arrays{made};
}

// With a constant around it. A negative pad cuts, as far as there is something to cut.
Computed Pad(const Node& node, Operands operands) {
  const Array& x = *operands[0];
  const Dims pads = node.Ints("pads");
  const double value = node.Number("value", 0);
  if (x.integers || pads.size() != 2 * x.dims.size() || value != std::floor(value))
    return std::nullopt;
  Dims dims = x.dims;
  for (size_t i = 0; i < dims.size(); ++i) {
    dims[i] += pads[i] + pads[i + dims.size()];
    if (dims[i] < 0) return std::nullopt;
  }
  Array made = MakeArray(dims, x);
  const Dims strides = StridesOf(x.dims);
  size_t next = 0;
  ForEachIndex(dims, [&](Dims index) {
    bool inside = true;
    for (size_t i = 0; i < index.size(); ++i) {
      index[i] -= pads[i];
      inside &= index[i] >= 0 && index[i] < x.dims[i];
    }
    made.numbers[next++] = inside ? x.numbers[OffsetOf(index, strides)] : value;
  });
  made.most = std::max(x.most, std::abs(value));
  return Arrays{made};
}

}  // namespace

std::span<const Op> MovementOps() {
  static const std::vector<Op> ops = {
      {"Transpose", 1, 1, Transpose, {}, true, false, false, LargestSlack},
      {"Concat", 1, 4, Concat, {}, true, false, false, LargestSlack},
      {"Split", 1, 1, Split, {"parts"}, true, false, false, LargestSlack},
      {"Slice", 1, 1, Slice, {"starts", "ends", "axes", "steps"}, true, false, false, LargestSlack},
      {"Gather", 2, 2, Gather, {}, true, false, false, LargestSlack},
      {"Pad", 1, 1, Pad, {"pads", "value"}, true, false, false, LargestSlack},
  };
  return ops;
}

}  // namespace tenter::fuzz::model
