// Invocations of cached ops through the C API: waited for, answered later, cancelled.
#include <utility>

#include "runtime/capi/context/context.h"
#include "runtime/capi/context/sized.h"

namespace tenter {

// Freeing a cached op waits for its answers, of which one may be what frees it.
Status MayFree(const CachedOpObject& object) {
  if (object.engine == nullptr) return {};
  TENTER_RETURN_IF_ERROR(object.engine->RefuseInsideOp("the free of a cached op"));
  if (!object.engine->OwnsThisThread()) return {};
  return {StatusCode::kWaitInsideOp,
          "the free of a cached op on the thread that watches the deadlines of its engine"};
}

namespace {

Result<std::vector<Tensor>> BorrowInputs(const tenter_tensor* inputs, size_t count) {
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < count; ++i) {
    TENTER_ASSIGN_OR_RETURN(TensorSpec spec, SpecOf(inputs[i]));
    if (inputs[i].data == nullptr || inputs[i].size_bytes < spec.size_bytes())
      return Status(
          StatusCode::kInvalidArgument,
          "input " + std::to_string(i) + ": " + spec.ToString() + " needs " +
              std::to_string(spec.size_bytes()) + " bytes, found " +
              (inputs[i].data == nullptr ? "no data" : std::to_string(inputs[i].size_bytes)));
    tensors.push_back(Tensor::Borrow(std::move(spec), inputs[i].data));
  }
  return tensors;
}

Result<InvokeOptions> OptionsOf(const tenter_invoke_options* given) {
  InvokeOptions options;
  TENTER_RETURN_IF_ERROR(WithOptions(
      given, "tenter_invoke_options", [&](const tenter_invoke_options& whole) -> Status {
        if (whole.timeout_ns < 0)
          return {StatusCode::kInvalidArgument,
                  "timeout_ns is " + std::to_string(whole.timeout_ns) + ", which is before now"};
        options = {whole.timeout_ns, whole.priority};
        return {};
      }));
  return options;
}

// Hands results to a callback; without memory for that, the error that there is none.
void GiveAnswer(tenter_answer_fn answer, void* arg, Result<std::vector<Tensor>> results) {
  tenter_error error = {};
  std::vector<tenter_tensor> outputs;
  const tenter_code code = Protect(&error, [&]() -> Status {
    TENTER_RETURN_IF_ERROR(results.status());
    outputs.resize(results->size());
    HandOver(std::move(*results), outputs.data());
    return {};
  });
  if (code == TENTER_OK)
    answer(arg, outputs.data(), outputs.size(), nullptr);
  else
    answer(arg, nullptr, 0, &error);
}

}  // namespace
}  // namespace tenter

using tenter::Protect;
using tenter::Status;
using tenter::StatusCode;

extern "C" {

tenter_code tenter_cached_op_invoke(tenter_context* context, tenter_cached_op op,
                                    const tenter_tensor* inputs, size_t input_count,
                                    tenter_tensor* outputs, size_t output_count,
                                    tenter_error* error) {
  return tenter_cached_op_invoke_with(context, op, nullptr, inputs, input_count, outputs,
                                      output_count, error);
}

tenter_code tenter_cached_op_invoke_with(tenter_context* context, tenter_cached_op op,
                                         const tenter_invoke_options* options,
                                         const tenter_tensor* inputs, size_t input_count,
                                         tenter_tensor* outputs, size_t output_count,
                                         tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(object, context, op);
    if (output_count != object->model->outputs.size())
      return {StatusCode::kInvalidArgument,
              "the model has " + std::to_string(object->model->outputs.size()) +
                  " outputs, there is room for " + std::to_string(output_count)};
    TENTER_ASSIGN_OR_RETURN(const tenter::InvokeOptions how, tenter::OptionsOf(options));
    TENTER_ASSIGN_OR_RETURN(const std::vector<tenter::Tensor> tensors,
                            tenter::BorrowInputs(inputs, input_count));
    TENTER_ASSIGN_OR_RETURN(std::vector<tenter::Tensor> results, object->op->Invoke(tensors, how));
    for (size_t i = 0; i < results.size(); ++i)
      TENTER_RETURN_IF_ERROR(tenter::CheckBuffer(i, results[i], outputs[i]));
    tenter::HandOver(std::move(results), outputs);
    return {};
  });
}

tenter_code tenter_cached_op_invoke_async(tenter_context* context, tenter_cached_op op,
                                          const tenter_invoke_options* options,
                                          const tenter_tensor* inputs, size_t input_count,
                                          tenter_answer_fn answer, void* arg, uint64_t* request,
                                          tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(object, context, op);
    if (answer == nullptr) return {StatusCode::kInvalidArgument, "there is nobody to answer to"};
    TENTER_ASSIGN_OR_RETURN(const tenter::InvokeOptions how, tenter::OptionsOf(options));
    TENTER_ASSIGN_OR_RETURN(std::vector<tenter::Tensor> tensors,
                            tenter::BorrowInputs(inputs, input_count));
    TENTER_ASSIGN_OR_RETURN(
        const uint64_t number,
        object->op->InvokeAsync(std::move(tensors), how,
                                [answer, arg](tenter::Result<std::vector<tenter::Tensor>> results) {
                                  tenter::GiveAnswer(answer, arg, std::move(results));
                                }));
    if (request != nullptr) *request = number;
    return {};
  });
}

tenter_code tenter_cached_op_cancel(tenter_context* context, tenter_cached_op op, uint64_t request,
                                    tenter_error* error) {
  return Protect(error, [&]() -> Status {
    TENTER_FIND_OR_RETURN(object, context, op);
    object->op->Cancel(request);
    return {};
  });
}

}  // extern "C"
