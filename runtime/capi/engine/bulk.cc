// Bulks of the C API.
#include <memory>
#include <utility>

#include "runtime/capi/context/context.h"
#include "runtime/capi/engine/callback_op.h"
#include "runtime/capi/engine/scope_use.h"

using tenter::BulkObject;
using tenter::Protect;
using tenter::Status;

extern "C" {

tenter_code tenter_bulk_create(tenter_context* context, tenter_engine engine, size_t most_ops,
                               tenter_bulk* bulk, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(on, context, engine);
    auto made = on->engine->NewBulk(most_ops == 0 ? tenter::Bulk::kDefaultOps : most_ops);
    return context->Add(std::make_shared<BulkObject>(on.shared(), std::move(made)), bulk);
  });
}

tenter_code tenter_bulk_push(tenter_context* context, tenter_bulk bulk, const tenter_op* op,
                             tenter_error* error) {
  return Protect(error, [&]() -> Status {
    Status status;
    tenter::Op made = tenter::MakeOp(*op, &status);
    TENTER_RETURN_IF_ERROR(std::move(status));
    TENTER_FIND_OR_RETURN(found, context, bulk);
    tenter::ScopeUse use;
    TENTER_RETURN_IF_ERROR(use.Enter(context, tenter::ScopeOf(*op), *found->engine, &made.scope));
    return found->bulk->Push(std::move(made));
  });
}

tenter_code tenter_bulk_flush(tenter_context* context, tenter_bulk bulk, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(found, context, bulk);
    return found->bulk->Flush();
  });
}

}  // extern "C"
