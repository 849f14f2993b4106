#include "fuzz/target_engine/program/properties.h"

#include <array>
#include <string>

#include "fuzz/engine/judge/properties.h"
#include "runtime/base/check.h"

namespace tenter::fuzz::target_engine {
namespace {

constexpr std::array kProperties = {
    Property{"ENG-1", "stamps and values follow push order"},
    Property{"ENG-2", "pushes over several vars by several threads: one order explains all vars"},
    Property{"ENG-3", "of one thread later pushes take effect later, and have larger numbers"},
    Property{"ENG-4", "sets with duplicates behave as their distinct vars; read and write: update"},
    Property{"ENG-5", "each body runs once or never and is released once; counters add up"},
    Property{"ENG-6", "when a wait returns, the writes pushed before it have ended, to be read"},
    Property{"ENG-7", "a wait inside a body is refused with the name of the op"},
    Property{"ENG-8", "a deletion waits for every accepted use; later use is a stale handle"},
    Property{"ENG-9", "stop returns when all has ended; later pushes are refused; nobody hangs"},
    Property{"ENG-10", "an urgent op overrides no dependency"},
    Property{"ERR-1", "every way to fail fails the op: throw of any type, code, dropped handle"},
    Property{"ERR-2", "poison on exactly the written vars; other values as in the clean run"},
    Property{"ERR-3", "with a poisoned input nothing runs; the smallest root is told of"},
    Property{"ERR-4", "a plain write heals, an update does not"},
    Property{"ERR-5", "waits tell of the root with its code and text, as often as is promised"},
    Property{"ERR-6", "all wait-alls together report each root once, as soon as they can"},
    Property{"ERR-7", "name, push number, place and chain of every failure that is told of"},
    Property{"ERR-8", "under run-dependents everything runs, and poison is as under skip"},
};

}  // namespace

std::span<const Property> Properties() { return kProperties; }

Profile ProfileOf(std::string_view contract) {
  const EngineProperty* const property = FindProperty(contract);
  TENTER_CHECK(property != nullptr, "no property of " + std::string(contract));
  Profile profile = property->profile;
  profile.deleter_throws = profile.late = profile.out_of_memory = profile.idle = profile.parity =
      profile.captures = profile.bulks = profile.shared_bulks = profile.crowds = profile.forks =
          profile.far_deadlines = profile.times_out = profile.races = profile.scopes =
              profile.meetings = profile.rounds = profile.fan_ins = 0;
  profile.gated = profile.failing_worker = false;
  return profile;
}

}  // namespace tenter::fuzz::target_engine
