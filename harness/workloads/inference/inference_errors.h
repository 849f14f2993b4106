// InferenceErrors: the errors of a concurrent inference run, held against the faults that fired.
//
// Thread safety: the collecting methods from any thread; Match once, after the threads have ended.
// Ownership and lifetime: one per run, or per round of a long one; borrows the board.
// Invariants: an error is right when a fault of its own request (or a fault whose tag it carries)
//   explains it; a fault in a request is answered when that request failed, and so is one at an op
//   of the engine when another fault was, since nobody knows whose op that is. A request that was
//   withdrawn may have had a fault as well, of which it says nothing. Whatever is left over is a
//   finding.
// A request is known by its number, which is unique in its op alone. Where there are several ops,
// an error is taken for the fault of which nobody was told yet and whose node it names, and of
// requests with one number each that failed answers for one fault at most; where nodes of a request
// run at once, for all. So a lost error passes where a request of another op with the same number
// was withdrawn or failed.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "harness/checks/check_board.h"
#include "harness/faults/injector.h"
#include "harness/target/target.h"
#include "runtime/base/unseen_mutex.h"

namespace tenter {

class InferenceErrors {
 public:
  // Whose errors: of one op; of several; of several in whose requests many nodes may fail at once.
  enum class Ops { kOne, kSeveral, kSeveralAtOnce };

  InferenceErrors(CheckBoard* board, bool expects_faults, Ops ops = Ops::kOne)
      : board_(board), expects_faults_(expects_faults), ops_(ops) {}

  // An error of a request that nothing was wrong with.
  void Add(const tgt_error& error) EXCLUDES(mutex_);
  // A request ended early, as it was asked to: it was cancelled, or its deadline has passed.
  void AddWithdrawn(const tgt_error& error) EXCLUDES(mutex_);
  // The error of a request with a wrong shape: typed, and it names both shapes.
  void CheckRefusal(const tgt_error& error);
  // A request with a wrong shape was answered.
  void MissingRefusal(int rank);

  void Match(const std::vector<FiredFault>& fired) EXCLUDES(mutex_);
  int64_t count() const EXCLUDES(mutex_);

 private:
  // Whether a fault explains it.
  bool MatchError(const tgt_error& error, const std::vector<FiredFault>& fired,
                  std::vector<bool>* answered);
  // Whether some failed request was the one that a fault struck, so that it could tell of another
  // fault alone. Of several ops it is taken from those that failed.
  bool WasOfAFailure(const FiredFault& fault, std::multiset<int64_t>* failed_requests) const;
  void CheckNode(const tgt_error& error, const FiredFault& fault);

  CheckBoard* const board_;
  const bool expects_faults_;
  const Ops ops_;
  mutable UnseenMutex mutex_;
  std::vector<tgt_error> errors_ GUARDED_BY(mutex_);
  std::multiset<int64_t> withdrawn_ GUARDED_BY(mutex_);  // requests
};

}  // namespace tenter
