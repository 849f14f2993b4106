#include "runtime/graph/fusion/passes.h"

#include "runtime/graph/fusion/channel_shuffle.h"
#include "runtime/graph/fusion/hard_swish.h"
#include "runtime/graph/fusion/scale.h"
#include "runtime/graph/lay_out.h"

namespace tenter {

Status RunPasses(Graph& specialised, Branches branches) {
  for (const auto pass : {FoldHardSwish, FoldChannelShuffle, FoldScale, LayOut})
    TENTER_RETURN_IF_ERROR(pass(specialised));
  return Fuse(specialised, branches);
}

}  // namespace tenter
