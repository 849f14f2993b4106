#include "runtime/engine/pending/push_rules.h"

#include <string>
#include <utility>

#include "runtime/engine/sites.h"

namespace tenter {
namespace {

std::string Quoted(std::string_view op) { return "op '" + std::string(op) + "'"; }

Thrown Say(StatusCode code, std::string_view op, const char* what) noexcept {
  try {
    return Thrown::FromStatus({code, Quoted(op) + what});
  } catch (...) {
    return Thrown::Current();
  }
}

}  // namespace

Status NoBody(std::string_view op) {
  return {StatusCode::kInvalidArgument, Quoted(op) + " needs a body"};
}

Status PushAfterStop() { return {StatusCode::kStopped, "push after Stop"}; }

Status StaleVar(Var var) {
  return {StatusCode::kStaleHandle, var.ToString() + " was deleted, or never existed"};
}

const Var* SmallerVar(const Var* a, const Var* b) {
  if (a == nullptr) return b;
  return std::pair(a->index, a->generation) < std::pair(b->index, b->generation) ? a : b;
}

Status NoMemoryFor(std::string_view op) {
  return {StatusCode::kResourceExhausted, "out of memory for " + Quoted(op)};
}

Status WaitInsideOp(const char* wait, std::string_view op, uint64_t push_number) {
  return {StatusCode::kWaitInsideOp, std::string(wait) + " was called inside " + Quoted(op) +
                                         " (push " + std::to_string(push_number) +
                                         "): an op must not wait for its own engine"};
}

Thrown Cancelled(std::string_view op, bool by_stop, StatusCode reason) noexcept {
  if (reason == StatusCode::kDeadlineExceeded)
    return Say(reason, op, " was cancelled: its scope had not ended at its deadline");
  return Say(reason, op, by_stop ? " was cancelled by Stop" : " was cancelled with its scope");
}

Thrown CompletionDropped() noexcept {
  return Thrown::FromStatus({StatusCode::kCompletionDropped, "completion dropped"});
}

Thrown CompletionLostByFork() noexcept {
  return Thrown::FromStatus({StatusCode::kCompletionDropped, "completion lost by a fork"});
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
