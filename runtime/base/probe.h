// Probe: the seam through which a run observes named places of the runtime and makes them fail.
//
// A *site* is such a place. Every floor declares its sites as constants in its own sites.h and
// passes them to TENTER_HIT; the harness implements Probe (harness/faults) and hands it down in
// the options of the object under test. The runtime never knows whether a fault is injected: it
// sees an exception, an error or a delay, and handles it as if it were real.
//
// Thread safety: Hit is called from any thread. One that blocks delays a fork, and every push of a
//   naive engine, whose turn it is; no other lock of the runtime is held.
// Ownership and lifetime: the Probe is borrowed by the runtime object that got it, and outlives it.
// Invariants: (1) without TENTER_PROBES a hit compiles to nothing and site names are not in the
//   binary. (2) a null probe costs one predicted branch.
// Errors: Hit may throw (actions throw and bad_alloc) and may return an error (action
//   error(CODE)); it does so only for actions that the site allows.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/status.h"

namespace tenter {

// What a fault may do at a site; a site allows a set of them.
enum FaultAction : uint32_t {
  kActionThrow = 1u << 0,
  kActionError = 1u << 1,
  kActionDelay = 1u << 2,
  kActionBadAlloc = 1u << 3,
  kActionDropCompletion = 1u << 4,
};

struct Site {
  std::string_view name;     // floor.object.moment, for example "engine.op.body"
  uint32_t actions;          // the union of the FaultActions that mean something here
  std::string_view meaning;  // one sentence: what fails when it fires
};

// Where in the run a site is hit; what the filters of a fault plan match on.
struct ProbeContext {
  std::string_view op = {};  // name of the op, node or record source, empty when there is none
  int64_t var = -1;          // var index, or -1
  int worker = -1;           // worker index, or -1 on a thread of the caller
  int64_t request = -1;      // request number of a cached op, batch number of an iterator, or -1
};

struct ProbeOutcome {
  Status error = {};             // from error(CODE)
  bool drop_completion = false;  // from drop_completion: the caller destroys its handle uncalled
};

class Probe {
 public:
  virtual ~Probe() = default;
  virtual ProbeOutcome Hit(const Site& site, const ProbeContext& context) = 0;
};

}  // namespace tenter

// Hits `site`: an expression of type ProbeOutcome. The context is evaluated only when there is a
// probe.
#if defined(TENTER_PROBES)
#define TENTER_HIT(probe, site, ...)             \
  ((probe) == nullptr ? ::tenter::ProbeOutcome{} \
                      : (probe)->Hit((site), ::tenter::ProbeContext{__VA_ARGS__}))
#else
#define TENTER_HIT(probe, site, ...) (static_cast<void>(probe), ::tenter::ProbeOutcome{})
#endif
