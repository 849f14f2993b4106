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

tgt_target TableOver(const tgt_target& inner) {
  tgt_target table = inner;
  WrapCalls<Forward>(&table);
  table.close = Close;
  if (inner.invoke != nullptr) table.invoke = Invoke;
  if (inner.wait_for_var != nullptr) table.wait_for_var = WaitForVar;
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

}  // namespace tenter
