#include <algorithm>

#include "fuzz/model/oracle/ops.h"

namespace tenter::fuzz::model {
namespace {

// A matrix with the sum of products of rows and columns; `at` reads one number of each.
double Product(int64_t depth, const auto& left, const auto& right) {
  double sum = 0;
  for (int64_t k = 0; k < depth; ++k) sum += left(k) * right(k);
  return sum;
}

double N(const Array& array, int64_t at) { return array.numbers[static_cast<size_t>(at)]; }

// By numpy's rule: stacks of matrices, a vector as one row on the left, as one column on the right.
Computed MatMul(const Node&, Operands operands) {
  Array a = *operands[0], b = *operands[1];
  if (a.rank() < 1 || b.rank() < 1 || a.integers || b.integers) return std::nullopt;
  const bool row = a.rank() == 1, column = b.rank() == 1;
  if (row) a.dims.insert(a.dims.begin(), 1);
  if (column) b.dims.push_back(1);
  const int64_t rows = a.dims[a.dims.size() - 2], depth = a.dims.back(), columns = b.dims.back();
  if (b.dims[b.dims.size() - 2] != depth || depth == 0) return std::nullopt;
  Dims stack(std::max(a.dims.size(), b.dims.size()) - 2, 1);
  for (const Array* const each : {&a, &b})
    for (size_t i = 0; i + 2 < each->dims.size(); ++i) {
      int64_t& size = stack[stack.size() + 2 - each->dims.size() + i];
      if (size != each->dims[i] && size != 1 && each->dims[i] != 1) return std::nullopt;
      if (size == 1) size = each->dims[i];
    }
  Dims dims = stack;
  if (!row) dims.push_back(rows);
  if (!column) dims.push_back(columns);
  Array made = MakeArray(dims, a);
  // Where the matrix begins that stands at `index` of the stack.
  const auto start = [&](const Array& each, const Dims& index) {
    const Dims strides = StridesOf(each.dims);
    int64_t offset = 0;
    for (size_t i = 0; i + 2 < each.dims.size(); ++i)
      if (each.dims[i] > 1) offset += strides[i] * index[index.size() + 2 - each.dims.size() + i];
    return offset;
  };
  size_t next = 0;
  ForEachIndex(stack, [&](const Dims& index) {
    const int64_t left = start(a, index), right = start(b, index);
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j)
        made.numbers[next++] = Product(
            depth, [&](int64_t k) { return N(a, left + i * depth + k); },
            [&](int64_t k) { return N(b, right + k * columns + j); });
  });
  made.most = a.most * b.most * static_cast<double>(depth);
  made.bits = a.bits + b.bits;
  return Arrays{made};
}

Computed Gemm(const Node& node, Operands operands) {
  const Array &a = *operands[0], &b = *operands[1];
  const Array* const c = operands.size() > 2 ? operands[2] : nullptr;
  const bool turn_a = node.Number("transA", 0) != 0, turn_b = node.Number("transB", 0) != 0;
  const double alpha = node.Number("alpha", 1), beta = node.Number("beta", 1);
  if (a.rank() != 2 || b.rank() != 2 || a.integers || b.integers) return std::nullopt;
  if ((alpha != 1 && alpha != 0.5) || (beta != 1 && beta != 2)) return std::nullopt;
  const int64_t rows = a.dims[turn_a ? 1 : 0], depth = a.dims[turn_a ? 0 : 1];
  const int64_t columns = b.dims[turn_b ? 0 : 1];
  if (b.dims[turn_b ? 1 : 0] != depth || depth == 0) return std::nullopt;
  if (c != nullptr) {
    if (c->rank() > 2 || c->integers) return std::nullopt;
    const Dims full = {rows, columns};
    for (size_t i = 0; i < c->dims.size(); ++i)
      if (c->dims[i] != 1 && c->dims[i] != full[2 - c->dims.size() + i]) return std::nullopt;
  }
  Array made = MakeArray({rows, columns}, a);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      const double product = Product(
          depth, [&](int64_t k) { return N(a, turn_a ? k * rows + i : i * depth + k); },
          [&](int64_t k) { return N(b, turn_b ? j * depth + k : k * columns + j); });
      double offset = 0;
      if (c != nullptr) {
        const int64_t width = c->rank() == 0 ? 1 : c->dims.back();
        const int64_t height = c->rank() == 2 ? c->dims[0] : 1;
        offset = N(*c, (height == 1 ? 0 : i) * width + (width == 1 ? 0 : j));
      }
      made.numbers[static_cast<size_t>(i * columns + j)] = alpha * product + beta * offset;
    }
  made.most = a.most * b.most * static_cast<double>(depth) + (c == nullptr ? 0 : 2 * c->most);
  made.bits = std::max(a.bits + b.bits + 1, c == nullptr ? 0 : c->bits);
  return Arrays{made};
}

}  // namespace

std::span<const Op> DenseOps() {
  static const std::vector<Op> ops = {{"MatMul", 2, 2, MatMul}, {"Gemm", 2, 3, Gemm}};
  return ops;
}

}  // namespace tenter::fuzz::model
