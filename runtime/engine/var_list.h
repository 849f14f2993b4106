// VarList: the vars of an op as the caller has them: a borrowed, read-only sequence.
//
// Path: the reads and writes of an Op; Engine::Push copies what it needs.
//
// Thread safety: a plain value over memory that nobody changes meanwhile.
// Ownership and lifetime: borrows. A braced list lives to the end of the full expression, which is
//    what `engine->Push({.reads = {a, b}, ...})` needs; clang warns when a list would be kept
//    longer. Whoever builds an Op in steps keeps the vectors himself.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

#include "runtime/engine/var.h"

#if defined(__clang__)
#define TENTER_LIFETIME_BOUND [[clang::lifetimebound]]
#else
#define TENTER_LIFETIME_BOUND
#endif

namespace tenter {

class VarList {
 public:
  VarList() = default;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// The list lives as long as the call that it is an argument of, which is what a VarList is for.
#pragma GCC diagnostic ignored "-Winit-list-lifetime"
#endif
  VarList(std::initializer_list<Var> vars TENTER_LIFETIME_BOUND)  // NOLINT: reads like a list
      : size_(vars.size()), data_(vars.begin()) {}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
  VarList(const std::vector<Var>& vars TENTER_LIFETIME_BOUND)  // NOLINT: so does a vector
      : size_(vars.size()), data_(vars.data()) {}
  VarList(std::span<const Var> vars)  // NOLINT: and a span
      : size_(vars.size()), data_(vars.data()) {}

  const Var* begin() const { return data_; }
  const Var* end() const { return data_ + size_; }
  size_t size() const { return size_; }

 private:
  // Callers store a pointer and then a size, a moment before they are read here. In that order here
  // as well, compilers would copy both by one load, which waits until both stores reach the cache.
  size_t size_ = 0;
  const Var* data_ = nullptr;
};

}  // namespace tenter
