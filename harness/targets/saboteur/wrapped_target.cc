#include "harness/targets/saboteur/wrapped_target.h"

#include <utility>

#include "harness/target/target_calls.h"

namespace tenter {
namespace {

WrappedTarget& Self(void* self) { return *static_cast<WrappedTarget*>(self); }

// Call has the type of the table's entry kEntry, and passes the call on to the wrapped instance.
template <TargetCall, auto kEntry>
struct Forward;
template <TargetCall kCall, typename R, typename... Args, R (*tgt_target::*kEntry)(void*, Args...)>
struct Forward<kCall, kEntry> {
  static R Call(void* self, Args... args) {
    const TargetInstance& inner = Self(self).inner();
    return (inner.table().*kEntry)(inner.self(), args...);
  }
};

void Close(void* self) { delete &Self(self); }

tgt_code Invoke(void* self, tgt_handle op, const tgt_tensor* inputs, size_t input_count,
                tgt_tensor* outputs, size_t output_count, tgt_error* error) {
  return Self(self).Invoke(op, inputs, input_count, outputs, output_count, error);
}

tgt_code WaitForVar(void* self, tgt_handle engine, tgt_var var, tgt_failure* failure,
                    tgt_error* error) {
  return Self(self).WaitForVar(engine, var, failure, error);
}

tgt_code ModelLoad(void* self, const char* path, tgt_handle* model, tgt_error* error) {
  return Self(self).ModelLoad(path, model, error);
}

tgt_code Footprint(void* self, tgt_handle op, tgt_footprint* footprint, tgt_error* error) {
  return Self(self).Footprint(op, footprint, error);
}

tgt_code IteratorNext(void* self, tgt_handle iterator, tgt_batch* batch, tgt_error* error) {
  return Self(self).IteratorNext(iterator, batch, error);
}

void TensorRelease(void* self, tgt_tensor* tensor) { Self(self).TensorRelease(tensor); }

tgt_target TableOver(const tgt_target& inner) {
  tgt_target table = inner;
  WrapCalls<Forward>(&table);
  table.close = Close;
  if (inner.invoke != nullptr) table.invoke = Invoke;
  if (inner.wait_for_var != nullptr) table.wait_for_var = WaitForVar;
  if (inner.model_load != nullptr) table.model_load = ModelLoad;
  if (inner.footprint != nullptr) table.footprint = Footprint;
  if (inner.iterator_next != nullptr) table.iterator_next = IteratorNext;
  if (inner.tensor_release != nullptr) table.tensor_release = TensorRelease;
  return table;
}

}  // namespace

WrappedTarget::WrappedTarget(std::unique_ptr<TargetInstance> inner)
    : inner_(std::move(inner)), table_(TableOver(inner_->table())) {}

std::unique_ptr<TargetInstance> WrappedTarget::Wrap(std::unique_ptr<WrappedTarget> target) {
  WrappedTarget* const self = target.release();
  return std::make_unique<TargetInstance>(&self->table_, self);
}

tgt_code WrappedTarget::Invoke(tgt_handle op, const tgt_tensor* inputs, size_t input_count,
                               tgt_tensor* outputs, size_t output_count, tgt_error* error) {
  return inner_->table().invoke(inner_->self(), op, inputs, input_count, outputs, output_count,
                                error);
}

tgt_code WrappedTarget::WaitForVar(tgt_handle engine, tgt_var var, tgt_failure* failure,
                                   tgt_error* error) {
  return inner_->table().wait_for_var(inner_->self(), engine, var, failure, error);
}

tgt_code WrappedTarget::ModelLoad(const char* path, tgt_handle* model, tgt_error* error) {
  return inner_->table().model_load(inner_->self(), path, model, error);
}

tgt_code WrappedTarget::Footprint(tgt_handle op, tgt_footprint* footprint, tgt_error* error) {
  return inner_->table().footprint(inner_->self(), op, footprint, error);
}

tgt_code WrappedTarget::IteratorNext(tgt_handle iterator, tgt_batch* batch, tgt_error* error) {
  return inner_->table().iterator_next(inner_->self(), iterator, batch, error);
}

void WrappedTarget::TensorRelease(tgt_tensor* tensor) {
  inner_->table().tensor_release(inner_->self(), tensor);
}

}  // namespace tenter
