#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "fuzz/model/oracle/ops.h"

namespace tenter::fuzz::model {
namespace {

// A sliding window over the axes behind batch and channel.
struct Window {
  Dims kernel = {}, strides = {}, dilations = {}, before = {}, after = {}, made = {};
};

int64_t RoundedUp(int64_t number, int64_t by) { return (number + by - 1) / by; }

// With same_upper and same_lower there is a window for each stride of the input, and the pads are
// those that this takes; an odd cell stands behind it, or before it. With valid there are none.
// False where the node says its pads, too.
bool PadAsTold(const Node& node, const Array& x, Window* w) {
  const bool upper = node.Find("same_upper") != nullptr, lower = node.Find("same_lower") != nullptr;
  const int words = upper + lower + (node.Find("valid") != nullptr);
  if (words == 0) return true;
  if (words > 1 || node.Find("pads") != nullptr || node.Find("ceil_mode") != nullptr) return false;
  for (size_t i = 0; i < w->kernel.size() && (upper || lower); ++i) {
    const int64_t size = x.dims[i + 2], reach = (w->kernel[i] - 1) * w->dilations[i] + 1;
    if (w->strides[i] < 1) return false;
    const int64_t windows = RoundedUp(size, w->strides[i]);
    const int64_t pads = std::max<int64_t>(0, (windows - 1) * w->strides[i] + reach - size);
    w->before[i] = upper ? pads / 2 : RoundedUp(pads, 2);
    w->after[i] = pads - w->before[i];
  }
  return true;
}

std::optional<Window> WindowOf(const Node& node, const Array& x, Dims kernel) {
  const size_t axes = x.dims.size() - 2;
  Window w{.kernel = std::move(kernel)};
  const Dims ones(axes, 1), pads = node.Ints("pads", Dims(2 * axes, 0));
  w.strides = node.Ints("strides", ones);
  w.dilations = node.Ints("dilations", ones);
  if (w.kernel.size() != axes || w.strides.size() != axes || w.dilations.size() != axes ||
      pads.size() != 2 * axes || axes < 1 || axes > 2)
    return std::nullopt;
  w.before.assign(pads.begin(), pads.begin() + static_cast<int64_t>(axes));
  w.after.assign(pads.begin() + static_cast<int64_t>(axes), pads.end());
  if (!PadAsTold(node, x, &w)) return std::nullopt;
  for (size_t i = 0; i < axes; ++i) {
    const int64_t reach = (w.kernel[i] - 1) * w.dilations[i] + 1;
    const int64_t room = x.dims[i + 2] + w.before[i] + w.after[i] - reach;
    if (w.kernel[i] < 1 || w.strides[i] < 1 || w.dilations[i] < 1 || w.before[i] < 0 ||
        w.after[i] < 0 || x.dims[i + 2] < 1 || room < 0)
      return std::nullopt;
    w.made.push_back(room / w.strides[i] + 1);
    if (node.Number("ceil_mode", 0) == 0 || room % w.strides[i] == 0) continue;
    // One more, which hangs over. What ONNX says of one that begins behind the input, and of the
    // count of cells that are neither in the input nor in the padding, changed with its versions.
    if (w.made.back() * w.strides[i] - w.before[i] >= x.dims[i + 2] ||
        node.Number("count_include_pad", 0) != 0)
      return std::nullopt;
    ++w.made.back();
  }
  return w;
}

// Calls `visit` with the offset in a channel of each cell under the window at `place`, and the
// offset in the kernel. Cells of the padding are left out.
template <typename Visit>
void UnderWindow(const Window& w, const Array& x, const Dims& place, Visit visit) {
  const Dims space(x.dims.begin() + 2, x.dims.end());
  const Dims strides = StridesOf(space);
  size_t cell = 0;
  ForEachIndex(w.kernel, [&](const Dims& k) {
    const size_t mine = cell++;
    int64_t offset = 0;
    for (size_t i = 0; i < k.size(); ++i) {
      const int64_t at = place[i + 2] * w.strides[i] + k[i] * w.dilations[i] - w.before[i];
      if (at < 0 || at >= space[i]) return;
      offset += at * strides[i];
    }
    visit(static_cast<size_t>(offset), mine);
  });
}

Dims MadeDims(const Array& x, int64_t channels, const Window& w) {
  Dims dims = {x.dims[0], channels};
  dims.insert(dims.end(), w.made.begin(), w.made.end());
  return dims;
}

// Where a channel of `x` begins.
size_t Channel(const Array& x, int64_t sample, int64_t channel) {
  const int64_t space = CountOf({x.dims.begin() + 2, x.dims.end()});
  return static_cast<size_t>((sample * x.dims[1] + channel) * space);
}

// The weights with the outputs of a group behind all else.
std::vector<double> OutputsLast(const Array& weights, int64_t groups) {
  const auto per_group = static_cast<size_t>(weights.dims[0] / groups);
  const auto taps = static_cast<size_t>(CountOf({weights.dims.begin() + 1, weights.dims.end()}));
  std::vector<double> turned(weights.numbers.size());
  for (size_t i = 0; i < turned.size(); ++i) {
    const size_t output = i / taps, group = output / per_group;
    turned[(group * taps + i % taps) * per_group + output % per_group] = weights.numbers[i];
  }
  return turned;
}

// Of the largest that a sum could be, which hardly any is: an error of a few millionths of what the
// sums are.
constexpr double kSlack = 1e-5;

// What is known of convolutions that are not a sum for each number (Winograd's): 3x3, each window
// beside the last one, many channels. Their numbers are rounded on the way.
bool MayHaveFewerProducts(const Window& w, const Array& weights) {
  const auto ones = [](const Dims& dims) { return dims == Dims{1, 1}; };
  return w.kernel == Dims{3, 3} && ones(w.strides) && ones(w.dilations) &&
         weights.dims[0] % 16 == 0 && weights.dims[1] % 16 == 0;
}

Computed Conv(const Node& node, Operands operands) {
  const Array &x = *operands[0], &weights = *operands[1];
  const Array* const bias = operands.size() > 2 ? operands[2] : nullptr;
  const auto groups = static_cast<int64_t>(node.Number("group", 1));
  if (x.rank() < 3 || x.rank() != weights.rank() || groups < 1 || weights.dims[0] % groups != 0 ||
      x.dims[1] != weights.dims[1] * groups || x.integers || weights.integers ||
      weights.dims[0] == 0 || weights.dims[1] == 0)
    return std::nullopt;
  if (bias != nullptr && (bias->dims != Dims{weights.dims[0]} || bias->integers))
    return std::nullopt;
  const auto w = WindowOf(node, x, {weights.dims.begin() + 2, weights.dims.end()});
  if (!w) return std::nullopt;
  Array made = MakeArray(MadeDims(x, weights.dims[0], *w), x);
  const int64_t cells = CountOf(w->kernel);
  const int64_t depth = weights.dims[1], per_group = weights.dims[0] / groups;
  const std::vector<double> turned = OutputsLast(weights, groups);
  // All channels of a group at once, at each place.
  Dims places = made.dims;
  places[1] = groups;
  const Dims space(made.dims.begin() + 2, made.dims.end());
  std::vector<std::pair<size_t, size_t>> under;
  ForEachIndex(places, [&](const Dims& place) {
    under.clear();
    UnderWindow(*w, x, place,
                [&](size_t offset, size_t cell) { under.emplace_back(offset, cell); });
    std::vector<double> sums(static_cast<size_t>(per_group));
    for (int64_t c = 0; c < depth; ++c) {
      const size_t from = Channel(x, place[0], place[1] * depth + c);
      const auto kernel = static_cast<size_t>((place[1] * depth + c) * cells);
      for (const auto& [offset, cell] : under)
        for (size_t o = 0; o < sums.size(); ++o)
          sums[o] += x.numbers[from + offset] * turned[(kernel + cell) * sums.size() + o];
    }
    const size_t at = OffsetOf({place.begin() + 2, place.end()}, StridesOf(space));
    for (int64_t o = 0; o < per_group; ++o) {
      const int64_t channel = place[1] * per_group + o;
      const double more = bias == nullptr ? 0 : bias->numbers[static_cast<size_t>(channel)];
      made.numbers[Channel(made, place[0], channel) + at] = sums[static_cast<size_t>(o)] + more;
    }
  });
  made.most = x.most * weights.most * static_cast<double>(depth) * static_cast<double>(cells) +
              (bias == nullptr ? 0 : bias->most);
  made.bits = std::max(x.bits + weights.bits, bias == nullptr ? 0 : bias->bits);
  if (groups == 1 && MayHaveFewerProducts(*w, weights)) made.slack = kSlack * made.most;
  return Arrays{made};
}

Computed MaxPool(const Node& node, Operands operands) {
  const Array& x = *operands[0];
  if (x.rank() < 3 || x.integers) return std::nullopt;
  const auto w = WindowOf(node, x, node.Ints("kernel_shape"));
  if (!w) return std::nullopt;
  Array made = MakeArray(MadeDims(x, x.dims[1], *w), x);
  size_t next = 0;
  bool empty = false;
  ForEachIndex(made.dims, [&](const Dims& place) {
    double most = -std::numeric_limits<double>::infinity();
    UnderWindow(*w, x, place, [&](size_t offset, size_t) {
      most = std::max(most, x.numbers[Channel(x, place[0], place[1]) + offset]);
    });
    empty |= std::isinf(most);
    made.numbers[next++] = most;
  });
  // ONNX does not say what the largest of no cell is.
  return empty ? Computed() : Arrays{made};
}

// The mean of 1, 2, 4, ... numbers is exact.
bool IsPower(int64_t count) {
  return count > 0 && std::has_single_bit(static_cast<uint64_t>(count));
}
int BitsOf(int64_t count) { return std::countr_zero(static_cast<uint64_t>(count)); }

Computed AveragePool(const Node& node, Operands operands) {
  const Array& x = *operands[0];
  if (x.rank() < 3 || x.integers) return std::nullopt;
  const auto w = WindowOf(node, x, node.Ints("kernel_shape"));
  if (!w) return std::nullopt;
  const bool padding_counts = node.Number("count_include_pad", 0) != 0;
  const int64_t cells = CountOf(w->kernel);
  Array made = MakeArray(MadeDims(x, x.dims[1], *w), x);
  size_t next = 0;
  bool exact = true;
  ForEachIndex(made.dims, [&](const Dims& place) {
    double sum = 0;
    int64_t inside = 0;
    UnderWindow(*w, x, place, [&](size_t offset, size_t) {
      sum += x.numbers[Channel(x, place[0], place[1]) + offset];
      ++inside;
    });
    const int64_t count = padding_counts ? cells : inside;
    exact &= IsPower(count);
    made.numbers[next++] = sum / static_cast<double>(count);
  });
  made.most = x.most * static_cast<double>(cells);  // of the sum
  made.bits = x.bits + BitsOf(std::bit_ceil(static_cast<uint64_t>(cells)));
  return exact ? Computed(Arrays{made}) : Computed();
}

// The mean over some axes, which keep a size of one.
std::optional<Array> MeanOver(const Array& x, const std::vector<bool>& gone) {
  Dims dims = x.dims;
  int64_t count = 1;
  for (size_t i = 0; i < dims.size(); ++i)
    if (gone[i]) count *= std::exchange(dims[i], 1);
  if (!IsPower(count) || x.integers) return std::nullopt;
  Array made = MakeArray(dims, x);
  const Dims strides = StridesOf(dims);
  size_t next = 0;
  ForEachIndex(x.dims, [&](Dims index) {
    for (size_t i = 0; i < index.size(); ++i)
      if (gone[i]) index[i] = 0;
    made.numbers[OffsetOf(index, strides)] += x.numbers[next++] / static_cast<double>(count);
  });
  made.most = x.most * static_cast<double>(count);
  made.bits = x.bits + BitsOf(count);
  return made;
}

Computed GlobalAveragePool(const Node&, Operands operands) {
  const Array& x = *operands[0];
  if (x.rank() < 3 || x.rank() > 4) return std::nullopt;
  std::vector<bool> gone(x.dims.size(), true);
  gone[0] = gone[1] = false;
  auto made = MeanOver(x, gone);
  return made ? Computed(Arrays{*made}) : Computed();
}

Computed ReduceMean(const Node& node, Operands operands) {
  const Array& x = *operands[0];
  std::vector<bool> gone(x.dims.size(), node.Find("axes") == nullptr);
  for (const int64_t wanted : node.Ints("axes")) {
    const auto axis = AxisOf(static_cast<double>(wanted), x.rank());
    if (!axis || gone[*axis]) return std::nullopt;
    gone[*axis] = true;
  }
  auto made = MeanOver(x, gone);
  if (!made || x.rank() == 0) return std::nullopt;
  if (node.Number("keepdims", 1) == 0) {
    Dims kept;
    for (size_t i = 0; i < x.dims.size(); ++i)
      if (!gone[i]) kept.push_back(x.dims[i]);
    made->dims = kept;
  }
  return Arrays{*made};
}

}  // namespace

std::span<const Op> WindowOps() {
  static const std::vector<Op> ops = {
      {"Conv", 2, 3, Conv},
      {"MaxPool", 1, 1, MaxPool, {}, false, true, false, LargestSlack},
      {"AveragePool", 1, 1, AveragePool},
      {"GlobalAveragePool", 1, 1, GlobalAveragePool},
      {"ReduceMean", 1, 1, ReduceMean},
  };
  return ops;
}

}  // namespace tenter::fuzz::model
