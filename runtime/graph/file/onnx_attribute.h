// ReadAttribute: an attribute as the file holds it becomes a value.
//
// Thread safety: any thread.
// Ownership and lifetime: the result owns a copy; nothing of the file is kept.
// Errors: kUnsupported with a phrase where its kind or its tensor's type is not known here;
//   kInvalidArgument and kDataLoss with a sentence.
#pragma once

#include "runtime/base/status.h"
#include "runtime/graph/file/onnx_skeleton.h"
#include "runtime/ops/attributes.h"

namespace onnx {
class AttributeProto;
}

namespace tenter {

Result<AttributeValue> ReadAttribute(const onnx::AttributeProto& proto,
                                     const OnnxSkeleton& skeleton);

}  // namespace tenter
