#include "bench/model/model_file.h"

#include <charconv>
#include <cstring>
#include <map>

#include "runtime/base/rng.h"

namespace tenter::bench {
namespace {

const std::map<std::string_view, Element> kNames = {
    {"float32", Element::kFloat32}, {"float64", Element::kFloat64}, {"int32", Element::kInt32},
    {"int64", Element::kInt64},     {"uint8", Element::kUint8},     {"bool", Element::kBool}};

Status BadPort(std::string_view text) {
  return {StatusCode::kInvalidArgument,
          "expected NAME=TYPE:1,3,224,224 and not '" + std::string(text) + "'"};
}

template <typename T>
void Fill(std::vector<std::byte>& bytes, Rng& rng, T (*draw)(Rng&)) {
  for (size_t at = 0; at < bytes.size(); at += sizeof(T)) {
    const T value = draw(rng);
    std::memcpy(bytes.data() + at, &value, sizeof(T));
  }
}

template <typename T>
T Real(Rng& rng) {
  return static_cast<T>(2 * rng.Unit() - 1);
}

template <typename T>
T Whole(Rng& rng) {
  return static_cast<T>(rng.Below(2));
}

void Draw(Element element, std::vector<std::byte>& bytes, Rng& rng) {
  switch (element) {
    case Element::kFloat32:
      return Fill(bytes, rng, Real<float>);
    case Element::kFloat64:
      return Fill(bytes, rng, Real<double>);
    case Element::kInt32:
      return Fill(bytes, rng, Whole<int32_t>);
    case Element::kInt64:
      return Fill(bytes, rng, Whole<int64_t>);
    case Element::kUint8:
    case Element::kBool:
      return Fill(bytes, rng, Whole<uint8_t>);
  }
}

}  // namespace

size_t BytesOf(Element element) {
  switch (element) {
    case Element::kFloat64:
    case Element::kInt64:
      return 8;
    case Element::kFloat32:
    case Element::kInt32:
      return 4;
    case Element::kUint8:
    case Element::kBool:
      return 1;
  }
  return 1;
}

size_t Port::bytes() const {
  size_t count = BytesOf(element);
  for (const int64_t dim : dims) count *= static_cast<size_t>(dim);
  return count;
}

Result<Port> ParsePort(std::string_view text) {
  const size_t equals = text.rfind('='), colon = text.rfind(':');
  if (equals == std::string_view::npos || colon == std::string_view::npos || colon < equals)
    return BadPort(text);
  const auto element = kNames.find(text.substr(equals + 1, colon - equals - 1));
  if (element == kNames.end()) return BadPort(text);
  Port port{.name = std::string(text.substr(0, equals)), .element = element->second, .dims = {}};
  const char* at = text.data() + colon + 1;
  const char* const end = text.data() + text.size();
  while (at != end) {
    int64_t dim = 0;
    const auto [next, error] = std::from_chars(at, end, dim);
    if (error != std::errc() || dim < 1 || (next != end && *next != ',')) return BadPort(text);
    port.dims.push_back(dim);
    at = next == end ? end : next + 1;
  }
  return port;
}

Inputs Inputs::Make(const std::vector<Port>& ports, size_t sets, uint64_t seed) {
  Inputs made;
  made.ports_ = ports;
  Rng rng(seed);
  for (size_t set = 0; set < sets; ++set) {
    std::vector<std::vector<std::byte>>& tensors = made.sets_.emplace_back();
    for (const Port& port : ports) Draw(port.element, tensors.emplace_back(port.bytes()), rng);
  }
  return made;
}

}  // namespace tenter::bench
