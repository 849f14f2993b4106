// OpBody: the code of an op, owned; a move-only function object that keeps small captures inline.
//
// It takes one of two shapes, told apart by what the callable accepts:
//   void(const OpContext&)               the op ends when the body returns
//   void(const OpContext&, Completion)   the op ends when its completion is used, from any thread
//
// Path: Op::body -> the pending op -> a worker calls it once (a captured program: once a replay).
//
// Thread safety: as the callable's; the engine calls a body on one thread at a time.
// Ownership and lifetime: owns the callable. Captures up to kInlineBytes live inside the object,
//   larger ones on the heap.
// Invariants: the object is kInlineBytes + one pointer large.
// Errors: construction may throw what copying the callable throws, and std::bad_alloc.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "runtime/engine/completion.h"

namespace tenter {

template <typename F>
concept SyncBody = std::is_invocable_v<F&, const OpContext&>;
template <typename F>
concept AsyncBody = std::is_invocable_v<F&, const OpContext&, Completion>;

class OpBody {
 public:
  static constexpr size_t kInlineBytes = 40;

  OpBody() = default;
  OpBody(std::nullptr_t) {}  // NOLINT: no body
  template <typename F>
  requires(!std::same_as<std::remove_cvref_t<F>, OpBody> &&
           (SyncBody<std::remove_cvref_t<F>> || AsyncBody<std::remove_cvref_t<F>>))
      OpBody(F&& callable) {  // NOLINT: a lambda is a body
    using Callable = std::remove_cvref_t<F>;
    if constexpr (std::is_constructible_v<bool, Callable&>)
      if (!static_cast<bool>(callable)) return;  // an empty std::function, a null pointer
    if constexpr (kFits<Callable>) {
      new (storage_) Callable(std::forward<F>(callable));
      ops_ = &kOps<Inline<Callable>, Callable>;
    } else {
      new (storage_) Callable*(new Callable(std::forward<F>(callable)));
      ops_ = &kOps<OnHeap<Callable>, Callable>;
    }
  }
  OpBody(OpBody&& other) noexcept { MoveFrom(other); }
  OpBody& operator=(OpBody&& other) noexcept {
    if (this != &other) Reset(), MoveFrom(other);
    return *this;
  }
  ~OpBody() { Reset(); }

  explicit operator bool() const { return ops_ != nullptr; }
  bool is_async() const { return ops_->run_async != nullptr; }

  // Destroys the callable. Never throws.
  void Reset() noexcept {
    if (ops_ == nullptr) return;
    if (const auto destroy = std::exchange(ops_, nullptr)->destroy) destroy(storage_);
  }

  // REQUIRES: not empty, and of this shape. Throws what the callable throws.
  void Run(const OpContext& context) { ops_->run(storage_, context); }
  void RunAsync(const OpContext& context, Completion completion) {
    ops_->run_async(storage_, context, std::move(completion));
  }

 private:
  struct Ops {
    void (*run)(void*, const OpContext&);
    void (*run_async)(void*, const OpContext&, Completion);
    void (*move)(void* from, void* to) noexcept;  // and destroys what is left in `from`
    void (*destroy)(void*) noexcept;              // null when there is nothing to destroy
  };
  template <typename F>
  static constexpr bool kFits =
      sizeof(F) <= kInlineBytes &&
      alignof(F) <= alignof(void*) && std::is_nothrow_move_constructible_v<F>;

  template <typename F>
  struct Inline {
    static F& Get(void* at) { return *std::launder(static_cast<F*>(at)); }
    static void Move(void* from, void* to) noexcept {
      new (to) F(std::move(Get(from)));
      Get(from).~F();
    }
    static void Destroy(void* at) noexcept { Get(at).~F(); }
    static constexpr bool kDestroys = !std::is_trivially_destructible_v<F>;
  };
  template <typename F>
  struct OnHeap {
    static F& Get(void* at) { return **static_cast<F**>(at); }
    static void Move(void* from, void* to) noexcept { new (to) F*(*static_cast<F**>(from)); }
    static void Destroy(void* at) noexcept { delete *static_cast<F**>(at); }
    static constexpr bool kDestroys = true;
  };
  template <typename Place, typename F>
  static constexpr auto RunOf() -> void (*)(void*, const OpContext&) {
    if constexpr (SyncBody<F>)
      return [](void* at, const OpContext& context) { Place::Get(at)(context); };
    return nullptr;
  }
  template <typename Place, typename F>
  static constexpr auto RunAsyncOf() -> void (*)(void*, const OpContext&, Completion) {
    if constexpr (!SyncBody<F>)
      return [](void* at, const OpContext& context, Completion completion) {
        Place::Get(at)(context, std::move(completion));
      };
    return nullptr;
  }
  template <typename Place, typename F>
  static constexpr Ops kOps = {RunOf<Place, F>(), RunAsyncOf<Place, F>(), &Place::Move,
                               Place::kDestroys ? &Place::Destroy : nullptr};

  void MoveFrom(OpBody& other) noexcept {
    if (other.ops_ == nullptr) return;
    other.ops_->move(other.storage_, storage_);
    ops_ = std::exchange(other.ops_, nullptr);
  }

  alignas(void*) std::byte storage_[kInlineBytes];
  const Ops* ops_ = nullptr;
};
static_assert(sizeof(OpBody) == OpBody::kInlineBytes + sizeof(void*));

}  // namespace tenter
