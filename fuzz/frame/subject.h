// Subject: what is fuzzed. How its programs are drawn, run, judged, made smaller and written; the
// frame around it searches, shrinks, replays and reports, whatever the programs say.
//
// A program is text, one statement a line, because that is what a finding prints, what a file
// keeps, and what a person edits; a subject parses it where it needs more.
//
// Path: FuzzMain(subject) -> RunCampaign -> a child process -> Rig::Run -> Finding -> Minimise.
//
// Thread safety: const methods from one thread at a time; a Rig belongs to one thread of a child.
// Ownership and lifetime: static, or on the stack of main; a Rig borrows its watchdog.
// Invariants: (1) Draw depends on its arguments alone. (2) Check accepts what Draw and Shrink
//   return. (3) Every contract of the subject has exactly one property.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/process/finding.h"
#include "fuzz/process/watchdog.h"
#include "runtime/base/status.h"

namespace tenter::fuzz {

// A kind of program, in which one contract has much to say.
struct Property {
  std::string_view contract;
  std::string_view compares;  // one sentence
};

struct DrawOptions {
  std::vector<int> workers = {0, 1, 2, 4, 8};  // engines to choose from; 0 is the naive one
  int most_ops = 24;
};

// What a child process keeps for all programs that it runs.
class Rig {
 public:
  virtual ~Rig() = default;
  // Runs the program once and judges it. `round` numbers the repetitions of one program: each has
  // other delays. REQUIRES: Check(program) is ok.
  virtual std::optional<Finding> Run(const std::string& program, uint64_t round) = 0;
};

using Fails = std::function<bool(const std::string& program)>;

class Subject {
 public:
  virtual ~Subject() = default;

  virtual std::string_view name() const = 0;  // "engine", of engine_fuzz
  virtual std::span<const Property> properties() const = 0;
  // What the coverage counts; kMostCounts at most. The first is the number of cases.
  virtual std::span<const std::string_view> counted() const = 0;

  // An option of its own, "--target" for example: an empty text when it was taken, else what is
  // wrong.
  virtual std::string SetOption(const std::string& option, const std::string& /*value*/) {
    return "unknown option '" + option + "'";
  }
  virtual std::string_view help() const { return ""; }  // of these options
  // Called once, when all options are known. Errors: what cannot be fuzzed, and why.
  virtual Status Prepare() { return {}; }

  virtual std::string Draw(const Property& property, const DrawOptions& options,
                           uint64_t seed) const = 0;
  virtual Status Check(const std::string& program) const = 0;
  virtual int Size(const std::string& program) const = 0;  // statements that count: "ops"
  // Calls `add` with an index into counted(), and how often that occurs in the program.
  virtual void Count(const std::string& program,
                     const std::function<void(size_t, uint64_t)>& add) const = 0;

  // `patience_ns`: how long is waited for what should come at once. Called in a child process.
  virtual std::unique_ptr<Rig> MakeRig(Watchdog* watchdog, int64_t patience_ns) const = 0;

  // The contract that a finding breaks when nobody lived to name it: a guess from the program, and
  // from what the target said of itself before it ended (`seen.detail`).
  virtual std::string Suspect(const std::string& program, const Finding& seen) const = 0;
  // Of the smallest program that still shows the finding: what it cannot do without is the cause.
  // The contract of the finding, or another one, or two that cannot be told apart: "ENG-1 or
  // ENG-4".
  virtual std::string Diagnose(const std::string& /*smallest*/, const Finding& found) const {
    return found.contract;
  }

  // The smallest program that `fails`, as Shrink of line_shrink.h.
  virtual std::string Shrink(const std::string& program, const Fails& fails,
                             const Fails& comes_back, int64_t deadline_ns) const = 0;
  // The same program with other delays and threads, that may bring a race back more often.
  virtual std::vector<std::string> Variants(const std::string& /*program*/) const { return {}; }
};

}  // namespace tenter::fuzz
