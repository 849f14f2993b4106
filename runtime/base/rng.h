// Rng and Hash64: seeded randomness that is the same on every machine.
//
// The generator is splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
// generators", OOPSLA 2014); the hash is its finaliser applied per word, FNV-1a for bytes.
//
// Thread safety: an Rng belongs to one thread; the hash functions are pure.
// Ownership and lifetime: plain values.
// Invariants: the sequence depends on the seed alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tenter {

// Mixes the bits of one word; a bijection.
constexpr uint64_t Mix64(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

constexpr uint64_t CombineHash(uint64_t hash, uint64_t word) {
  return Mix64(hash ^ (word + 0x9e3779b97f4a7c15ULL + (hash << 6)));
}

constexpr uint64_t HashBytes(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return Mix64(hash);
}

class Rng {
 public:
  explicit constexpr Rng(uint64_t seed) : state_(seed) {}

  constexpr uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    return Mix64(state_);
  }

  // Uniform in [0, bound); the bias of the reduction is below 2^-32 for the bounds used here.
  // REQUIRES: bound > 0.
  constexpr uint64_t Below(uint64_t bound) { return Next() % bound; }

  // Uniform in [0, 1).
  constexpr double Unit() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

  // True with probability `percent` / 100.
  constexpr bool Chance(double percent) { return Unit() * 100.0 < percent; }

 private:
  uint64_t state_;
};

}  // namespace tenter
