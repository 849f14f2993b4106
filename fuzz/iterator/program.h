// Program: a CSV file, an iterator over it, faults, and what its consumers call, as lines of text.
//
//   csv columns 2 dtype float64 batch 3 round yes prefetch 2 skip 1 file rows mark no newline yes
//   row good                   one line of the file; its numbers tell which one it is
//   row long                   a bad one: with a number too many
//   row number -_1             one of its numbers is this text; '_' stands for a blank
//   row good until 131072      with blanks before its last number, so many that byte 131072 of
//                              the file, from 0, is its line break, if the file is not longer yet
//   fault next 3 error         the producer fails while it makes batch 3, in every epoch
//   fault open throw once      the first time that the file is opened
//   c0: next 4                 by consumer 0; consumers call at the same time
//   c1: reset
//   c0: skipped 2              with room for two rows; without a number, for all
//
// Path: seed -> DrawProgram (or ParseProgram) -> RunProgram -> Judge; ToText -> the report.
//
// Thread safety: plain data, pure functions.
// Invariants: ParseProgram(ToText(p)) == p.
// Errors: ParseProgram answers kInvalidArgument with the line that it does not know.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/target/injected.h"
#include "harness/target/target.h"
#include "runtime/base/status.h"

namespace tenter::fuzz::iterator {

enum class RowKind {
  kGood,
  kCrlf,    // good, with a carriage return
  kSpaced,  // good, with blanks around its numbers
  kSigned,  // good, with a plus before each number
  kBlank,   // an empty line, which is no row
  kSpaces,  // a line of blanks, which is none either
  kLong,    // bad, as all that follow: a number too many
  kShort,
  kWord,
  kRange,  // a number that no type holds
  kNul,
  kHole,     // two commas in a row
  kEndless,  // longer than any reader takes, and a number that no type holds
  kNumber,   // with a text in the place of one number: number.h says whether it is good
};

struct Row {
  RowKind kind = RowKind::kGood;
  std::string number = {};  // kNumber: the text, with '_' for each blank
  int64_t until = 0;        // where its line break is in the file, by blanks; 0: without them
  bool operator==(const Row&) const = default;
};

enum class File { kRows, kMissing, kDirectory };
enum class Place { kOpen, kNext, kReset };
enum class Verb { kNext, kReset, kSkipped, kClose };

struct Fault {
  Place place = Place::kNext;
  int64_t batch = 0;  // kNext: while this one is made
  Action action = Action::kError;
  bool once = false;
  bool operator==(const Fault&) const = default;
};

inline constexpr int64_t kPlenty = -1;

struct Call {
  int consumer = 0;
  Verb verb = Verb::kNext;
  int times = 1;
  int64_t room = kPlenty;  // kSkipped: for so many rows
  bool operator==(const Call&) const = default;
};

struct Program {
  int64_t columns = 1, batch = 1, prefetch = 1, skip = 0;
  tgt_dtype dtype = TGT_FLOAT32;
  bool round = false;
  File file = File::kRows;
  bool mark = false;    // a byte order mark at its beginning
  bool newline = true;  // at its end
  uint64_t noise = 0;   // seed of the delays at the target's sites; 0: none
  std::vector<Row> rows;
  std::vector<Fault> faults;
  std::vector<Call> calls;

  bool operator==(const Program&) const = default;
};

inline constexpr int kMostConsumers = 3;

std::string ToText(const Program& program);
Result<Program> ParseProgram(const std::string& text);

// Line `number` of the file, from 1, without its end.
std::string LineText(const Program& program, int64_t number);
std::string FileText(const Program& program);
// What the number in this column of a good line is, where it is none of TextAt.
double NumberAt(const Program& program, int64_t line, int64_t column);
// The text that a line of kNumber has in this column; nothing in the others.
std::optional<std::string> TextAt(const Program& program, int64_t line, int64_t column);

bool IsGood(const Program& program, const Row& row);
// A blank line is neither.
bool IsBad(const Program& program, const Row& row);

int Consumers(const Program& program);
const char* VerbName(Verb verb);

}  // namespace tenter::fuzz::iterator
