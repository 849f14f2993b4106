// The model and cached-op functions of the C API.
#include <algorithm>
#include <utility>

#include "runtime/cached_op/fork_hold.h"
#include "runtime/capi/context/context.h"
#include "runtime/capi/context/sized.h"
#include "runtime/capi/model/output_spec.h"
#include "runtime/graph/onnx_import.h"
#include "runtime/graph/rewrites.h"

namespace tenter {
namespace {

Way WayOf(tenter_way way) {
  if (way == TENTER_WAY_SERIAL) return Way::kSerial;
  if (way == TENTER_WAY_INLINE) return Way::kInline;
  if (way == TENTER_WAY_DATAFLOW) return Way::kDataflow;
  if (way == TENTER_WAY_DIRECT) return Way::kDirect;
  return CachedOpOptions().way;
}

// Threads of one kernel. More would wait for one another longer than they compute.
constexpr uint64_t kThreadsMost = 64;

CachedOpOptions OptionsOf(const tenter_cached_op_options& c, int workers, Probe* probe) {
  CachedOpOptions options;
  options.thread_safe = c.sharing != TENTER_CONFINED;
  options.when_full = c.refuse_when_full != 0 ? WhenFull::kRefuse : WhenFull::kQueue;
  options.plans_max = c.plans_max;
  if (c.plan_bytes_max > 0) options.plan_bytes_max = c.plan_bytes_max;
  options.kernels = c.reference_kernels != 0 ? KernelChoice::kReference : KernelChoice::kOneDnn;
  options.way = WayOf(c.way);
  options.running_max = c.running_max;
  options.batch_max = std::max<uint64_t>(c.batch_max, 1);
  options.in_flight_max = c.in_flight_max;
  options.intra_op = static_cast<int>(std::max<uint64_t>(c.intra_op_threads, 1));
  if (c.grain > 0) options.grain = static_cast<int64_t>(std::min<uint64_t>(c.grain, INT64_MAX));
  options.workers = workers;
  options.probe = probe;
  return options;
}

bool RunsInline(const tenter_cached_op_options& c) {
  return c.sharing == TENTER_CONFINED || c.way == TENTER_WAY_INLINE;
}

// `on` may be null where it runs inline.
Result<std::unique_ptr<CachedOpObject>> CreateCachedOp(const EngineObject* on,
                                                       std::shared_ptr<const Graph> model,
                                                       const tenter_cached_op_options& c,
                                                       Probe* probe) {
  const auto refuse = [](const std::string& what) {
    return Status(StatusCode::kInvalidArgument, what);
  };
  if (c.sharing != TENTER_SHARED && c.sharing != TENTER_CONFINED)
    return refuse("sharing " + std::to_string(c.sharing) + " does not exist");
  if (c.way < TENTER_WAY_DEFAULT || c.way > TENTER_WAY_DIRECT)
    return refuse("way " + std::to_string(c.way) + " does not exist");
  if (c.batch_max > BatchPlans::kMost)
    return refuse("batch_max " + std::to_string(c.batch_max) + ", at most " +
                  std::to_string(BatchPlans::kMost));
  if (c.batch_max > 1 && (RunsInline(c) || c.way == TENTER_WAY_DATAFLOW))
    return refuse("batch_max goes with requests that run serially or direct alone");
  if (c.intra_op_threads > kThreadsMost)
    return refuse("intra_op_threads " + std::to_string(c.intra_op_threads) + ", at most " +
                  std::to_string(kThreadsMost));
  const CachedOpOptions options = OptionsOf(c, on == nullptr ? 1 : on->workers, probe);
  auto made = std::make_unique<CachedOpObject>();
  if (on != nullptr) made->engine = on->engine;
  made->model = model;
  made->op = std::make_unique<CachedOp>(made->engine.get(), std::move(model), options);
  return made;
}

}  // namespace
}  // namespace tenter

using tenter::Protect;
using tenter::Status;
using tenter::StatusCode;

extern "C" {

tenter_code tenter_model_load(tenter_context* context, const char* path, tenter_model* model,
                              tenter_error* error) {
  return Protect(error, [&]() -> Status {
    if (path == nullptr) return {StatusCode::kInvalidArgument, "a model without a path"};
    TENTER_ASSIGN_OR_RETURN(tenter::Graph imported, tenter::ImportOnnx(path));
    TENTER_ASSIGN_OR_RETURN(tenter::Graph graph, tenter::Simplify(std::move(imported)));
    return context->Add(std::make_shared<const tenter::Graph>(std::move(graph)), model);
  });
}

tenter_code tenter_model_load_bytes(tenter_context* context, const void* bytes, size_t size,
                                    const char* name, tenter_model* model, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    if (bytes == nullptr && size > 0) return {StatusCode::kInvalidArgument, "a size without bytes"};
    const std::string_view all(static_cast<const char*>(bytes), size);
    TENTER_ASSIGN_OR_RETURN(tenter::Graph imported,
                            tenter::ImportOnnxBytes(all, name == nullptr ? "model" : name));
    TENTER_ASSIGN_OR_RETURN(tenter::Graph graph, tenter::Simplify(std::move(imported)));
    return context->Add(std::make_shared<const tenter::Graph>(std::move(graph)), model);
  });
}

