#include "runtime/ops/own/channel_shuffle.h"

#include <cstdint>

namespace tenter {
namespace {

// Rows of `kGroups` groups of `size` numbers each; what the compiler knows the number of, it
// interleaves in vectors.
template <int64_t kGroups>
void Shuffle(const float* in, float* out, int64_t rows, int64_t size) {
  for (int64_t row = 0; row < rows; ++row, in += kGroups * size, out += kGroups * size)
    for (int64_t i = 0; i < size; ++i)
      for (int64_t group = 0; group < kGroups; ++group)
        out[i * kGroups + group] = in[group * size + i];
}

using Body = void (*)(const float* in, float* out, int64_t rows, int64_t size);

Body BodyFor(int64_t groups) {
  if (groups == 2) return Shuffle<2>;
  if (groups == 3) return Shuffle<3>;
  if (groups == 4) return Shuffle<4>;
  if (groups == 8) return Shuffle<8>;
  return nullptr;
}

// How many groups the indices take by turns; 0 when they do not.
template <typename Index>
int64_t GroupsOf(const Tensor& indices) {
  const int64_t count = indices.shape().NumElements();
  const Index* const at = indices.data<Index>();
  if (count < 2 || at[0] != 0 || at[1] <= 0 || count % at[1] != 0) return 0;
  const int64_t size = at[1], groups = count / size;
  for (int64_t i = 0; i < count; ++i)
    if (at[i] != i % groups * size + i / groups) return 0;
  return groups;
}

}  // namespace

MadeKernel MakeChannelShuffle(const OpCall& call) {
  const Shape& data = call.inputs[0].shape;
  const Tensor* const indices = call.constant(1);
  TENTER_ASSIGN_OR_RETURN(const int64_t wanted, call.attributes.Int("axis", 0));
  TENTER_ASSIGN_OR_RETURN(const int axis, ResolveAxis(wanted, data.rank()));
  if (call.inputs[0].dtype != DType::kFloat32 || axis != data.rank() - 1 || indices == nullptr ||
      indices->shape().rank() != 1 || indices->shape().dim(0) != data.dim(axis))
    return Unsupported("no channels last");
  const int64_t groups =
      indices->dtype() == DType::kInt64 ? GroupsOf<int64_t>(*indices) : GroupsOf<int32_t>(*indices);
  const Body body = BodyFor(groups);
  if (body == nullptr) return Unsupported("no shuffle of a few groups");
  const int64_t size = data.dim(axis) / groups, rows = data.NumElements(0, axis);
  return MakeLambda(
      [body, size, rows](Inputs inputs, Outputs outputs) {
        body(inputs[0].data<float>(), outputs[0].mutable_data<float>(), rows, size);
      },
      "channel shuffle");
}

}  // namespace tenter
