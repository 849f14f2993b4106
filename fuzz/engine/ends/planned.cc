#include "fuzz/engine/ends/planned.h"

#include <new>
#include <stdexcept>

#include "fuzz/engine/ends/counted.h"

namespace tenter::fuzz {
namespace {

Atomic<int64_t> live_planned = 0;

// The types are distinct and have no common base of ours: a wait that throws another one is seen.
struct PlannedRuntimeError : std::runtime_error {
  explicit PlannedRuntimeError(int id)
      : std::runtime_error("planned failure " + std::to_string(id)), id(id) {}
  int id;
  Counted counted{&live_planned};
};
struct PlannedBadAlloc : std::bad_alloc {
  explicit PlannedBadAlloc(int id) : id(id) {}
  int id;
  Counted counted{&live_planned};
};
struct PlannedStruct {
  explicit PlannedStruct(int id) : id(id) {}
  int id;
  Counted counted{&live_planned};
};

constexpr std::string_view kStatusText = "planned status ";

Caught CaughtPlanned(Type type, int id) {
  return {.what = Caught::What::kPlanned, .type = type, .id = id, .text = {}};
}

Status PlannedStatus(int id) {
  return {StatusCode::kDataLoss, std::string(kStatusText) + std::to_string(id)};
}

}  // namespace

int64_t LivePlanned() { return live_planned.Load(kAcquire); }

void ThrowPlanned(Type type, int id) {
  switch (type) {
    case Type::kBadAlloc:
      throw PlannedBadAlloc(id);
    case Type::kStruct:
      throw PlannedStruct(id);
    case Type::kInt:
      throw id;
    case Type::kStatus:
      throw StatusError(PlannedStatus(id));
    default:
      throw PlannedRuntimeError(id);
  }
}

namespace {

Thrown MakePlanned(Type type, int id) {
  try {
    ThrowPlanned(type, id);
  } catch (...) {
    return Thrown::Current();
  }
}

}  // namespace

void EndAsPlanned(const Statement& push, Completion handle) {
  if (push.fails == Type::kNone)
    handle.Done();
  else if (push.fails == Type::kStatus)
    handle.Fail(PlannedStatus(push.op));
  else
    handle.Fail(MakePlanned(push.fails, push.op));
}

Caught Identify() {
  try {
    throw;
  } catch (const PlannedRuntimeError& error) {
    return CaughtPlanned(Type::kRuntimeError, error.id);
  } catch (const PlannedBadAlloc& error) {
    return CaughtPlanned(Type::kBadAlloc, error.id);
  } catch (const PlannedStruct& error) {
    return CaughtPlanned(Type::kStruct, error.id);
  } catch (int id) {
    return CaughtPlanned(Type::kInt, id);
  } catch (const StatusError& error) {
    const std::string& text = error.status().message();
    if (error.status().code() == StatusCode::kDataLoss && text.starts_with(kStatusText))
      return CaughtPlanned(Type::kStatus, std::stoi(text.substr(kStatusText.size())));
    return {.what = Caught::What::kStatus, .code = error.status().code(), .text = text};
  } catch (const std::exception& error) {
    return {.what = Caught::What::kUnknown, .text = error.what()};
  } catch (...) {
    return {.what = Caught::What::kUnknown, .text = "an exception of a foreign type"};
  }
}

}  // namespace tenter::fuzz
