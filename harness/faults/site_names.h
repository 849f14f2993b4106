// SiteNames: the number of a site, by its name, at every hit.
//
// Thread safety: Find from any thread once all are added.
// Ownership and lifetime: borrows the names.
// Invariants: a table with more room than names, so that every search comes to an end.
// Errors: more names than half of kEntries are a programmer error (CHECK).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tenter {

class SiteNames {
 public:
  static constexpr size_t kUnknown = SIZE_MAX;

  void Add(std::string_view name, size_t number);
  // The number of `name`, or kUnknown. It is in injector_hit.cc.
  size_t Find(const char* name) const;

 private:
  static constexpr size_t kEntries = 256;
  struct Entry {
    const char* name = nullptr;
    size_t size = 0, number = 0;
  };
  static uint64_t HashOf(const char* name) {
    uint64_t hash = 0xcbf29ce484222325ULL;
    for (; *name != '\0'; ++name) hash = (hash ^ static_cast<unsigned char>(*name)) * 0x100000001b3;
    return hash ^ hash >> 32;
  }

  Entry entries_[kEntries];
  size_t count_ = 0;
};

}  // namespace tenter
