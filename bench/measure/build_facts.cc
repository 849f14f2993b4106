#include "bench/measure/build_facts.h"

namespace tenter::bench {

std::map<std::string, std::string> BuildFacts() {
#ifdef TENTER_PROBES
  const char* probes = "compiled in: these figures are not those of a release";
#else
  const char* probes = "none";
#endif
  return {{"compiler", __VERSION__}, {"flags", TENTER_BENCH_FLAGS}, {"probes", probes}};
}

}  // namespace tenter::bench
