// Refused: which errors are right since the numbers of the request ask for what is not there.
//
// Thread safety: one thread.
// Ownership and lifetime: borrows the graph.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "fuzz/model/oracle/refusals.h"
#include "fuzz/model/run/history.h"

namespace tenter::fuzz::model {

class Refused {
 public:
  explicit Refused(const Graph& graph);

  // A node that must fail in this call; empty when there is none.
  std::string MustFailAt(const Answer& answer);
  // Whether one of its indices may be wrong.
  bool MayFail(const Answer& answer) { return !Of(answer).possible.empty(); }
  // Whether a node may fail in this call, and the answer has a code that says so.
  bool Explains(const Answer& answer);
  // Whether the model itself may be refused with this: an index that no call chooses, into numbers
  // that none chooses either.
  bool ExplainsCreation(int64_t size, tgt_code code, const tgt_error& error) const;
  // The node that may fail and that the error names; empty when it names none.
  std::string NodeNamedBy(const Answer& answer);

 private:
  const Refusals& Of(const Answer& answer);

  const Graph& graph_;
  bool gathers_ = false;  // no other op looks at its numbers in this way
  std::map<std::pair<int64_t, uint64_t>, Refusals> known_;  // by size and seed
};

}  // namespace tenter::fuzz::model
