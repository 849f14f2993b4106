#include "runtime/graph/file/onnx_tensor.h"

#include <onnx/onnx_pb.h>

#include <algorithm>

#include "runtime/graph/file/import_message.h"

namespace tenter {
namespace {

// Copies a typed field of the file to the elements; the caller checked the count.
template <typename T, typename Field>
void CopyField(const Field& field, Tensor& tensor) {
  std::transform(field.begin(), field.end(), tensor.mutable_data<T>(),
                 [](auto value) { return static_cast<T>(value); });
}

int FieldSize(const onnx::TensorProto& proto, DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return proto.float_data_size();
    case DType::kFloat64:
      return proto.double_data_size();
    case DType::kInt64:
      return proto.int64_data_size();
    default:
      return proto.int32_data_size();
  }
}

void CopyFields(const onnx::TensorProto& proto, Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kFloat32:
      return CopyField<float>(proto.float_data(), tensor);
    case DType::kFloat64:
      return CopyField<double>(proto.double_data(), tensor);
    case DType::kInt32:
      return CopyField<int32_t>(proto.int32_data(), tensor);
    case DType::kInt64:
      return CopyField<int64_t>(proto.int64_data(), tensor);
    case DType::kUint8:
      return CopyField<uint8_t>(proto.int32_data(), tensor);
    case DType::kBool:
      return CopyField<bool>(proto.int32_data(), tensor);
  }
}

// The bytes of a bool may have any value in a file, and must be 0 or 1 in memory.
void MakeBools(Tensor& tensor) {
  auto* const bytes = static_cast<unsigned char*>(tensor.mutable_raw());
  for (size_t i = 0; i < tensor.size_bytes(); ++i) bytes[i] = bytes[i] != 0 ? 1 : 0;
}

}  // namespace

std::optional<DType> DTypeOfOnnx(int onnx_type) {
  switch (onnx_type) {
    case onnx::TensorProto::FLOAT:
      return DType::kFloat32;
    case onnx::TensorProto::DOUBLE:
      return DType::kFloat64;
    case onnx::TensorProto::INT32:
      return DType::kInt32;
    case onnx::TensorProto::INT64:
      return DType::kInt64;
    case onnx::TensorProto::UINT8:
      return DType::kUint8;
    case onnx::TensorProto::BOOL:
      return DType::kBool;
    default:
      return std::nullopt;
  }
}

std::string OnnxTypeName(int onnx_type) {
  return onnx::TensorProto::DataType_IsValid(onnx_type)
             ? onnx::TensorProto::DataType_Name(static_cast<onnx::TensorProto::DataType>(onnx_type))
             : "number " + std::to_string(onnx_type);
}

Result<TensorSpec> CheckTensor(const onnx::TensorProto& proto, const OnnxSkeleton& skeleton) {
  const std::string who = "tensor " + Quoted(proto.name());
  if (proto.data_location() == onnx::TensorProto::EXTERNAL)
    return Status(StatusCode::kUnsupported, "external data of " + who);
  const auto dtype = DTypeOfOnnx(proto.data_type());
  if (!dtype)
    return Status(StatusCode::kUnsupported,
                  "type " + OnnxTypeName(proto.data_type()) + " of " + who);
  TensorSpec spec{*dtype, Shape({proto.dims().begin(), proto.dims().end()})};
  const auto bytes = spec.CountBytes();
  if (!bytes.ok()) return Contradiction(who + ": " + bytes.status().message());
  // Before memory is asked for, so that a wrong shape cannot ask for a lot.
  const size_t found = proto.has_raw_data()
                           ? skeleton.SizeOf(proto.raw_data())
                           : static_cast<size_t>(FieldSize(proto, *dtype)) * DTypeBytes(*dtype);
  if (found != *bytes)
    return Contradiction(who + ": " + spec.ToString() + " needs " + std::to_string(*bytes) +
                         " bytes, the file has " + std::to_string(found));
  return spec;
}

Status FillTensor(const onnx::TensorProto& proto, const OnnxSkeleton& skeleton, Tensor& tensor) {
  if (!proto.has_raw_data()) {
    CopyFields(proto, tensor);
    return {};
  }
  if (!skeleton.Read(proto.raw_data(), tensor.mutable_raw()))
    return {StatusCode::kDataLoss,
            "tensor " + Quoted(proto.name()) + ": the file was cut off while it was read"};
  if (tensor.dtype() == DType::kBool) MakeBools(tensor);
  return {};
}

Result<Tensor> ReadTensor(const onnx::TensorProto& proto, const OnnxSkeleton& skeleton) {
  TENTER_ASSIGN_OR_RETURN(const TensorSpec spec, CheckTensor(proto, skeleton));
  TENTER_ASSIGN_OR_RETURN(Tensor tensor, Tensor::Allocate(spec));
  TENTER_RETURN_IF_ERROR(FillTensor(proto, skeleton, tensor));
  return tensor;
}

}  // namespace tenter
