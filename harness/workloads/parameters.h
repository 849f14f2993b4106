// Parameters: the numbers, texts and switches of a workload, as the run plan gives them.
//
// Thread safety: read-only once built.
// Ownership and lifetime: owns its values.
// Invariants: after Check every declared parameter has a value of its type, and there is no other.
// Errors: Check returns kInvalidArgument, one line with the nearest match or the bound. Asking
//   for a parameter that is not declared is a programmer error (CHECK).
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "runtime/base/status.h"

namespace tenter {

using ParameterValue = std::variant<int64_t, double, bool, std::string>;

struct ParameterType {
  std::string_view name;
  ParameterValue default_value;  // its alternative is the type
  std::string_view meaning;
  int64_t minimum = 0;  // of integers
  int64_t maximum = std::numeric_limits<int64_t>::max();
};

class Parameters {
 public:
  void Set(std::string name, ParameterValue value) { values_[std::move(name)] = std::move(value); }

  // Fills in defaults and checks names, types and bounds.
  Status Check(std::span<const ParameterType> types);

  int64_t Int(std::string_view name) const { return Get<int64_t>(name); }
  double Number(std::string_view name) const { return Get<double>(name); }
  bool Flag(std::string_view name) const { return Get<bool>(name); }
  const std::string& Text(std::string_view name) const { return Get<std::string>(name); }

 private:
  template <typename T>
  const T& Get(std::string_view name) const {
    const auto it = values_.find(name);
    TENTER_CHECK(it != values_.end() && std::holds_alternative<T>(it->second),
                 "parameter '" + std::string(name) + "' was not declared with this type");
    return std::get<T>(it->second);
  }
  std::map<std::string, ParameterValue, std::less<>> values_;
};

// "integer", "number", "boolean" or "string".
std::string_view ParameterKind(const ParameterValue& value);

}  // namespace tenter
