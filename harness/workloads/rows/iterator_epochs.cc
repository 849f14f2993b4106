// Iterator epochs: a CSV file of known rows is read for several epochs, with resets in the
// middle, errors and a close; every row must come exactly once and in order, every error at its
// own batch.
#include <cstring>
#include <fstream>
#include <optional>

#include "harness/checks/process_census.h"
#include "harness/workloads/handles.h"
#include "harness/workloads/workload.h"
#include "runtime/base/clock.h"

namespace tenter {
namespace {

constexpr int64_t kCloseNsMax = 100 * kNsPerMs;  // ITR-5

class EpochRun {
 public:
  explicit EpochRun(Stage& stage)
      : stage_(stage),
        table_(stage.target.table()),
        rows_(stage.parameters.Int("rows")),
        columns_(stage.parameters.Int("columns")),
        batch_size_(stage.parameters.Int("batch_size")),
        bad_row_(stage.parameters.Int("bad_row")),
        round_batch_(stage.parameters.Flag("round_batch")) {}

  Status Run() {
    const Parameters& p = stage_.parameters;
    own_file_ = p.Text("csv_file").empty();
    path_ = own_file_ ? stage_.scratch_dir + "/rows.csv" : p.Text("csv_file");
    if (own_file_) WriteRows();
    const int64_t lives = p.Int("lives"), epochs = p.Int("epochs");
    stage_.progress.Begin("batches", static_cast<uint64_t>(lives * epochs * BatchesPerEpoch()));
    const ProcessCensus census = ProcessCensus::Now();
    TENTER_RETURN_IF_ERROR(stage_.injector.Arm());
    for (int64_t life = 0; life < lives; ++life) TENTER_RETURN_IF_ERROR(Life(epochs));
    CheckCensus(census, "ITR-5", &stage_.board);
    CheckFaults();
    stage_.board.Expose("epochs", lives * epochs);
    stage_.board.Expose("batches", batches_);
    stage_.board.Expose("rows", rows_seen_);
    stage_.board.Expose("close_us_max", close_ns_max_ / kNsPerUs);
    return {};
  }

 private:
  int64_t BatchesPerEpoch() const { return (rows_ + batch_size_ - 1) / batch_size_; }
  // The batch in which the bad row stands, or -1.
  int64_t BadBatch() const { return bad_row_ < 0 ? -1 : bad_row_ / batch_size_; }

  void WriteRows() {
    std::ofstream file(path_);
    for (int64_t row = 0; row < rows_; ++row) {
      for (int64_t column = 0; column < columns_; ++column)
        file << (column > 0 ? "," : "") << row * columns_ + column;
      // One number too many: the classic ragged row.
      file << (row == bad_row_ ? ",0\n" : "\n");
    }
  }

  Status Life(int64_t epochs) {
    const Parameters& p = stage_.parameters;
    const int64_t dims[] = {columns_};
    tgt_csv_options options = {};
    options.path = path_.c_str();
    options.row_dims = dims;
    options.row_rank = 1;
    options.dtype = TGT_FLOAT64;
    options.batch_size = batch_size_;
    options.round_batch = round_batch_ ? 1 : 0;
    options.prefetch = static_cast<uint64_t>(p.Int("prefetch"));
    tgt_error error = {};
    Handle iterator(&stage_.target, &stage_.board);
    TENTER_RETURN_IF_ERROR(
        SetUp(table_.csv_iterator_create(stage_.target.self(), &options, iterator.out(), &error),
              error, "iterator"));
    for (int64_t epoch = 0; epoch < epochs; ++epoch) {
      // Every other epoch is left in the middle, if asked for.
      const int64_t reset_after = epoch % 2 == 0 ? p.Int("reset_after") : 0;
      Epoch(iterator.get(), reset_after);
      if (table_.iterator_reset(stage_.target.self(), iterator.get(), &error) != TGT_OK)
        Report(kLife, "ITR-3", "reset refused", "Reset failed: " + ErrorText(error));
    }
    if (p.Int("close_after") > 0) CloseInTheMiddle(iterator.get(), p.Int("close_after"));
    const tgt_handle stale = iterator.get();
    iterator.Free();
    tgt_batch batch = {};
    stage_.board.Examine(kLife);
    if (table_.iterator_next(stage_.target.self(), stale, &batch, &error) != TGT_STALE_HANDLE)
      Report(kLife, "ITR-5", "freed iterator in use",
             "Next on a freed iterator was not refused as stale");
    return {};
  }

