#include "runtime/capi/context.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

#include "runtime/ops/op.h"

namespace tenter {
namespace {

// An exception that is no std::exception, for fault plans that ask for one.
using NotAStdException = int;

[[noreturn]] void ThrowInjected(std::string_view type, const std::string& message) {
  if (type == "logic_error") throw std::logic_error(message);
  if (type == "out_of_range") throw std::out_of_range(message);
  if (type == "int") throw NotAStdException{1};
  throw std::runtime_error(message);
}

}  // namespace

ProbeOutcome CallbackProbe::Hit(const Site& site, const ProbeContext& context) {
  const std::string name(site.name), op(context.op);
  const tenter_hit hit{name.c_str(), op.c_str(), context.var, context.request, context.worker};
  tenter_fault fault = {};
  function_(self_, &hit, &fault);
  switch (fault.kind) {
    case TENTER_FAULT_NONE:
      break;
    case TENTER_FAULT_THROW:
      ThrowInjected(fault.type, fault.message);
    case TENTER_FAULT_BAD_ALLOC:
      throw std::bad_alloc();
    case TENTER_FAULT_ERROR:
      return {.error = CodeStatus(fault.code, fault.message)};
    case TENTER_FAULT_DROP_COMPLETION:
      return {.drop_completion = true};
  }
  return {};
}

void CopyText(std::string_view text, char* out, size_t size) {
  const size_t length = std::min(text.size(), size - 1);
  std::memcpy(out, text.data(), length);
  out[length] = '\0';
}

Status CopyAll(std::string_view all, char* text, size_t size, size_t* needed) {
  if (text == nullptr && size > 0) return {StatusCode::kInvalidArgument, "a size without a buffer"};
  if (size > 0) CopyText(all, text, size);
  if (needed != nullptr) *needed = all.size() + 1;
  return {};
}

tenter_code FillError(const Status& status, tenter_error* error) {
  if (error != nullptr) {
    error->code = static_cast<tenter_code>(status.code());
    CopyText(status.ok() ? "" : "tenter::StatusError", error->type, sizeof(error->type));
    CopyText(status.message(), error->message, sizeof(error->message));
  }
  return static_cast<tenter_code>(status.code());
}

tenter_code FillError(const Thrown& thrown, tenter_error* error) {
  const Status status = thrown.ToStatus();
  if (error != nullptr) {
    FillError(status, error);
    CopyText(thrown.TypeName(), error->type, sizeof(error->type));
  }
  return static_cast<tenter_code>(status.code());
}

Status CodeStatus(tenter_code code, std::string message) {
  if (code == TENTER_OK) return {};
  if (code < 0 || code > TENTER_DEADLINE_EXCEEDED)
    return {StatusCode::kInternal, "code " + std::to_string(code) + ": " + message};
  return {static_cast<StatusCode>(code), std::move(message)};
}

Result<TensorSpec> SpecOf(const tenter_tensor& tensor) {
  if (tensor.dtype < TENTER_FLOAT32 || tensor.dtype > TENTER_BOOL)
    return Status(StatusCode::kInvalidArgument,
                  "dtype " + std::to_string(tensor.dtype) + " does not exist");
  if (tensor.rank < 0 || tensor.rank > TENTER_RANK_MAX)
    return Status(StatusCode::kInvalidArgument,
                  "rank must be 0 to 8, found " + std::to_string(tensor.rank));
  TensorSpec spec{static_cast<DType>(tensor.dtype),
                  Shape(std::vector<int64_t>(tensor.dims, tensor.dims + tensor.rank))};
  for (const int64_t dim : spec.shape.dims())
    if (dim < 0)
      return Status(StatusCode::kInvalidArgument, "negative dimension in " + spec.ToString());
  TENTER_RETURN_IF_ERROR(spec.CountBytes().status());
  return spec;
}

void FillTensor(Tensor tensor, tenter_tensor* out) {
  *out = {};
  out->dtype = static_cast<tenter_dtype>(tensor.dtype());
  out->rank = tensor.shape().rank();
  std::copy(tensor.shape().dims().begin(), tensor.shape().dims().end(), out->dims);
  out->data = tensor.mutable_raw();
  out->size_bytes = tensor.size_bytes();
  out->owner = new Tensor(std::move(tensor));
}

}  // namespace tenter

tenter_context::tenter_context(const tenter_context_options& options)
    : probe_(options.probe == nullptr
                 ? nullptr
                 : std::make_unique<tenter::CallbackProbe>(options.probe, options.probe_self)) {}

tenter_context::~tenter_context() {
  // Outside the lock: an engine that drains may still call into this context.
  std::map<tenter_handle, Object> objects;
  {
    tenter::MutexLock lock(mutex_);
    objects.swap(objects_);
  }
  objects.clear();
}

tenter_handle tenter_context::Add(Object object) {
  tenter::MutexLock lock(mutex_);
  objects_.emplace(next_, std::move(object));
  return next_++;
}

tenter::Status tenter_context::Remove(tenter_handle handle) {
  Object object;
  {
    tenter::MutexLock lock(mutex_);
    const auto it = objects_.find(handle);
    if (it == objects_.end())
      return {tenter::StatusCode::kStaleHandle,
              "handle " + std::to_string(handle) + " was freed, or never existed"};
    object = std::move(it->second);
    objects_.erase(it);
  }
  if (auto* op = std::get_if<std::shared_ptr<tenter::CachedOpObject>>(&object)) (*op)->op->Close();
  if (auto* it = std::get_if<std::shared_ptr<tenter::ThreadedIterator>>(&object)) (*it)->Close();
  return {};
}

std::shared_ptr<tenter::Engine> tenter_context::Share(std::unique_ptr<tenter::Engine> engine,
                                                      std::shared_ptr<tenter::TraceObject> trace) {
  return {engine.release(), [this, trace = std::move(trace)](tenter::Engine* last) {
            std::unique_ptr<tenter::Engine> owned(last);
            // An invalid var is refused as stale outside an op, and as a wait inside one.
            if (last->AwaitVar({}).status().code() != tenter::StatusCode::kWaitInsideOp) return;
            tenter::MutexLock lock(mutex_);
            retired_.push_back({trace, std::move(owned)});
          }};
}

extern "C" {

const char* tenter_code_name(tenter_code code) {
  if (code < TENTER_OK || code > TENTER_DEADLINE_EXCEEDED) return "unknown";
  // The names are string literals, so the view is terminated.
  return tenter::StatusCodeName(static_cast<tenter::StatusCode>(code)).data();
}

tenter_code tenter_context_create(const tenter_context_options* options, tenter_context** context,
                                  tenter_error* error) {
  return tenter::Protect(error, [&]() -> tenter::Status {
    TENTER_RETURN_IF_ERROR(tenter::WarmUpOneDnn());
    *context = new tenter_context(options == nullptr ? tenter_context_options{} : *options);
    return {};
  });
}

void tenter_context_free(tenter_context* context) { delete context; }

tenter_code tenter_free(tenter_context* context, tenter_handle handle, tenter_error* error) {
  return tenter::Protect(error, [&] { return context->Remove(handle); });
}

void tenter_tensor_release(tenter_tensor* tensor) {
  if (tensor->owner == nullptr) return;
  delete static_cast<tenter::Tensor*>(tensor->owner);
  *tensor = {};
}

}  // extern "C"
