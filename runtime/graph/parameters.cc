#include "runtime/graph/parameters.h"

#include <algorithm>
#include <cstring>

#include "runtime/graph/large_constant.h"

namespace tenter {
namespace {

// Gives constants one place after another.
class Places {
 public:
  // The offset of the next one.
  size_t Next(size_t bytes) {
    const size_t unit = bytes >= kLargeBytes ? PageBytes() : kMemoryAlignment;
    const size_t at = (end_ + unit - 1) / unit * unit;
    end_ = at + AlignUp(std::max<size_t>(bytes, 1));
    // What comes next must not lie on the last page of a large one.
    if (bytes >= kLargeBytes) end_ = (end_ + unit - 1) / unit * unit;
    return at;
  }
  size_t end() const { return end_; }

 private:
  size_t end_ = 0;
};

}  // namespace

Status SealParameters(Graph& graph) {
  Places planned;
  for (const Value& value : graph.values)
    if (value.constant) planned.Next(value.constant->size_bytes());
  TENTER_ASSIGN_OR_RETURN(const auto pages, ProtectedPages::Allocate(planned.end()));
  Places places;
  for (Value& value : graph.values) {
    if (!value.constant) continue;
    const size_t bytes = value.constant->size_bytes();
    const size_t at = places.Next(bytes);
    value.spec = value.constant->spec();
    if (IsAlone(value)) {
      TENTER_RETURN_IF_ERROR(pages->TakePagesOf(*value.pages, at));
    } else {
      std::memcpy(pages->data() + at, value.constant->raw(), bytes);
    }
    value.constant = Tensor::View(*value.spec, pages, pages->data() + at);
    value.pages = nullptr;
  }
  graph.parameters = pages;
  graph.packed = MakePackedWeights();
  return pages->Seal();
}

}  // namespace tenter
