// CallPart: a call that computes some of the rows of another call, so that several threads can
// compute one.
//
//   output rows    0 .. 6 | 7 .. 13       two parts of a convolution of 3x3 with padding
//   input rows     0 .. 7                 the first: no padding behind
//                  6 .. 13                the second: none in front
//
// The rows are those along the first axis of the output that is longer than 1: images of a batch,
// rows of one image with the channels last, rows of a matrix, outputs of a Gemm of one row. What
// lies in front of that axis is 1, so a part of the output is one piece of memory, and so is what
// it reads of each input.
//
// Path: MakeKernel, for a call that may be cut -> CutCall -> a kernel per part -> PartedKernel.
//
// Thread safety: pure functions, plain values.
// Ownership and lifetime: a part owns what its call refers to beside what the whole call refers to.
// Invariants: (1) the parts compute each row of the output once. (2) How a call is cut depends on
//   the call alone, so the bits do not depend on who runs.
#pragma once

#include <memory>
#include <vector>

#include "runtime/ops/calls.h"

namespace tenter {

// A piece of a tensor. With the spec of the whole tensor and no offset it is all of it.
struct Piece {
  TensorSpec spec;
  size_t offset = 0;  // bytes
};

class CallPart {
 public:
  // Of `whole`, which outlives it; what it reads follows by Take.
  CallPart(const OpCall& whole, Attributes attributes);

  const OpCall& call() const { return call_; }
  const Piece& output() const { return output_; }
  // One per tensor of a run: of the inputs of the call, then of those of its epilogue.
  std::vector<Piece> Pieces() const;

  // Input `i` of the call, or of the op of its epilogue, is this piece.
  void Take(size_t i, Piece piece);
  void TakeForEpilogue(size_t op, size_t i, Piece piece) {
    TakeFor(&call_.epilogue[op], &of_epilogue_[op], i, std::move(piece));
  }
  void SetPartOf(int parts) { call_.part_of = parts; }
  void SetOutput(Piece piece) { output_ = std::move(piece); }

 private:
  void TakeFor(OpCall* call, std::vector<Piece>* pieces, size_t i, Piece piece);

  std::unique_ptr<const Attributes> attributes_;
  OpCall call_;
  std::vector<Piece> inputs_;
  std::vector<std::vector<Piece>> of_epilogue_;
  Piece output_;
  std::vector<std::unique_ptr<const Tensor>> constants_;  // pieces of those of the whole call
};

// Empty where the call stays whole: it is too small, or its rows cannot be computed apart.
// REQUIRES: `output` is its only output.
std::vector<CallPart> CutCall(const OpCall& call, const TensorSpec& output);

}  // namespace tenter
