// ModelFile: the file that is measured, what goes into it and how many results it has; Inputs: the
// seeded tensors that every contender is asked with.
//
// Thread safety: plain values; Inputs are read-only after Make.
// Ownership and lifetime: own everything; contenders borrow the bytes of Inputs.
// Invariants: the sizes of a port are positive: what the file leaves open was decided by whoever
//   wrote the command line.
// Errors: ParsePort returns kInvalidArgument with one line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"

namespace tenter::bench {

enum class Element { kFloat32, kFloat64, kInt32, kInt64, kUint8, kBool };

size_t BytesOf(Element element);

struct Port {
  std::string name;
  Element element = Element::kFloat32;
  std::vector<int64_t> dims;

  size_t bytes() const;
};

// "x=float32:1,3,224,224"; the name may hold any sign.
Result<Port> ParsePort(std::string_view text);

struct ModelFile {
  std::string path;
  std::vector<Port> inputs;
  std::vector<std::string> outputs;  // their names
};

class Inputs {
 public:
  // `sets` times one tensor per input: floating point uniform in [-1, 1), all else 0 or 1.
  static Inputs Make(const std::vector<Port>& ports, size_t sets, uint64_t seed);

  size_t sets() const { return sets_.size(); }
  const std::vector<Port>& ports() const { return ports_; }
  const std::byte* data(size_t set, size_t input) const { return sets_[set][input].data(); }

 private:
  std::vector<Port> ports_;
  std::vector<std::vector<std::vector<std::byte>>> sets_;
};

}  // namespace tenter::bench
