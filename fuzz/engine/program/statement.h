// Statement: one call that a program makes to an engine. An op is written as the push of it.
//
// Thread safety: plain data.
// Ownership and lifetime: values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/engine/engine.h"

namespace tenter::fuzz {

// The exceptions that an op may fail with. kStatus is a StatusError.
enum class Type { kNone, kRuntimeError, kBadAlloc, kStruct, kInt, kStatus };

enum class Ends {
  kSync,      // when its body returns
  kNow,       // its body calls the completion
  kLater,     // another thread calls the completion
  kNever,     // its body drops the completion
  kDropped,   // another thread drops it
  kHeld,      // nobody does anything with it before the op's deadline, which comes soon
  kRaces,     // another thread calls it at about the op's deadline; then_throws: so does the body
  kRaceDrops  // another thread drops it at about the deadline
};

enum class Verb {
  kPush,
  kDelete,
  kNew,
  kWait,
  kWaitAll,
  kStop,
  kReplay,
  kFork,
  kAwait,    // waits for a failure scope
  kCancel,   // cancels one
  kTimeout,  // sets the deadline of one
  kExpired,  // waits until the deadline of one has cancelled it
  kLook,     // asks for a snapshot, the counts and the latest failure, while everything moves
  kRounds    // pushes, waits for everything and reads what was written, again and again
};

// Who executes a statement: pusher thread `number`, or the body of op `number`.
struct Actor {
  bool is_op = false;
  int number = 0;
  bool operator==(const Actor&) const = default;
};

struct Statement {
  Actor actor;
  Verb verb = Verb::kPush;
  // kPush
  int op = 0;
  std::vector<int> reads, writes;  // letters, duplicates included
  int priority = 0;
  Type throws = Type::kNone;  // the body throws before it has completed
  Ends ends = Ends::kSync;
  Type fails = Type::kNone;         // the completion carries this error
  Type throws_after = Type::kNone;  // the body throws after it has completed (kNow only)
  bool out_of_memory = false;       // the push meets std::bad_alloc
  bool far_deadline = false;        // one that does not pass; also of a kTimeout
  bool short_deadline = false;      // of a kSync: one that has passed when the op waits for a while
  bool lasts = false;               // the body goes on for longer than a short deadline
  int bulk = 0;                     // pushed through a Bulk of so many ops; 0: alone
  // kPush, kReplay: the failure scope that it is in, or 0; a recorded push has none of its own.
  // kAwait, kCancel, kTimeout, kExpired: which scope
  int scope = 0;
  bool blocks = false;  // the body waits until it is cancelled
  int meets = 0;        // the body waits until that of this op has begun; 0: it does not
  int times = 0;        // so many ops that are alike; 0: one. Expand makes them
  // kPush: where it is recorded instead, or 0. kReplay: what is replayed
  int program = 0;
  // kDelete, kNew, kWait
  int var = 0;
  Type deleter_throws = Type::kNone;
  int rounds = 0;  // kRounds: how many
  // kStop
  StopMode mode = StopMode::kDrain;

  bool operator==(const Statement&) const = default;
};

// Whether a push in a bulk goes to the engine with others: else it goes at once.
inline bool InGroup(const Statement& s) {
  return s.bulk != 0 && s.ends == Ends::kSync && s.priority == 0 && !s.far_deadline;
}

// Who ends the op is chance: its handle, its body by throwing, or its deadline.
inline bool Races(const Statement& s) {
  return s.ends == Ends::kRaces || s.ends == Ends::kRaceDrops;
}

// Whether a deadline of its own may end it.
inline bool MayBeLate(const Statement& s) { return Races(s) || s.short_deadline; }

// Whether the scope of the statement is cancelled by it, at once or soon.
inline bool CancelsScope(const Statement& s) {
  return s.verb == Verb::kCancel || (s.verb == Verb::kTimeout && !s.far_deadline);
}

// Whether it stops the engine and cancels what runs.
inline bool StopsWithCancel(const Statement& s) {
  return s.verb == Verb::kStop && s.mode == StopMode::kCancel;
}

// Letters are a to z, then a1 to z1, and so on.
inline constexpr int kMostVars = 4 * 26;
std::string VarName(int letter);
std::string OpName(int op);
// Of a push that says `times`: op5.1 is the first copy of op5.
inline constexpr int kCopies = 1 << 16;  // also more than the number of any op
inline constexpr int kMostTimes = 3000;  // of a program, in all
inline int CopyOf(int op, int copy) { return op + copy * kCopies; }
// The number in an op's name, or 0 when it is not one of a program.
int OpNumber(std::string_view name);
std::string_view TypeName(Type type);

}  // namespace tenter::fuzz
