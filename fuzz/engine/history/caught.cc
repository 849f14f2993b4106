#include "fuzz/engine/history/caught.h"

namespace tenter::fuzz {

std::string Caught::ToText() const {
  switch (what) {
    case What::kNothing:
      return "nothing";
    case What::kPlanned:
      return std::string(TypeName(type)) + " of " +
             (id < 0 ? "the deleter of var number " + std::to_string(-1 - id) : OpName(id));
    case What::kStatus:
      return std::string(StatusCodeName(code)) + ": " + text;
    case What::kUnknown:
      return "unplanned: " + text;
  }
  return text;
}

}  // namespace tenter::fuzz