  // Reads one epoch to its end, its error, or `stop_after` batches (0: no limit).
  void Epoch(tgt_handle iterator, int64_t stop_after) {
    int64_t expected_row = 0;
    for (int64_t batch_number = 0; stop_after == 0 || batch_number < stop_after; ++batch_number) {
      tgt_batch batch = {};
      tgt_error error = {};
      const tgt_code code = table_.iterator_next(stage_.target.self(), iterator, &batch, &error);
      if (code != TGT_OK) return CheckError(error, batch_number);
      if (!batch.has_value) return CheckEnd(batch_number, expected_row);
      CheckBatch(batch, batch_number, &expected_row);
      table_.tensor_release(stage_.target.self(), &batch.data);
      stage_.progress.Step();
    }
  }

  void CheckBatch(const tgt_batch& batch, int64_t number, int64_t* expected_row) {
    ++batches_;
    stage_.board.Examine(kEpoch);
    const int64_t rows = batch.data.rank > 0 ? batch.data.dims[0] : 0;
    const int64_t fresh = std::min(batch_size_, rows_ - *expected_row);
    const int64_t wanted_rows = round_batch_ ? batch_size_ : fresh;
    if (BadBatch() >= 0 && number >= BadBatch())
      return Report(kErrorExactness, "ITR-2", "bad row delivered",
                    "batch " + std::to_string(number) + " was delivered although row " +
                        std::to_string(bad_row_) + " in it, or before it, is bad");
    if (rows != wanted_rows || batch.index != number || batch.pad != wanted_rows - fresh)
      return Report(kEpoch, "ITR-1", "batch of the wrong size or index",
                    "batch " + std::to_string(number) + " has " + std::to_string(rows) +
                        " rows, index " + std::to_string(batch.index) + ", pad " +
                        std::to_string(batch.pad) + "; expected " + std::to_string(wanted_rows) +
                        " rows, pad " + std::to_string(wanted_rows - fresh));
    if (own_file_) CheckValues(batch, *expected_row, rows);
    *expected_row += fresh;
    rows_seen_ += fresh;
  }

  void CheckValues(const tgt_batch& batch, int64_t first_row, int64_t rows) {
    const auto* values = static_cast<const double*>(batch.data.data);
    for (int64_t r = 0; r < rows; ++r) {
      // What fills a batch up comes from the first one, which a short file does not fill itself.
      const int64_t row = first_row + r < rows_
                              ? first_row + r
                              : (first_row + r - rows_) % std::min(batch_size_, rows_);
      for (int64_t c = 0; c < columns_; ++c) {
        const auto wanted = static_cast<double>(row * columns_ + c);
        if (values[r * columns_ + c] == wanted) continue;
        return Report(kEpoch, "ITR-1", "wrong row",
                      "row " + std::to_string(row) + " was expected, found the value " +
                          std::to_string(values[r * columns_ + c]) + " instead of " +
                          std::to_string(wanted));
      }
    }
  }

  void CheckEnd(int64_t batch_number, int64_t expected_row) {
    stage_.board.Examine(kEpoch);
    if (BadBatch() >= 0)
      Report(kErrorExactness, "ITR-2", "lost error of the iterator",
             "the epoch ended after " + std::to_string(batch_number) + " batches although row " +
                 std::to_string(bad_row_) + " is bad");
    else if (expected_row != rows_)
      Report(kEpoch, "ITR-1", "rows lost",
             "the epoch ended after " + std::to_string(expected_row) + " of " +
                 std::to_string(rows_) + " rows");
  }

