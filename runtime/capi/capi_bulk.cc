// Bulks of the C API.
#include <memory>
#include <utility>

#include "runtime/capi/callback_op.h"
#include "runtime/capi/context.h"

using tenter::BulkObject;
using tenter::Protect;
using tenter::Status;

extern "C" {

tenter_code tenter_bulk_create(tenter_context* context, tenter_engine engine, size_t most_ops,
                               tenter_bulk* bulk, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto on, context->Find(engine));
    auto made = on->engine->NewBulk(most_ops == 0 ? tenter::Bulk::kDefaultOps : most_ops);
    context->Add(std::make_shared<BulkObject>(on, std::move(made)), bulk);
    return {};
  });
}

tenter_code tenter_bulk_push(tenter_context* context, tenter_bulk bulk, const tenter_op* op,
                             tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(tenter::Op made, tenter::OpOf(*op));
    TENTER_ASSIGN_OR_RETURN(const auto found, context->Find(bulk));
    return found->bulk->Push(std::move(made));
  });
}

tenter_code tenter_bulk_flush(tenter_context* context, tenter_bulk bulk, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_ASSIGN_OR_RETURN(const auto found, context->Find(bulk));
    return found->bulk->Flush();
  });
}

}  // extern "C"
