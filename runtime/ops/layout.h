// Layout: where the channels of an image lie in memory.
//
// Models speak of images [N,C,H,W]. Convolutions are faster where the channels of one place lie
// side by side, so a plan may keep images as [N,H,W,C] and turn them at its borders
// (graph/lay_out.h).
//
// Thread safety: pure functions.
#pragma once

#include "runtime/tensor/shape.h"

namespace tenter {

enum class Layout { kChannelsFirst, kChannelsLast };

// [N,C,H,W] as [N,H,W,C]. REQUIRES: rank 4.
inline Shape ToChannelsLast(const Shape& image) {
  return {image.dim(0), image.dim(2), image.dim(3), image.dim(1)};
}

// [N,H,W,C] as [N,C,H,W]. REQUIRES: rank 4.
inline Shape ToChannelsFirst(const Shape& image) {
  return {image.dim(0), image.dim(3), image.dim(1), image.dim(2)};
}

}  // namespace tenter