tenter_code tenter_model_arity(tenter_context* context, tenter_model model, size_t* inputs,
                               size_t* outputs, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(graph, context, model);
    *inputs = graph->inputs.size();
    *outputs = graph->outputs.size();
    return {};
  });
}

tenter_code tenter_model_input(tenter_context* context, tenter_model model, size_t index,
                               tenter_tensor* description, char* name, size_t name_size,
                               tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(graph, context, model);
    if (index >= graph->inputs.size())
      return {StatusCode::kInvalidArgument, "the model has " +
                                                std::to_string(graph->inputs.size()) +
                                                " inputs, asked for " + std::to_string(index)};
    const tenter::Value& value = graph->values[graph->inputs[index]];
    TENTER_RETURN_IF_ERROR(tenter::Describe(value.name, *value.spec, description));
    if (name != nullptr && name_size > 0) tenter::CopyText(value.name, name, name_size);
    return {};
  });
}

tenter_code tenter_model_output(tenter_context* context, tenter_model model, size_t index,
                                tenter_tensor* description, char* name, size_t name_size,
                                tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(graph, context, model);
    if (index >= graph->outputs.size())
      return {StatusCode::kInvalidArgument, "the model has " +
                                                std::to_string(graph->outputs.size()) +
                                                " outputs, asked for " + std::to_string(index)};
    const std::string& called = graph->values[graph->outputs[index]].name;
    tenter::ForkHold hold;
    const tenter::ForkHold::Scope no_fork(hold);
    const auto spec = tenter::OutputSpec(*graph, index);
    *description = {};
    description->rank = -1;
    if (spec.has_value()) TENTER_RETURN_IF_ERROR(tenter::Describe(called, *spec, description));
    if (name != nullptr && name_size > 0) tenter::CopyText(called, name, name_size);
    return {};
  });
}

tenter_code tenter_model_parameters(tenter_context* context, tenter_model model, const void** data,
                                    size_t* size_bytes, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(graph, context, model);
    tenter::ForkHold hold;
    const tenter::ForkHold::Scope no_fork(hold);
    TENTER_RETURN_IF_ERROR(tenter::PinParameters(*graph->packed));
    *data = graph->parameters->data();
    *size_bytes = graph->parameters->size_bytes();
    return {};
  });
}

tenter_code tenter_cached_op_create(tenter_context* context, tenter_engine engine,
                                    tenter_model model, const tenter_cached_op_options* options,
                                    tenter_cached_op* op, tenter_error* error) {
  return Protect(error, [&] {
    return tenter::WithOptions(
        options, "tenter_cached_op_options", [&](const tenter_cached_op_options& whole) -> Status {
          TENTER_FIND_OR_RETURN(graph, context, model);
          const auto add = [&](const tenter::EngineObject* on) -> Status {
            TENTER_ASSIGN_OR_RETURN(
                auto made, tenter::CreateCachedOp(on, graph.shared(), whole, context->probe()));
            return context->Add(context->Share(std::move(made)), op);
          };
          if (engine == nullptr && tenter::RunsInline(whole)) return add(nullptr);
          if (engine == nullptr)  // as a handle of none (ENG-8)
            return {StatusCode::kStaleHandle,
                    "no engine, which a cached op needs unless its requests run inline"};
          TENTER_FIND_OR_RETURN(used, context, engine);
          return add(&*used);
        });
  });
}

tenter_code tenter_cached_op_get_footprint(tenter_context* context, tenter_cached_op op,
                                           tenter_footprint* footprint, tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(object, context, op);
    TENTER_ASSIGN_OR_RETURN(const auto out, tenter::ResultArray<tenter_footprint>::Of(
                                                footprint, 1, "tenter_footprint"));
    const tenter::CachedOpFootprint now = object->op->footprint();
    out.Set(0, {0, now.parameter_bytes, now.in_flight, now.in_flight_max, now.compilations,
                now.requests, now.plans, now.scratch_bytes, now.arena_bytes, now.plan_bytes,
                now.batched});
    return {};
  });
}

}  // extern "C"
