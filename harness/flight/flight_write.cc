// What each call of a target passes. It is built without ThreadSanitizer, in whose history of a
// thread these stores would take the place of the target's: see flight.h. So there is nothing here
// that another file could call instead of its own, such as a function of a template that is not
// inlined.
#include <cstring>
#include <iterator>

#include "harness/flight/flight.h"
#include "runtime/base/clock.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

// Beyond which two threads of a case share a ring. Threads are spread, so that it takes half of all
// rings before anyone tries as often.
constexpr uint32_t kTries = 16;

// The sanitizer would watch a memcpy, wherever it is called.
uint64_t WordOf(const char* text, size_t size) {
  uint64_t word = 0;
  if (size >= sizeof(word)) {
    std::memcpy(&word, text, sizeof(word));  // a load
    return word;
  }
  while (size > 0) word = word << 8 | static_cast<unsigned char>(text[--size]);
  return word;
}

}  // namespace

// Its own ring, or where those that it may have are others', one of theirs.
Flight::Ring& Flight::RingOf(uint64_t key) noexcept {
  const uint32_t first = StripeOf<kRings>(key);
  const uint32_t step = StripeOf<kRings>(~key) | 1;
  for (uint32_t i = 0; i < kTries; ++i) {
    Ring& ring = memory_->rings[(first + i * step) % kRings];
    uint64_t owner = ring.owner.Load(kRelaxed);
    // A loop, since an exchange may fail without a reason.
    while (owner == 0 && !ring.owner.CompareExchange(&owner, key, kRelaxed)) {
    }
    if (owner == 0 || owner == key) return ring;
  }
  Ring& ring = memory_->rings[first];
  if (ring.shared.Load(kRelaxed) == 0) ring.shared.Store(1, kRelaxed);
  return ring;
}

void Flight::Write(const FlightEvent& event) noexcept {
  if (memory_ == nullptr) return;
  const uint64_t key = CurrentThreadKey();
  Ring& ring = RingOf(key);
  const uint64_t index = ring.next.FetchAdd(1, kRelaxed);
  if (index >= ring.end.Load(kRelaxed)) return;
  Word(&words)[std::size(Slot{}.words)] = ring.slots[index % kEvents].words;
  words[0].Store(0, kRelaxed);
  words[1].Store(key, kRelaxed);
  words[2].Store(static_cast<uint64_t>(event.kind) | uint64_t{event.what} << 8 |
                     uint64_t{event.code} << 16 |
                     static_cast<uint64_t>(static_cast<uint32_t>(event.worker)) << 32,
                 kRelaxed);
  words[3].Store(event.number, kRelaxed);
  const char* text = event.name.data();
  size_t left = event.name.size();
  for (size_t i = 4; i < std::size(words); ++i) {
    const size_t size = left < sizeof(uint64_t) ? left : sizeof(uint64_t);
    words[i].Store(WordOf(text, size), kRelaxed);
    text += size;
    left -= size;
  }
  words[0].Store(static_cast<uint64_t>(NowNs()), kRelaxed);
  if (event.kind == FlightKind::kFinding) KeepUpToHere();
}

void Flight::KeepUpToHere() noexcept {
  for (Ring& ring : memory_->rings) {
    uint64_t never = ~uint64_t{0};
    // A loop, since an exchange may fail without a reason.
    while (never == ~uint64_t{0} &&
           !ring.end.CompareExchange(&never, ring.next.Load(kRelaxed) + kEvents / 2, kRelaxed)) {
    }
  }
}

}  // namespace tenter
