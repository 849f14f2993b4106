#include "runtime/ops/attributes.h"

#include <array>
#include <utility>

namespace tenter {
namespace {

// One for each alternative of AttributeValue, in their order.
constexpr std::array<std::string_view, 7> kTypeNames = {"int",    "float",   "string", "ints",
                                                        "floats", "strings", "tensor"};

template <typename T>
Result<T> Get(const std::map<std::string, AttributeValue, std::less<>>& values,
              std::string_view name, T otherwise) {
  const auto found = values.find(name);
  if (found == values.end()) return otherwise;
  if (const T* value = std::get_if<T>(&found->second)) return *value;
  const size_t wanted = AttributeValue(std::in_place_type<T>).index();
  return Status(StatusCode::kInvalidArgument,
                "attribute " + std::string(name) + " is of type " +
                    std::string(kTypeNames[found->second.index()]) + ", expected " +
                    std::string(kTypeNames[wanted]));
}

std::string PrintFloat(float value) {
  std::string text = std::to_string(value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string PrintOne(const std::string& value) { return value; }
std::string PrintOne(int64_t value) { return std::to_string(value); }
std::string PrintOne(float value) { return PrintFloat(value); }
std::string PrintOne(const Tensor& value) { return value.spec().ToString(); }

template <typename T>
std::string PrintOne(const std::vector<T>& values) {
  std::string text = "[";
  for (const T& value : values) text.append(text.size() > 1 ? "," : "").append(PrintOne(value));
  return text.append("]");
}

}  // namespace

Result<int64_t> Attributes::Int(std::string_view name, int64_t otherwise) const {
  return Get<int64_t>(values_, name, otherwise);
}

Result<float> Attributes::Float(std::string_view name, float otherwise) const {
  return Get<float>(values_, name, otherwise);
}

Result<std::string> Attributes::String(std::string_view name, std::string otherwise) const {
  return Get<std::string>(values_, name, std::move(otherwise));
}

Result<std::vector<int64_t>> Attributes::Ints(std::string_view name,
                                              std::vector<int64_t> otherwise) const {
  return Get<std::vector<int64_t>>(values_, name, std::move(otherwise));
}

Result<std::vector<float>> Attributes::Floats(std::string_view name,
                                              std::vector<float> otherwise) const {
  return Get<std::vector<float>>(values_, name, std::move(otherwise));
}

Result<Tensor> Attributes::TensorOr(std::string_view name) const {
  return Get<Tensor>(values_, name, Tensor());
}

std::vector<std::string_view> Attributes::Names() const {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : values_) names.push_back(name);
  return names;
}

std::string Attributes::Print(std::string_view name) const {
  const auto found = values_.find(name);
  TENTER_CHECK(found != values_.end(), "no attribute " + std::string(name));
  return std::visit([](const auto& value) { return PrintOne(value); }, found->second);
}

}  // namespace tenter
