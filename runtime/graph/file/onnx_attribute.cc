#include "runtime/graph/file/onnx_attribute.h"

#include <onnx/onnx_pb.h>

#include <string>
#include <utility>
#include <vector>

#include "runtime/graph/file/onnx_tensor.h"

namespace tenter {

Result<AttributeValue> ReadAttribute(const onnx::AttributeProto& proto,
                                     const OnnxSkeleton& skeleton) {
  switch (proto.type()) {
    case onnx::AttributeProto::INT:
      return AttributeValue(static_cast<int64_t>(proto.i()));
    case onnx::AttributeProto::FLOAT:
      return AttributeValue(proto.f());
    case onnx::AttributeProto::STRING:
      return AttributeValue(proto.s());
    case onnx::AttributeProto::INTS:
      return AttributeValue(std::vector<int64_t>(proto.ints().begin(), proto.ints().end()));
    case onnx::AttributeProto::FLOATS:
      return AttributeValue(std::vector<float>(proto.floats().begin(), proto.floats().end()));
    case onnx::AttributeProto::STRINGS:
      return AttributeValue(
          std::vector<std::string>(proto.strings().begin(), proto.strings().end()));
    case onnx::AttributeProto::TENSOR: {
      TENTER_ASSIGN_OR_RETURN(Tensor tensor, ReadTensor(proto.t(), skeleton));
      return AttributeValue(std::move(tensor));
    }
    case onnx::AttributeProto::GRAPH:
    case onnx::AttributeProto::GRAPHS:
      return Status(StatusCode::kUnsupported, "subgraph in attribute " + proto.name());
    default:
      return Status(StatusCode::kUnsupported, "kind of attribute " + proto.name());
  }
}

}  // namespace tenter
