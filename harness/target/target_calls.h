// TargetCalls: every function of a target's table but open and close, by name; for what wraps a
// target (saboteurs, the flight recorder).
//
// Path: tgt_target of the wrapped target -> WrapCalls -> the table over it.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "harness/target/target.h"

#define TENTER_TARGET_CALLS(X)                                                                 \
  X(free_handle)                                                                               \
  X(tensor_release)                                                                            \
  X(engine_create)                                                                             \
  X(var_create) X(var_delete) X(push) X(completion_end) X(wait_for_var) X(wait_for_all)        \
      X(engine_stop) X(engine_counts) X(engine_describe) X(model_load) X(model_arity)          \
          X(model_input) X(model_parameters) X(cached_op_create) X(invoke) X(invoke_async)     \
              X(cancel) X(footprint) X(csv_iterator_create) X(iterator_next) X(iterator_reset) \
                  X(iterator_close) X(iterator_skipped)

namespace tenter {

#define X(name) name,
enum class TargetCall : uint8_t { TENTER_TARGET_CALLS(X) kCount };
#undef X

#define X(name) #name,
inline constexpr std::array<std::string_view, static_cast<size_t>(TargetCall::kCount)>
    kTargetCallNames = {TENTER_TARGET_CALLS(X)};
#undef X

// Puts Wrapper<call, entry>::Call in place of each function that the table has, and refuses to open
// another instance: what is wrapped is one that is open.
template <template <TargetCall, auto> typename Wrapper>
void WrapCalls(tgt_target* table) {
#define X(name) \
  if (table->name != nullptr) table->name = Wrapper<TargetCall::name, &tgt_target::name>::Call;
  TENTER_TARGET_CALLS(X)
#undef X
  table->open = [](const tgt_host*, void**, tgt_error* error) -> tgt_code {
    error->code = TGT_UNSUPPORTED;
    std::snprintf(error->message, sizeof(error->message), "a wrapped target is open already");
    return TGT_UNSUPPORTED;
  };
}

}  // namespace tenter
