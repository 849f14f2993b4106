// Attributes: the named constants of one node, as its model file gives them.
//
// Thread safety: const methods from any thread once filled.
// Ownership and lifetime: owns its values; a Tensor among them shares its memory.
// Invariants: names are unique and kept in sorted order, so that messages do not depend on
//   insertion.
// Errors: a getter returns kInvalidArgument, naming the attribute and both types, when the type
//   differs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/tensor/tensor.h"

namespace tenter {

using AttributeValue = std::variant<int64_t, float, std::string, std::vector<int64_t>,
                                    std::vector<float>, std::vector<std::string>, Tensor>;

class Attributes {
 public:
  void Set(std::string name, AttributeValue value) { values_[std::move(name)] = std::move(value); }
  bool Has(std::string_view name) const { return values_.find(name) != values_.end(); }

  // The value, or `otherwise` when there is no attribute of this name.
  Result<int64_t> Int(std::string_view name, int64_t otherwise) const;
  Result<float> Float(std::string_view name, float otherwise) const;
  Result<std::string> String(std::string_view name, std::string otherwise) const;
  Result<std::vector<int64_t>> Ints(std::string_view name, std::vector<int64_t> otherwise) const;
  Result<std::vector<float>> Floats(std::string_view name, std::vector<float> otherwise) const;
  // An undefined tensor when there is no attribute of this name.
  Result<Tensor> TensorOr(std::string_view name) const;

  // Every name, sorted.
  std::vector<std::string_view> Names() const;
  // The value as messages show it: "SAME_UPPER", "[1,1]", "0.5". REQUIRES: Has(name).
  std::string Print(std::string_view name) const;

 private:
  std::map<std::string, AttributeValue, std::less<>> values_;
};

}  // namespace tenter
