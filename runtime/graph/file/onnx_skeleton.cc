#include "runtime/graph/file/onnx_skeleton.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream.h>
#include <onnx/onnx_pb.h>

#include <climits>
#include <cstdint>
#include <cstring>

namespace tenter {
namespace {

using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

// The messages on the way to raw_data.
enum class Kind { kModel, kGraph, kNode, kAttribute, kTensor };

struct Way {
  Kind from;
  int field;
  Kind to;
};

constexpr Way kWays[] = {
    {Kind::kModel, onnx::ModelProto::kGraphFieldNumber, Kind::kGraph},
    {Kind::kGraph, onnx::GraphProto::kInitializerFieldNumber, Kind::kTensor},
    {Kind::kGraph, onnx::GraphProto::kNodeFieldNumber, Kind::kNode},
    {Kind::kNode, onnx::NodeProto::kAttributeFieldNumber, Kind::kAttribute},
    {Kind::kAttribute, onnx::AttributeProto::kTFieldNumber, Kind::kTensor},
};

// How a field is written, in the low bits of its tag.
enum WireType : uint32_t { kVarint = 0, kFixed64, kBytes, kGroupBegin, kGroupEnd, kFixed32 };
constexpr uint32_t kWireBits = 3;
constexpr int kGroupsMax = 100;  // of groups in groups, which no model has

void AddVarint(uint64_t value, std::string* out) {
  uint8_t buffer[10];
  const uint8_t* const end = CodedOutputStream::WriteVarint64ToArray(value, buffer);
  out->append(reinterpret_cast<const char*>(buffer), static_cast<size_t>(end - buffer));
}

void AddBytes(const std::string& bytes, std::string* out) {
  AddVarint(bytes.size(), out);
  *out += bytes;
}

}  // namespace

class OnnxSkeleton::Walk {
 public:
  Walk(CodedInputStream* in, OnnxSkeleton* made) : in_(in), made_(made) {}

  // All of a message of this kind, up to the limit of the stream.
  bool Message(Kind kind, std::string* out) {
    while (in_->BytesUntilLimit() > 0) {
      const uint32_t tag = in_->ReadTag();
      if (tag == 0 || !Field(kind, tag, out)) return false;
    }
    return true;
  }

 private:
  bool Field(Kind kind, uint32_t tag, std::string* out) {
    const auto field = static_cast<int>(tag >> kWireBits);
    if ((tag & 7) != kBytes) return Copy(tag, 0, out);
    if (kind == Kind::kTensor && field == onnx::TensorProto::kRawDataFieldNumber)
      return CutOut(tag, out);
    for (const Way& way : kWays)
      if (way.from == kind && way.field == field) return Descend(way.to, tag, out);
    return Copy(tag, 0, out);
  }

  bool ReadLength(int* length) {
    uint32_t read = 0;
    if (!in_->ReadVarint32(&read)) return false;
    *length = static_cast<int>(read);
    return read <= static_cast<uint32_t>(in_->BytesUntilLimit());
  }

  bool Descend(Kind kind, uint32_t tag, std::string* out) {
    int length = 0;
    if (!ReadLength(&length)) return false;
    const CodedInputStream::Limit outer = in_->PushLimit(length);
    std::string inside;
    if (!Message(kind, &inside)) return false;
    in_->PopLimit(outer);
    AddVarint(tag, out);
    AddBytes(inside, out);
    return true;
  }

  bool CutOut(uint32_t tag, std::string* out) {
    int length = 0;
    if (!ReadLength(&length)) return false;
    const auto number = static_cast<uint32_t>(made_->pieces_.size());
    made_->pieces_.push_back(
        {static_cast<size_t>(in_->CurrentPosition()), static_cast<size_t>(length)});
    AddVarint(tag, out);
    AddBytes(std::string(reinterpret_cast<const char*>(&number), sizeof(number)), out);
    return in_->Skip(length);
  }

  // Any other field, as it is.
  bool Copy(uint32_t tag, int groups, std::string* out) {
    AddVarint(tag, out);
    uint64_t number = 0;
    int length = 0;
    switch (tag & 7) {
      case kVarint:
        if (!in_->ReadVarint64(&number)) return false;
        AddVarint(number, out);
        return true;
      case kFixed64:
        return CopyBytes(sizeof(uint64_t), out);
      case kFixed32:
        return CopyBytes(sizeof(uint32_t), out);
      case kBytes:
        if (!ReadLength(&length)) return false;
        AddVarint(static_cast<uint64_t>(length), out);
        return CopyBytes(length, out);
      case kGroupBegin:
        return groups < kGroupsMax && CopyGroup(tag >> kWireBits, groups + 1, out);
      default:
        return false;
    }
  }

  bool CopyBytes(int count, std::string* out) {
    std::string bytes;
    if (!in_->ReadString(&bytes, count)) return false;
    *out += bytes;
    return true;
  }

  bool CopyGroup(uint32_t field, int groups, std::string* out) {
    for (;;) {
      const uint32_t tag = in_->ReadTag();
      if (tag == 0) return false;
      if ((tag & 7) != kGroupEnd) {
        if (!Copy(tag, groups, out)) return false;
        continue;
      }
      AddVarint(tag, out);
      return tag >> kWireBits == field;
    }
  }

  CodedInputStream* const in_;
  OnnxSkeleton* const made_;
};

std::optional<OnnxSkeleton> OnnxSkeleton::Make(const ModelBytes& bytes) {
  if (bytes.size() > INT_MAX) return {};  // more than the parser takes
  const auto stream = bytes.NewStream();
  CodedInputStream in(stream.get());
  in.PushLimit(static_cast<int>(bytes.size()));
  OnnxSkeleton made(bytes);
  if (!Walk(&in, &made).Message(Kind::kModel, &made.message_)) return {};
  return made;
}

OnnxSkeleton::Piece OnnxSkeleton::PieceOf(const std::string& raw_data) const {
  uint32_t number = 0;
  if (raw_data.size() != sizeof(number)) return {0, 0};
  std::memcpy(&number, raw_data.data(), sizeof(number));
  return number < pieces_.size() ? pieces_[number] : Piece{0, 0};
}

bool OnnxSkeleton::Read(const std::string& raw_data, void* to) const {
  const Piece piece = PieceOf(raw_data);
  return bytes_->Read(piece.offset, piece.size, to);
}

}  // namespace tenter
