// Flight: the recorder of a case. Its last events lie in a file that is there also when the process
// was killed, and the driver makes a picture of them when something was found.
//
// Path: RecordedTarget (calls), Injector (sites), workloads (bodies), findings -> Flight ->
// flight.bin -> trace.json.
//
// A thread writes into a ring of its own, whose oldest event goes: what it does last stays,
// whatever others do meanwhile. Half a ring after the first finding each ring stops, so that what
// led to it stays. Every access is relaxed: an order that the recorder made between two threads
// would hide their races from ThreadSanitizer. And Write is built without it: the sanitizer
// remembers so many of a thread's accesses, and those of the recorder would push out the target's.
//
// Thread safety: Write and NameThisThread from any thread at any time; Write neither blocks nor
//   allocates.
// Ownership and lifetime: one per case; outlives the target. The file stays.
// Invariants: an event whose time is 0 is not whole. Of more threads than half of kRings some share
//   a ring, of more than kRings many do, and the ring says so: what one of them did last can go. A
//   thread that ended keeps its ring. Two of one ring can mix an event only when one of them stands
//   still while the other writes kEvents more. A process that a target forks writes into the same
//   file.
// Errors: Open: kInvalidArgument names the file, kResourceExhausted where there is no space for it,
//   kInternal where its header has no room for the names. A Flight without a file records nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "runtime/base/atomic.h"
#include "runtime/base/status.h"

namespace tenter {

enum class FlightKind : uint8_t { kNone, kCall, kReturn, kBody, kBodyEnd, kSite, kFinding };

struct FlightEvent {
  FlightKind kind = FlightKind::kNone;
  uint8_t what = 0;   // of the call or the site, in the lists that the file begins with
  uint16_t code = 0;  // of a return: CodeOf(tgt_code); of a site: the FaultAction that fired, or 0
  int32_t worker = -1;         // of a site or a body
  uint64_t number = 0;         // a push, a var, a request; by its kind
  std::string_view name = {};  // an op, a title; the first kNameBytes are kept
};

class Flight {
 public:
  static constexpr size_t kNameBytes = 32;
  // What an event has room for. A code of a target that is none of tgt_code stays one: not 0.
  static constexpr uint16_t kNoCode = 0xffff;
  static constexpr uint16_t CodeOf(int64_t code) {
    return code < 0 || code > kNoCode ? kNoCode : static_cast<uint16_t>(code);
  }

  Flight() = default;
  // Creates the file, with all the space that it will need. `calls` and `sites` are the names that
  // FlightEvent::what counts in; `actions` those of the FaultActions, by their bit.
  static Result<std::unique_ptr<Flight>> Open(const std::string& path,
                                              std::span<const std::string_view> calls,
                                              std::span<const std::string_view> sites,
                                              std::span<const std::string_view> actions = {});
  ~Flight();
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;

  void Write(const FlightEvent& event) noexcept;
  // Notes what the calling thread is called. For threads of the harness; a worker's events tell it.
  void NameThisThread();

 private:
  static constexpr size_t kHeaderBytes = 8192, kRings = 512, kEvents = 256, kThreads = 1024;
  using Word = Atomic<uint64_t>;
  // Words: time, thread, what was written of the event, number, and the name.
  struct Slot {
    Word words[4 + kNameBytes / sizeof(uint64_t)];
  };
  struct alignas(64) Ring {
    Word next;
    Word end = ~uint64_t{0};  // events from here on are not kept
    Word owner;               // the thread that it belongs to; 0: nobody yet
    Word shared;              // 1: others write into it as well
    alignas(64) Slot slots[kEvents];
  };
  struct ThreadName {
    Word key, text[2];
  };
  // As it lies in the file, behind a text that says how large each part is.
  struct Memory {
    char header[kHeaderBytes];
    Ring rings[kRings];
    Word thread_count;
    ThreadName threads[kThreads];
  };
  Ring& RingOf(uint64_t key) noexcept;
  void KeepUpToHere() noexcept;
  static std::string HeaderText(std::span<const std::string_view> calls,
                                std::span<const std::string_view> sites,
                                std::span<const std::string_view> actions);

  Memory* memory_ = nullptr;
};

// The body of an op, from here to the end of the scope.
class FlightBody {
 public:
  FlightBody(Flight& flight, std::string_view op, uint64_t push_number, int worker)
      : flight_(flight),
        end_{.kind = FlightKind::kBodyEnd, .worker = worker, .number = push_number} {
    FlightEvent begin = end_;
    begin.kind = FlightKind::kBody;
    begin.name = op;
    flight_.Write(begin);
  }
  ~FlightBody() { flight_.Write(end_); }
  FlightBody(const FlightBody&) = delete;
  FlightBody& operator=(const FlightBody&) = delete;

 private:
  Flight& flight_;
  const FlightEvent end_;
};

}  // namespace tenter
