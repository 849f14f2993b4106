#include "fuzz/api/run/op.h"

#include <algorithm>

namespace tenter::fuzz::api {

namespace {

// Nothing cancels such an op, and nothing refuses it later.
bool RunsAtOnce(Verb verb) {
  return verb == Verb::kPush || verb == Verb::kPushWaits || verb == Verb::kPushFrees ||
         verb == Verb::kDeleteVar;
}

}  // namespace

void Op::Begin(const tenter_op_context& context) {
  const auto run = static_cast<size_t>(ran.FetchAdd(1, kRelaxed));
  if (run < kMostNumbers) numbers[run].Store(context.push_number, kRelaxed);
}

std::vector<uint64_t> Op::Numbers() const {
  const size_t runs = std::min(kMostNumbers, static_cast<size_t>(ran.Load(kAcquire)));
  std::vector<uint64_t> all;
  for (size_t i = 0; i < runs; ++i) all.push_back(numbers[i].Load(kRelaxed));
  return all;
}

std::string Op::Wrong(bool cancelled) const {
  const int times_ran = ran.Load(kAcquire), times_released = released.Load(kAcquire);
  // Of an op without a size nothing is looked at, and a short one and a deleter have no release.
  const bool is_kept = line.size != Size::kNone && line.size != Size::kShort;
  const int wanted = is_kept && line.verb != Verb::kDeleteVar ? 1 : 0;
  if (times_released != wanted)
    return "released " + std::to_string(times_released) + " times: " + ToText(line);
  const int least = accepted && RunsAtOnce(line.verb) && !cancelled ? 1 : 0,
            most = accepted ? 1 : 0;
  const bool by_replays = accepted && (Records(line.verb) || line.verb == Verb::kMakeProgram);
  if (!by_replays && (times_ran < least || times_ran > most))
    return "ran " + std::to_string(times_ran) + " times: " + ToText(line);
  return "";
}

std::string Op::WrongWake() const {
  const int woken = wakes.Load(kRelaxed);
  if (woken > 1) return "was woken " + std::to_string(woken) + " times";
  if (wakes_late.Load(kRelaxed) > 0) return "was woken when it had taken its callback back";
  return not_registered.Load(kRelaxed) ? "could register no callback" : "";
}

}  // namespace tenter::fuzz::api
