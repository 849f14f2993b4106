#include "runtime/capi/context/context.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <new>
#include <stdexcept>
#include <utility>

#include "runtime/capi/context/sized.h"
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

constexpr size_t kProbeText = 256;  // of a site, and of an op: longer ones are cut

}  // namespace

ProbeOutcome CallbackProbe::Hit(const Site& site, const ProbeContext& context) {
  // On the stack: at some sites nothing may fail, and so nothing may need memory.
  char name[kProbeText], op[kProbeText];
  CopyText(site.name, name, sizeof(name));
  CopyText(context.op, op, sizeof(op));
  const tenter_hit hit{sizeof(hit), name, op, context.var, context.request, context.worker};
  tenter_fault fault = {};
  fault.struct_size = sizeof(fault);
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

bool IsInsideOp(const Engine& engine) noexcept { return !engine.RefuseInsideOp("a wait").ok(); }

void CopyText(std::string_view text, char* out, size_t size) {
  out[text.copy(out, size - 1)] = '\0';
}

void CopyMessage(std::string_view text, tenter_error* error) {
  constexpr std::string_view kGap = " ... ";
  constexpr size_t kSize = sizeof(error->message), kHalf = (kSize - kGap.size()) / 2;
  if (text.size() < kSize) return CopyText(text, error->message, kSize);
  char* at = error->message;
  at += text.copy(at, kHalf);
  at += kGap.copy(at, kGap.size());
  CopyText(text.substr(text.size() - kHalf + 1), at, kHalf);
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
    CopyText("tenter::StatusError", error->type, sizeof(error->type));
    CopyMessage(status.message(), error);
  }
  return static_cast<tenter_code>(status.code());
}

tenter_code FillError(const Thrown& thrown, tenter_error* error) noexcept {
  try {
    const Status status = thrown.ToStatus();
    if (error != nullptr) {
      const std::string type = thrown.TypeName();
      FillError(status, error);
      CopyText(type, error->type, sizeof(error->type));
    }
    return static_cast<tenter_code>(status.code());
  } catch (...) {
    if (error != nullptr) {
      error->code = TENTER_RESOURCE_EXHAUSTED;
      CopyText("std::bad_alloc", error->type, sizeof(error->type));
      CopyText("no memory to say what failed", error->message, sizeof(error->message));
    }
    return TENTER_RESOURCE_EXHAUSTED;
  }
}

Status CodeStatus(tenter_code code, std::string message) {
  if (code == TENTER_OK) return {};
  if (code < 0 || code > TENTER_DEADLINE_EXCEEDED)
    return {StatusCode::kInternal, "code " + std::to_string(code) + ": " + message};
  return {static_cast<StatusCode>(code), std::move(message)};
}

}  // namespace tenter

tenter_context::tenter_context(const tenter_testing_options& options)
    : probe_(options.probe == nullptr
                 ? nullptr
                 : std::make_unique<tenter::CallbackProbe>(options.probe, options.probe_self)) {}

// While all members live: an op of an engine that drains may still call this context, and may drop
// the last reference to another engine there.
tenter_context::~tenter_context() {
  handles_.Clear();
  while (!Take(&retired_ops_).empty() || !Take(&retired_engines_).empty()) {
  }
}

template <typename Part>
std::list<Part> tenter_context::Take(std::list<Part>* retired) {
  tenter::MutexLock lock(mutex_);
  return std::exchange(*retired, {});
}

tenter::Status tenter_context::Stale(uintptr_t number, const char* kind) {
  char text[2 * sizeof(number) + 1];
  std::snprintf(text, sizeof(text), "%" PRIxPTR, number);
  return {tenter::StatusCode::kStaleHandle,
          std::string("handle 0x") + text + " is no " + kind + ": it was freed, or never was one"};
}

template <typename Object, typename Part>
std::shared_ptr<Object> tenter_context::Share(Part part, Object* object,
                                              const tenter::Engine* engine,
                                              std::list<Part>* retired) {
  // A list, because its element can move without memory.
  auto kept = std::make_shared<std::list<Part>>();
  kept->push_back(std::move(part));
  return {object, [this, engine, retired, kept = std::move(kept)](Object*) mutable {
            if (engine != nullptr && engine->OwnsThisThread()) {
              tenter::MutexLock lock(mutex_);
              retired->splice(retired->end(), *kept);
            }
            kept.reset();
          }};
}

std::shared_ptr<tenter::Engine> tenter_context::Share(tenter::EngineParts parts) {
  tenter::Engine* const engine = parts.engine.get();
  return Share(std::move(parts), engine, engine, &retired_engines_);
}

std::shared_ptr<tenter::CachedOpObject> tenter_context::Share(
    std::unique_ptr<tenter::CachedOpObject> op) {
  tenter::CachedOpObject* const object = op.get();
  return Share(std::move(op), object, object->engine.get(), &retired_ops_);
}

namespace tenter {
namespace {

Status MakeContext(const tenter_testing_options& options, tenter_context** context) {
  TENTER_RETURN_IF_ERROR(WarmUpOneDnn());
  *context = new tenter_context(options);
  return {};
}

}  // namespace
}  // namespace tenter

extern "C" {

uint32_t tenter_api_version(void) { return TENTER_API_VERSION; }

const char* tenter_code_name(tenter_code code) {
  if (code < TENTER_OK || code > TENTER_DEADLINE_EXCEEDED) return "unknown";
  // The names are string literals, so the view is terminated.
  return tenter::StatusCodeName(static_cast<tenter::StatusCode>(code)).data();
}

tenter_code tenter_context_create(const tenter_context_options* options, tenter_context** context,
                                  tenter_error* error) {
  return tenter::Protect(error, [&] {
    return tenter::WithOptions(
        options, "tenter_context_options",
        [&](const tenter_context_options&) { return tenter::MakeContext({}, context); });
  });
}

tenter_code tenter_testing_context_create(const tenter_testing_options* options,
                                          tenter_context** context, tenter_error* error) {
  return tenter::Protect(error, [&] {
    return tenter::WithOptions(
        options, "tenter_testing_options",
        [&](const tenter_testing_options& whole) { return tenter::MakeContext(whole, context); });
  });
}

void tenter_context_free(tenter_context* context) { delete context; }

}  // extern "C"
