// Atomic<T>: the only atomic of the project (the seam of DESIGN section 5).
//
// Thread safety: std::atomic's.
// Ownership and lifetime: a plain value.
// Invariants: same size as std::atomic<T>; every use names its memory order, and the comment at the
//   declaration says which store a load pairs with.
// Errors: none.
#pragma once

#include <atomic>

namespace tenter {

inline constexpr auto kRelaxed = std::memory_order_relaxed;
inline constexpr auto kAcquire = std::memory_order_acquire;
inline constexpr auto kRelease = std::memory_order_release;
inline constexpr auto kAcqRel = std::memory_order_acq_rel;

template <typename T>
class Atomic {
 public:
  constexpr Atomic(T value = T{}) : value_(value) {}  // NOLINT: reads like a plain value

  T Load(std::memory_order order) const { return value_.load(order); }
  void Store(T value, std::memory_order order) { value_.store(value, order); }
  T Exchange(T value, std::memory_order order) { return value_.exchange(value, order); }
  T FetchAdd(T value, std::memory_order order) { return value_.fetch_add(value, order); }

 private:
  std::atomic<T> value_;
};
static_assert(sizeof(Atomic<int>) == sizeof(std::atomic<int>));

}  // namespace tenter
