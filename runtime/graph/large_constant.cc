#include "runtime/graph/large_constant.h"

#include <utility>

namespace tenter {

Result<Value> NewConstant(std::string name, const TensorSpec& spec) {
  Value made{std::move(name), spec, std::nullopt};
  TENTER_ASSIGN_OR_RETURN(const size_t bytes, spec.CountBytes());
  if (bytes >= kLargeBytes) {
    TENTER_ASSIGN_OR_RETURN(made.pages, ProtectedPages::Allocate(bytes));
    made.constant = Tensor::View(spec, made.pages, made.pages->data());
  } else {
    TENTER_ASSIGN_OR_RETURN(made.constant, Tensor::Allocate(spec));
  }
  return made;
}

bool IsAlone(const Value& value) {
  constexpr long kOfTheValue = 2;  // its own reference, and that of its constant
  return value.pages != nullptr && value.pages.use_count() == kOfTheValue;
}

}  // namespace tenter
