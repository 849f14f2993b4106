#include "fuzz/api/judge/lives.h"

#include <algorithm>

namespace tenter::fuzz::api {
namespace {

// How what `event` ends stands while `answer` runs.
Standing After(const Answer& event, const Answer& answer) {
  if (event.end < answer.begin) return Standing::kStale;
  return event.begin < answer.end ? Standing::kEither : Standing::kAlive;
}

}  // namespace

Lives::Lives(const History& history) : history_(history) {
  for (const Answer& answer : history.calls) {
    const VerbType& type = TypeOf(answer.line->verb);
    if (type.makes == Kind::kNone || answer.code != TENTER_OK) continue;
    Life& life = lives_[answer.made];
    life = {.maker = answer.line, .kind = type.makes, .engine = 0, .frees = {}};
    if (type.needs[0] == Kind::kEngine) life.engine = answer.given[0];
  }
  const auto free = [this](const Answer& answer, uintptr_t handle, Kind kind) {
    const auto life = lives_.find(handle);
    const bool frees = answer.end != 0 && answer.code == TENTER_OK && !answer.line->other;
    if (frees && life != lives_.end() && life->second.kind == kind)
      life->second.frees.push_back(&answer);
  };
  for (const Answer& answer : history.calls) {
    const VerbType& type = TypeOf(answer.line->verb);
    if (type.frees) free(answer, answer.given[0], type.needs[0]);
  }
  for (const Answer& answer : history.inside) {
    const Verb verb = answer.line->verb;
    if (verb == Verb::kPushFrees) free(answer, answer.given[0], Kind::kEngine);
    if (verb == Verb::kPushFreesScope) free(answer, answer.given[1], Kind::kScope);
  }
}

Standing Lives::OfHandle(const Answer& answer, uintptr_t handle, Kind needed) const {
  if (handle == 0) return TypeOf(answer.line->verb).frees ? Standing::kAlive : Standing::kStale;
  const auto life = lives_.find(handle);
  if (answer.line->other || life == lives_.end() || life->second.kind != needed)
    return Standing::kStale;
  Standing worst = Standing::kAlive;
  for (const Answer* free : life->second.frees)
    if (free != &answer) worst = std::max(worst, After(*free, answer));
  return worst;
}

Standing Lives::Of(const Answer& answer) const {
  const VerbType& type = TypeOf(answer.line->verb);
  Standing worst = Standing::kAlive;
  for (int i = 0; i < 2 && type.needs[i] != Kind::kNone; ++i) {
    if (type.needs[i] == Kind::kScope && i == 1 && answer.given[i] == 0) continue;  // no scope
    worst = std::max(worst, OfHandle(answer, answer.given[i], type.needs[i]));
  }
  return worst;
}

Standing Lives::OfScope(const Answer& answer) const {
  return OfHandle(answer, answer.given[1], Kind::kScope);
}

Standing Lives::StoppedEngine(const Answer& answer, uintptr_t engine) const {
  Standing worst = Standing::kAlive;
  for (const Answer& stop : history_.calls)
    if (Stops(stop.line->verb) && stop.given[0] == engine && stop.code == TENTER_OK)
      worst = std::max(worst, After(stop, answer));
  return worst;
}

bool Lives::StoppedAny(const Answer& answer) const {
  return std::any_of(history_.calls.begin(), history_.calls.end(), [&](const Answer& stop) {
    return Stops(stop.line->verb) && stop.code == TENTER_OK && stop.begin < answer.end;
  });
}

Standing Lives::Closed(const Answer& answer) const {
  Standing worst = Standing::kAlive;
  for (const Answer& close : history_.calls)
    if (close.line->verb == Verb::kClose && close.given[0] == answer.given[0] &&
        close.code == TENTER_OK)
      worst = std::max(worst, After(close, answer));
  return worst;
}

uintptr_t Lives::EngineOf(uintptr_t handle) const {
  const auto life = lives_.find(handle);
  return life == lives_.end() ? 0 : life->second.engine;
}

const Life* Lives::FreedTwice() const {
  for (const auto& [handle, life] : lives_)
    if (life.frees.size() > 1) return &life;
  return nullptr;
}

}  // namespace tenter::fuzz::api
