#include "runtime/engine/push_rules.h"

#include <utility>

#include "runtime/engine/sites.h"

namespace tenter {

Status CheckBodies(const Op& op) {
  if ((op.body == nullptr) != (op.async_body == nullptr)) return {};
  return {StatusCode::kInvalidArgument,
          "op '" + op.name + "' needs exactly one of body and async_body"};
}

Status StaleVar(Var var) {
  return {StatusCode::kStaleHandle, var.ToString() + " was deleted, or never existed"};
}

Op DeletionOp(Var var, std::function<void()> deleter, Probe* probe) {
  return {.name = "delete " + var.ToString(),
          .writes = {var},
          .body = [run = std::move(deleter), probe]([[maybe_unused]] const OpContext& context) {
            TENTER_HIT(probe, engine_sites::kDeleter, .op = context.name);
            if (run != nullptr) run();
          }};
}

}  // namespace tenter
