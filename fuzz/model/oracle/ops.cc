#include "fuzz/model/oracle/ops.h"

#include <algorithm>

namespace tenter::fuzz::model {

const Op* FindOp(std::string_view name) {
  for (const auto ops : {ElementwiseOps(), WindowOps(), DenseOps(), MovementOps(), ShapeOps()}) {
    const auto found =
        std::find_if(ops.begin(), ops.end(), [&](const Op& op) { return op.name == name; });
    if (found != ops.end()) return &*found;
  }
  return nullptr;
}

std::optional<size_t> AxisOf(double axis, int rank) {
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) return std::nullopt;
  return static_cast<size_t>(axis);
}

}  // namespace tenter::fuzz::model
