#include "fuzz/api/op.h"

namespace tenter::fuzz::api {

std::string Op::Wrong() const {
  const int times_ran = ran.Load(kAcquire), times_released = released.Load(kAcquire);
  // Of an op without a size nothing is looked at.
  const int wanted = line.size == Size::kNone ? 0 : 1;
  if (times_released != wanted)
    return "released " + std::to_string(times_released) + " times: " + ToText(line);
  if (line.verb != Verb::kRecord && times_ran > 1)
    return "ran " + std::to_string(times_ran) + " times: " + ToText(line);
  return "";
}

}  // namespace tenter::fuzz::api
