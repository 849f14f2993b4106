// Atomic<T>: the only atomic of the project.
//
// Thread safety: std::atomic's.
// Ownership and lifetime: a plain value.
// Invariants: same size as std::atomic<T>; every use names its memory order, and the comment at the
//   declaration says which store a load pairs with.
#pragma once

#include <atomic>

namespace tenter {

inline constexpr auto kRelaxed = std::memory_order_relaxed;
inline constexpr auto kAcquire = std::memory_order_acquire;
inline constexpr auto kRelease = std::memory_order_release;
inline constexpr auto kAcqRel = std::memory_order_acq_rel;
inline constexpr auto kSeqCst = std::memory_order_seq_cst;  // only where two words are compared

template <typename T>
class Atomic {
 public:
  constexpr Atomic(T value = T{}) : value_(value) {}  // NOLINT: reads like a plain value

  T Load(std::memory_order order) const { return value_.load(order); }
  void Store(T value, std::memory_order order) { value_.store(value, order); }
  T Exchange(T value, std::memory_order order) { return value_.exchange(value, order); }
  T FetchAdd(T value, std::memory_order order) { return value_.fetch_add(value, order); }
  T FetchSub(T value, std::memory_order order) { return value_.fetch_sub(value, order); }
  T FetchOr(T value, std::memory_order order) { return value_.fetch_or(value, order); }
  T FetchXor(T value, std::memory_order order) { return value_.fetch_xor(value, order); }
  T FetchAnd(T value, std::memory_order order) { return value_.fetch_and(value, order); }

  // Stores `desired` if the value is `*expected`; else loads the value into `*expected`. May fail
  // without a reason, so callers loop.
  bool CompareExchange(T* expected, T desired, std::memory_order success) {
    return value_.compare_exchange_weak(*expected, desired, success, std::memory_order_relaxed);
  }

  // Blocks while the value is `old`; NotifyOne and NotifyAll wake those who do.
  void Wait(T old, std::memory_order order) const { value_.wait(old, order); }
  void NotifyOne() { value_.notify_one(); }
  void NotifyAll() { value_.notify_all(); }

 private:
  std::atomic<T> value_;
};
static_assert(sizeof(Atomic<int>) == sizeof(std::atomic<int>));

// Fetches the cache line of `address` for writing, while the thread goes on.
inline void PrefetchForWrite(const void* address) { __builtin_prefetch(address, 1); }

// Tells the processor that this thread spins: cheaper for the other thread of the core.
inline void SpinPause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace tenter
