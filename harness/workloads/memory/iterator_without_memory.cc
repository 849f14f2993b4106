// An iterator without memory: each allocation of one life (create, an epoch, a reset) fails in
// turn. Batches come in order and whole up to an error, every error is typed, and a reset recovers.
#include <array>
#include <fstream>

#include "harness/workloads/handles.h"
#include "harness/workloads/memory/allocation_sweep.h"

namespace tenter {
namespace {

// What one reading of an epoch came to; holds no memory, so that it can be filled in without any.
struct Reading {
  static constexpr size_t kErrorsMax = 3;
  std::array<Answer, kErrorsMax> errors;
  size_t error_count = 0;
  int64_t batches = 0;
  bool ended = false, right = true;  // every batch was the next one, with its own rows
};

class IteratorCall final : public ShortCall {
 public:
  IteratorCall(Stage& stage, AllocationSweep* sweep)
      : stage_(stage),
        table_(stage.target.table()),
        sweep_(sweep),
        rows_(stage.parameters.Int("rows")),
        columns_(stage.parameters.Int("columns")),
        batch_size_(stage.parameters.Int("batch_size")),
        path_(stage.scratch_dir + "/rows.csv"),
        iterator_(stage, kIteratorHandle) {
    std::ofstream file(path_);
    for (int64_t i = 0; i < rows_ * columns_; ++i)
      file << i << ((i + 1) % columns_ == 0 ? "\n" : ",");
  }

  Status Prepare() override {
    reading_ = {};
    created_ = reset_ = {};
    return {};
  }
  void Call() override {
    created_ = Create();
    if (!created_.ok()) return;
    Read(&reading_);
    reset_ = Reset();
  }
  void Judge(bool failed) override {
    sweep_->CheckAnswer(created_, failed, "csv_iterator_create");
    CheckReading(reading_, failed);
    sweep_->CheckAnswer(reset_, failed, "iterator_reset");
    if (iterator_.get() == 0) sweep_->CheckAnswer(Create(), false, "the next csv_iterator_create");
    if (iterator_.get() == 0) return;
    // ITR-3: what failed while the epoch after it began may be an error of that one.
    sweep_->CheckAnswer(Reset(), false, "the next iterator_reset");
    Reading again;
    Read(&again);
    CheckReading(again, false);
    iterator_.Free();
  }

 private:
  Answer Create() {
    const Answer answer = Ask([&](tgt_error* error) {
      tgt_csv_options options = {};
      options.path = path_.c_str();
      options.row_dims = &columns_;
      options.row_rank = 1;
      options.dtype = TGT_FLOAT64;
      options.batch_size = batch_size_;
      options.prefetch = static_cast<uint64_t>(stage_.parameters.Int("prefetch"));
      return table_.csv_iterator_create(stage_.target.self(), &options, iterator_.out(), error);
    });
    if (!answer.ok()) *iterator_.out() = 0;
    return answer;
  }
  Answer Reset() {
    return Ask([&](tgt_error* error) {
      return table_.iterator_reset(stage_.target.self(), iterator_.get(), error);
    });
  }

  // Reads on after an error: one that ended the epoch stays, any other leaves the epoch as it was.
  void Read(Reading* reading) {
    while (reading->error_count < Reading::kErrorsMax && !reading->ended) {
      tgt_batch batch = {};
      const Answer answer = Ask([&](tgt_error* error) {
        return table_.iterator_next(stage_.target.self(), iterator_.get(), &batch, error);
      });
      if (!answer.ok()) {
        reading->errors[reading->error_count++] = answer;
      } else if (batch.has_value == 0) {
        reading->ended = true;
      } else {
        reading->right = reading->right && IsNext(batch, reading->batches++);
        table_.tensor_release(stage_.target.self(), &batch.data);
      }
    }
  }
  bool IsNext(const tgt_batch& batch, int64_t number) const {
    const int64_t first = number * batch_size_;
    const int64_t rows = std::min(batch_size_, rows_ - first);
    if (batch.index != number || batch.data.rank < 1 || batch.data.dims[0] != rows) return false;
    const auto* values = static_cast<const double*>(batch.data.data);
    for (int64_t i = 0; i < rows * columns_; ++i)
      if (values[i] != static_cast<double>(first * columns_ + i)) return false;
    return true;
  }

  void CheckReading(const Reading& reading, bool failed) {
    for (size_t i = 0; i < reading.error_count; ++i)
      sweep_->CheckAnswer(reading.errors[i], failed, "iterator_next");
    stage_.board.Examine(kEpoch);
    if (!reading.right)
      sweep_->Report(kEpoch, "ITR-1", "a wrong batch",
                     "a batch is not the next one, or not of its rows");
    if (reading.ended && reading.batches != Batches())
      sweep_->Report(kEpoch, "ITR-1", "rows lost",
                     "the epoch ended after " + std::to_string(reading.batches) + " of " +
                         std::to_string(Batches()) + " batches");
  }
  int64_t Batches() const { return (rows_ + batch_size_ - 1) / batch_size_; }

  Stage& stage_;
  const tgt_target& table_;
  AllocationSweep* const sweep_;
  const int64_t rows_, columns_, batch_size_;
  const std::string path_;
  Handle iterator_;
  Answer created_, reset_;
  Reading reading_;
};

Status RunIteratorWithoutMemory(Stage& stage) {
  AllocationSweep sweep(stage, "iterator");
  IteratorCall call(stage, &sweep);
  return sweep.Run(&call);
}

}  // namespace

WorkloadType IteratorWithoutMemory() {
  return {.kind = "iterator_without_memory",
          .meaning = "each allocation of one life of an iterator fails in turn",
          .groups = TGT_ITERATOR,
          .parameters = SweepParameters({{"rows", int64_t{20}, "rows of the file that is made", 1},
                                         {"columns", int64_t{3}, "numbers of a row", 1},
                                         {"batch_size", int64_t{3}, "rows of a batch", 1},
                                         {"prefetch", int64_t{2}, "batches made ahead", 1}}),
          .checks = {"error_exactness", "epoch", "leak", "liveness", "data_race"},
          .exposes = {"allocations", "shortages", "calls_refused", "resident_growth_kb"},
          .run = RunIteratorWithoutMemory};
}

}  // namespace tenter
