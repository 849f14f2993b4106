// Refusals: everything in a model file that is not supported, each phrase once, with the first node
// that has it. All is told at once, so that nobody has to try a model again for each part.
//
// Thread safety: one thread.
// Invariants: phrases keep the order in which they were met.
// Errors: ToStatus is kUnsupported when there are any.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/status.h"

namespace tenter {

class Refusals {
 public:
  // `node` is empty for what belongs to no node.
  void Add(const std::string& phrase, const std::string& node);

  // "unsupported: op LSTM (node 'a' and 2 more), opset 3"
  Status ToStatus() const;

 private:
  struct Entry {
    std::string phrase;
    std::string node;
    int more;
  };
  std::vector<Entry> entries_;
};

}  // namespace tenter
