#include "runtime/engine/push_rules.h"

#include <string>
#include <utility>

#include "runtime/engine/sites.h"

namespace tenter {
namespace {

std::string Quoted(std::string_view op) { return "op '" + std::string(op) + "'"; }

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

Status CancelledByStop(std::string_view op) {
  return {StatusCode::kStopped, Quoted(op) + " was cancelled by Stop"};
}

Status CompletionDropped() { return {StatusCode::kCompletionDropped, "completion dropped"}; }

Status DeadlineExceeded(std::string_view op) {
  return {StatusCode::kDeadlineExceeded, Quoted(op) + " had not ended at its deadline"};
}

OpBody DeletionBody(std::function<void()> deleter, Probe* probe) {
  return [run = std::move(deleter), probe]([[maybe_unused]] const OpContext& context) {
    TENTER_HIT(probe, engine_sites::kDeleter, .op = context.name);
    if (run != nullptr) run();
  };
}

}  // namespace tenter
