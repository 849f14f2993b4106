// EpochReader: one consumer of an iterator over a file of known rows: it reads epochs, resets and
// closes, and compares every batch and every error with what has to come.
//
//   Live (all lives but the last one are over after it) -> Afterwards, once the faults have
//   stopped -> Finish
//
// Thread safety: one thread at a time; several readers run side by side.
// Ownership and lifetime: owns the iterator of its last life; borrows stage and file.
// Invariants: every fault that made an error it was told is in `told`.
// Errors: Live returns what the target refused at the creation of an iterator; the rest are
//   findings.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "harness/workloads/handles.h"
#include "harness/workloads/workload.h"
#include "runtime/base/atomic.h"

namespace tenter {

// The file, and how it is to be read.
struct EpochFile {
  explicit EpochFile(const Stage& stage);

  std::string path;
  bool own;  // made by the workload, so that its rows are known
  int64_t rows, columns, batch_size, bad_row;
  bool round_batch;

  int64_t batches() const { return (rows + batch_size - 1) / batch_size; }
  // The batch in which the bad row stands, or -1.
  int64_t bad_batch() const { return bad_row < 0 ? -1 : bad_row / batch_size; }
};

class EpochReader {
 public:
  EpochReader(Stage& stage, const EpochFile& file);

  Status Live();
  // One epoch more, after a reset. Whatever struck before, every row has to come.
  void Afterwards();
  void Finish();

  int64_t batches() const { return batches_; }
  int64_t rows() const { return rows_seen_; }
  int64_t errors() const { return errors_; }
  int64_t close_ns_max() const { return close_ns_max_; }
  // The contract that a standstill breaks now, asked from any thread; null between lives.
  const char* doing() const { return doing_.Load(kRelaxed); }
  // The numbers of the faults with a message that it was told of; of those without, which all say
  // the same, how often it was told of one. And the values of the aftermath.
  const std::set<uint64_t>& told() const { return told_; }
  int64_t told_without_text() const { return told_without_text_; }
  uint64_t hash() const { return hash_; }

 private:
  Status Create();
  void ReadEpochs(bool last);
  void Reset();
  void Epoch(int64_t stop_after);
  void CheckBatch(const tgt_batch& batch, int64_t number, int64_t* expected_row);
  void CheckValues(const tgt_batch& batch, int64_t first_row, int64_t rows);
  void CheckEnd(int64_t batch_number, int64_t expected_row);
  void CheckError(const tgt_error& error, int64_t batch_number);
  bool IsOfFault(const tgt_error& error, int64_t batch_number);
  void CloseInTheMiddle(int64_t after);
  std::string_view OfError() const;
  void Report(const CheckType& check, std::string_view contract, const char* what,
              std::string title);

  Stage& stage_;
  const tgt_target& table_;
  const EpochFile& file_;
  std::unique_ptr<Handle> iterator_;
  bool calm_ = false;  // the faults have stopped
  std::set<uint64_t> told_;
  int64_t told_without_text_ = 0;
  uint64_t hash_ = 0;
  int64_t batches_ = 0, rows_seen_ = 0, errors_ = 0, close_ns_max_ = 0;
  int64_t resets_ = 0, findings_ = 0;  // of this life, and of all
  Atomic<const char*> doing_ = nullptr;
};

}  // namespace tenter