  // ITR-2: an error belongs to a batch: all good batches before it were delivered.
  void CheckError(const tgt_error& error, int64_t batch_number) {
    stage_.board.Examine(kErrorExactness);
    ++errors_;
    for (const FiredFault& fault : stage_.injector.fired()) {
      const bool explains = std::strstr(error.message, fault.expected_text().c_str()) != nullptr;
      if (!fault.fails() || !explains) continue;
      // A fault in the producer names the batch that it struck; only a message tells two apart.
      if (fault.request >= 0 && fault.request != batch_number && !fault.message.empty())
        Report(kErrorExactness, "ITR-2", "iterator error overtakes good batches",
               "the error of batch " + std::to_string(fault.request) + " surfaced at batch " +
                   std::to_string(batch_number));
      return;
    }
    if (batch_number == BadBatch() || (!own_file_ && !stage_.injector.has_failures())) {
      if (std::strstr(error.message, stage_.parameters.Text("expect_error").c_str()) == nullptr ||
          std::strstr(error.message, path_.c_str()) == nullptr)
        Report(kErrorExactness, "ITR-2", "iterator error is not exact",
               "expected an error that names the file and says '" +
                   stage_.parameters.Text("expect_error") + "', found: " + ErrorText(error));
      return;
    }
    if (BadBatch() >= 0)
      return Report(kErrorExactness, "ITR-2", "iterator error overtakes good batches",
                    "the error of batch " + std::to_string(BadBatch()) + " surfaced at batch " +
                        std::to_string(batch_number));
    Report(kErrorExactness, "ITR-2", "iterator error without a cause", ErrorText(error));
  }

  // ITR-5: close while the producer is ahead, in the middle of an epoch.
  void CloseInTheMiddle(tgt_handle iterator, int64_t after) {
    Epoch(iterator, after);
    tgt_error error = {};
    const int64_t begin = NowNs();
    if (table_.iterator_close(stage_.target.self(), iterator, &error) != TGT_OK)
      Report(kLife, "ITR-5", "close refused", "Close failed: " + ErrorText(error));
    const int64_t took = NowNs() - begin;
    close_ns_max_ = std::max(close_ns_max_, took);
    stage_.board.Examine(kLiveness);
    // An injected delay inside the source is a running user function: the promise excludes it.
    if (took > kCloseNsMax && !stage_.injector.has_faults())
      Report(kLiveness, "ITR-5", "close is slow",
             "Close took " + std::to_string(took / kNsPerMs) + " ms, the promise is 100 ms");
    tgt_batch batch = {};
    stage_.board.Examine(kLife);
    if (table_.iterator_next(stage_.target.self(), iterator, &batch, &error) != TGT_CLOSED)
      Report(kLife, "ITR-5", "closed iterator in use", "Next after Close did not answer 'closed'");
  }

  void CheckFaults() {
    if (!stage_.injector.has_failures() && bad_row_ < 0) {
      if (errors_ == 0) stage_.board.Examine(kErrorExactness);
      return;
    }
    if (errors_ == 0) stage_.board.NoPower(kErrorExactness, "no error came about");
  }

  void Report(const CheckType& check, std::string_view contract, const char* what,
              std::string title) {
    stage_.board.Report(
        {.check = &check, .contract = contract, .what = what, .title = std::move(title)});
  }

  Stage& stage_;
  const tgt_target& table_;
  const int64_t rows_, columns_, batch_size_, bad_row_;
  const bool round_batch_;
  bool own_file_ = true;
  std::string path_;
  int64_t batches_ = 0, rows_seen_ = 0, errors_ = 0, close_ns_max_ = 0;
};

Status RunIteratorEpochs(Stage& stage) { return EpochRun(stage).Run(); }

}  // namespace

WorkloadType IteratorEpochs() {
  return {
      .kind = "iterator_epochs",
      .meaning = "epochs over a file of known rows, with resets, errors and closes",
      .groups = TGT_ITERATOR,
      .parameters =
          {{"rows", int64_t{100}, "rows of the file that is made", 1},
           {"columns", int64_t{3}, "numbers of a row", 1},
           {"batch_size", int64_t{8}, "rows of a batch", 1},
           {"round_batch", true, "fill the last batch from the beginning"},
           {"prefetch", int64_t{4}, "batches made ahead", 1},
           {"epochs", int64_t{4}, "epochs per life", 1},
           {"lives", int64_t{1}, "iterators, one after the other", 1},
           {"reset_after", int64_t{0}, "leave every other epoch after so many batches; 0: never"},
           {"close_after", int64_t{0}, "close in the middle, after so many batches; 0: at the end"},
           {"bad_row", int64_t{-1}, "a row with one number too many; -1: none", -1},
           {"csv_file", std::string(), "a file to read instead (its rows are not compared)"},
           {"expect_error", std::string("row length"), "what the error of a bad row must say"}},
      .checks = {"epoch", "error_exactness", "leak", "liveness", "life", "data_race"},
      .exposes = {"epochs", "batches", "rows", "close_us_max", "resident_growth_kb"},
      .run = RunIteratorEpochs};
}

}  // namespace tenter
