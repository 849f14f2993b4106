#include "fuzz/api/run/op.h"

namespace tenter::fuzz::api {

namespace {

// Nothing cancels such an op, and nothing refuses it later.
bool RunsAtOnce(Verb verb) {
  return verb == Verb::kPush || verb == Verb::kPushWaits || verb == Verb::kPushFrees;
}

}  // namespace

std::string Op::Wrong() const {
  const int times_ran = ran.Load(kAcquire), times_released = released.Load(kAcquire);
  // Of an op without a size nothing is looked at.
  const int wanted = line.size == Size::kNone ? 0 : 1;
  if (times_released != wanted)
    return "released " + std::to_string(times_released) + " times: " + ToText(line);
  const int least = accepted && RunsAtOnce(line.verb) ? 1 : 0, most = accepted ? 1 : 0;
  if (line.verb != Verb::kRecord && (times_ran < least || times_ran > most))
    return "ran " + std::to_string(times_ran) + " times: " + ToText(line);
  return "";
}

}  // namespace tenter::fuzz::api
