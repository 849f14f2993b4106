#include "bench/contender/tbb_peers.h"

namespace tenter::bench {

std::vector<ContenderPtr> MakeTbbPeers(int) { return {}; }

std::vector<Description> TbbAbsence() {
  const char* reason = "oneTBB was not found when this was built (Debian: libtbb-dev)";
  return {{"tbb_flow", "oneTBB flow graph", reason}, {"tbb_group", "oneTBB task_group", reason}};
}

}  // namespace tenter::bench
