// Batch and BatchSource: what iterators yield, and where it comes from.
//
// Path: file -> BatchSource (one thread at a time) -> ThreadedIterator (prefetch) -> consumer.
//
// Thread safety: a BatchSource is used by one thread at a time; the iterator's producer thread
//    when there is one. Interrupt alone comes from any thread, also during another call.
// Ownership and lifetime: a Batch owns its tensor until the caller drops it; nothing overwrites
//    it (ITR-6).
// Invariants: after Next returned an error or the end, Next is not called again before Reset.
// Errors: Next and Reset return a Status, or throw anything: the iterator delivers both in place
//    (ITR-2).
#pragma once

#include <cstdint>
#include <optional>

#include "runtime/base/status.h"
#include "runtime/io/skipped_rows.h"
#include "runtime/tensor/tensor.h"

namespace tenter {

struct Batch {
  Tensor data = {};       // [rows of the batch, shape of a row]
  int64_t index = 0;      // 0, 1, ... within the epoch
  int64_t first_row = 0;  // number of its first row within the epoch
  int64_t pad = 0;        // rows at the end that repeat the beginning of the epoch (round_batch)
};

class BatchSource {
 public:
  virtual ~BatchSource() = default;

  // The next batch of the epoch, or nothing at its end.
  virtual Result<std::optional<Batch>> Next() = 0;

  // Starts a new epoch at the first row, also after an error (ITR-3), and takes back an Interrupt.
  virtual Status Reset() = 0;

  // The rows that were left out since the last call because they were bad, where the source has an
  // option to go on after them. The iterator asks after each Next, also after one that failed.
  virtual SkippedRows TakeSkipped() { return {}; }

  // Makes a running Next, and each that follows, return an error soon, until Reset. A source that
  // may wait for something must override it, or Close waits too (ITR-5). It does not block.
  virtual void Interrupt() noexcept {}
};

}  // namespace tenter
