#include "runtime/tensor/dtype.h"

#include <array>

namespace tenter {
namespace {

struct Row {
  std::string_view name;
  size_t bytes;
};

constexpr std::array<Row, 6> kRows = {{{"float32", 4},
                                       {"float64", 8},
                                       {"int32", 4},
                                       {"int64", 8},
                                       {"uint8", 1},
                                       {"bool", 1}}};

static_assert(kRows.size() == static_cast<size_t>(DType::kBool) + 1, "every type has a row");

}  // namespace

size_t DTypeBytes(DType dtype) { return kRows.at(static_cast<size_t>(dtype)).bytes; }
std::string_view DTypeName(DType dtype) { return kRows.at(static_cast<size_t>(dtype)).name; }

std::optional<DType> DTypeFromName(std::string_view name) {
  for (size_t i = 0; i < kRows.size(); ++i)
    if (kRows[i].name == name) return static_cast<DType>(i);
  return std::nullopt;
}

}  // namespace tenter
