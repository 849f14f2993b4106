// MakeChannelShuffle: the kernel of a Gather along the last axis whose indices take the elements of
// each row group by group: 0, m, 2m ..., 1, m + 1 ..., as a channel shuffle does with the channels
// last (graph/fusion/channel_shuffle.h).
//
// Thread safety: as Kernel.
// Errors: kUnsupported for any other Gather.
#pragma once

#include "runtime/ops/calls.h"

namespace tenter {

MadeKernel MakeChannelShuffle(const OpCall& call);

}  // namespace tenter
