#include "runtime/ops/onednn/keeps_nan.h"

#include <algorithm>
#include <limits>

namespace tenter {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

bool HasNaN(const float* line, int64_t count, int64_t stride) {
  int found = 0;
  for (int64_t i = 0; i < count; ++i) found |= line[i * stride] != line[i * stride];
  return found != 0;
}

}  // namespace

void KeepsNaN::Run(Inputs inputs, Outputs outputs, const RunContext& context) const {
  kernel_->Run(inputs, outputs, context);
  const float* const in = inputs[0].data<float>();
  float* const out = outputs[0].mutable_data<float>();
  const int64_t count = outputs[0].shape().NumElements();
  if (!HasNaN(in, count, 1) && !HasNaN(out, count, 1)) return;
  for (int64_t outer = 0; outer < lines_.outer; ++outer)
    for (int64_t inner = 0; inner < lines_.inner; ++inner) {
      const int64_t first = outer * lines_.axis * lines_.inner + inner;
      if (!HasNaN(in + first, lines_.axis, lines_.inner) &&
          !HasNaN(out + first, lines_.axis, lines_.inner))
        continue;
      for (int64_t i = 0; i < lines_.axis; ++i) out[first + i * lines_.inner] = kNaN;
    }
}

}  // namespace tenter
