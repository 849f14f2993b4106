// VarTable: the vars of an engine, by handle; slots are reused under a new generation (ENG-8).
//
// Thread safety: none of its own; guarded by its engine's lock.
// Ownership and lifetime: owns the State of every live var; a State keeps its address from Add to
//    Remove.
// Invariants: (1) Find answers null for a handle of an older generation. (2) a removed slot is
//   free for Add at once, under the next generation.
// Errors: Add throws std::bad_alloc and changes nothing then.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/base/check.h"
#include "runtime/engine/var.h"

namespace tenter {

template <typename State>
class VarTable {
 public:
  Var Add() {
    if (free_.empty()) {
      free_.reserve(slots_.size() + 1);  // so that Remove never allocates
      slots_.push_back({std::make_unique<State>(), 0});
      return {static_cast<uint32_t>(slots_.size() - 1), 0};
    }
    Slot& slot = slots_[free_.back()];
    slot.state = std::make_unique<State>();
    const Var var{free_.back(), slot.generation};
    free_.pop_back();
    return var;
  }

  // The state of a live var, or null when the handle is stale or was never given out.
  State* Find(Var var) {
    if (var.index >= slots_.size()) return nullptr;
    Slot& slot = slots_[var.index];
    return slot.generation == var.generation ? slot.state.get() : nullptr;
  }

  // The state in a slot that is known to be live.
  State& At(uint32_t index) { return *slots_[index].state; }

  // REQUIRES: live.
  void Remove(uint32_t index) {
    Slot& slot = slots_[index];
    TENTER_CHECK(slot.state != nullptr, "a var was removed twice");
    slot.state.reset();
    ++slot.generation;
    free_.push_back(index);
  }

  size_t live() const { return slots_.size() - free_.size(); }

  // Calls visit(index, state) for every live var.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (uint32_t i = 0; i < slots_.size(); ++i)
      if (slots_[i].state != nullptr) visit(i, *slots_[i].state);
  }

 private:
  struct Slot {
    std::unique_ptr<State> state;
    uint32_t generation;
  };
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
};

}  // namespace tenter
