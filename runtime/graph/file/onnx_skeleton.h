// OnnxSkeleton: a model file without the elements of its tensors, and where in the file these lie.
//
// The parser would copy them, and they are nearly all of a file. So the file is walked, field by
// field, before it is parsed: what is left is small, and each element is read once, straight to the
// place where it stays.
//
// Path: ModelBytes -> MakeSkeleton -> the parser -> ReadTensor, which asks it for elements.
//
// Thread safety: const methods from any thread.
// Ownership and lifetime: borrows the ModelBytes.
// Invariants: the parser takes `message()` for a model when it takes the file for one, and both
//   say the same but for raw_data of tensors, which holds the number of a piece.
// Errors: nothing is made of what cannot be walked: it is not an ONNX file, or not all of one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/graph/file/model_bytes.h"

namespace tenter {

class OnnxSkeleton {
 public:
  // Throws std::bad_alloc.
  static std::optional<OnnxSkeleton> Make(const ModelBytes& bytes);

  const std::string& message() const { return message_; }

  // How many bytes the file has where the parsed model has this raw_data.
  size_t SizeOf(const std::string& raw_data) const { return PieceOf(raw_data).size; }
  // Copies them to `to`. False when the file no longer has them.
  bool Read(const std::string& raw_data, void* to) const;

 private:
  struct Piece {
    size_t offset;
    size_t size;
  };
  class Walk;

  explicit OnnxSkeleton(const ModelBytes& bytes) : bytes_(&bytes) {}
  Piece PieceOf(const std::string& raw_data) const;

  const ModelBytes* bytes_;
  std::string message_;
  std::vector<Piece> pieces_;
};

}  // namespace tenter
