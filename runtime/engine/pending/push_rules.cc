#include "runtime/engine/pending/push_rules.h"

#include <new>
#include <string>
#include <utility>

#include "runtime/engine/sites.h"

namespace tenter {
namespace {

std::string Quoted(std::string_view op) { return "op '" + std::string(op) + "'"; }

// The words of an error; for want of memory it keeps its code, and words that fit into a string.
template <typename Text>
Status Refusal(StatusCode code, Text text) noexcept {
  try {
    return {code, text()};
  } catch (const std::bad_alloc&) {
    return {code, "out of memory"};
  }
}

// What an op fails with; for want of memory std::bad_alloc.
template <typename MakeStatus>
Thrown Say(MakeStatus status) noexcept {
  try {
    return Thrown::FromStatus(status());
  } catch (...) {
    return Thrown::Current();
  }
}
Thrown Say(StatusCode code, std::string_view op, const char* what) noexcept {
  return Say([&] { return Status(code, Quoted(op) + what); });
}

}  // namespace

Status NoBody(std::string_view op) noexcept {
  return Refusal(StatusCode::kInvalidArgument, [&] { return Quoted(op) + " needs a body"; });
}

Status PushAfterStop() noexcept {
  return Refusal(StatusCode::kStopped, [] { return "push after Stop"; });
}

Status StaleVar(Var var) noexcept {
  return Refusal(StatusCode::kStaleHandle,
                 [&] { return var.ToString() + " was deleted, or never existed"; });
}

Status RefusedWithoutReason() noexcept {
  return Refusal(StatusCode::kInternal, [] { return "a push was refused without a reason"; });
}

const Var* SmallerVar(const Var* a, const Var* b) {
  if (a == nullptr) return b;
  return std::pair(a->index, a->generation) < std::pair(b->index, b->generation) ? a : b;
}

Status NoMemoryFor(std::string_view op) noexcept {
  return Refusal(StatusCode::kResourceExhausted, [&] { return "out of memory for " + Quoted(op); });
}

Status WaitInsideOp(const char* wait, std::string_view op, uint64_t push_number) noexcept {
  return Refusal(StatusCode::kWaitInsideOp, [&] {
    return std::string(wait) + " was called inside " + Quoted(op) + " (push " +
           std::to_string(push_number) + "): an op must not wait for its own engine";
  });
}

Thrown Cancelled(std::string_view op, bool by_stop, StatusCode reason) noexcept {
  if (reason == StatusCode::kDeadlineExceeded)
    return Say(reason, op, " was cancelled: its scope had not ended at its deadline");
  return Say(reason, op, by_stop ? " was cancelled by Stop" : " was cancelled with its scope");
}

Thrown CompletionDropped() noexcept {
  return Say([] { return Status(StatusCode::kCompletionDropped, "completion dropped"); });
}

Thrown CompletionLostByFork() noexcept {
  return Say([] { return Status(StatusCode::kCompletionDropped, "completion lost by a fork"); });
}

Thrown DeadlineExceeded(std::string_view op) noexcept {
  return Say(StatusCode::kDeadlineExceeded, op, " had not ended at its deadline");
}

OpBody DeletionBody(std::function<void()> deleter, Probe* probe) {
  return [run = std::move(deleter), probe]([[maybe_unused]] const OpContext& context) {
    TENTER_HIT(probe, engine_sites::kDeleter, .op = context.name);
    if (run != nullptr) run();
  };
}

}  // namespace tenter
