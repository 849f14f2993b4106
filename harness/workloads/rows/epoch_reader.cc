#include "harness/workloads/rows/epoch_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/base/rng.h"

namespace tenter {
namespace {

constexpr int64_t kCloseNsMax = 100 * kNsPerMs;  // ITR-5

}  // namespace

EpochFile::EpochFile(const Stage& stage)
    : path(stage.parameters.Text("csv_file")),
      own(path.empty()),
      rows(stage.parameters.Int("rows")),
      columns(stage.parameters.Int("columns")),
      batch_size(stage.parameters.Int("batch_size")),
      bad_row(stage.parameters.Int("bad_row")),
      round_batch(stage.parameters.Flag("round_batch")) {
  if (own) path = stage.scratch_dir + "/rows.csv";
}

EpochReader::EpochReader(Stage& stage, const EpochFile& file)
    : stage_(stage), table_(stage.target.table()), file_(file) {}

Status EpochReader::Live() {
  const int64_t lives = stage_.parameters.Int("lives");
  for (int64_t life = 1; life <= lives; ++life) {
    TENTER_RETURN_IF_ERROR(Create());
    ReadEpochs(life == lives);
    if (life < lives) Finish();
  }
  return {};
}

Status EpochReader::Create() {
  const int64_t dims[] = {file_.columns};
  tgt_csv_options options = {};
  options.path = file_.path.c_str();
  options.row_dims = dims;
  options.row_rank = 1;
  options.dtype = TGT_FLOAT64;
  options.batch_size = file_.batch_size;
  options.round_batch = file_.round_batch ? 1 : 0;
  options.prefetch = static_cast<uint64_t>(stage_.parameters.Int("prefetch"));
  tgt_error error = {};
  iterator_ = std::make_unique<Handle>(stage_, kIteratorHandle);
  const CallInFlight call(stage_.injector);
  return SetUp(table_.csv_iterator_create(stage_.target.self(), &options, iterator_->out(), &error),
               error, "iterator");
}

// Every other epoch is left in the middle, if asked for. Before an aftermath the last one is read
// to its end and not reset: then nothing is made ahead in which a fault could strike unseen.
void EpochReader::ReadEpochs(bool last) {
  const Parameters& p = stage_.parameters;
  const int64_t epochs = p.Int("epochs");
  const bool stays = last && p.Int("aftermath") > 0;
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    const bool whole = epoch % 2 != 0 || (stays && epoch + 1 == epochs);
    resets_ = epoch;
    doing_.Store(epoch == 0 ? "ITR-1" : "ITR-4 ITR-1", kRelaxed);
    Epoch(whole ? 0 : p.Int("reset_after"));
    if (!stays || epoch + 1 < epochs) Reset();
  }
}

void EpochReader::Reset() {
  tgt_error error = {};
  const CallInFlight call(stage_.injector);
  if (table_.iterator_reset(stage_.target.self(), iterator_->get(), &error) != TGT_OK)
    Report(kLife, "ITR-3", "reset refused", "Reset failed: " + ErrorText(error));
}

void EpochReader::Afterwards() {
  calm_ = true;
  doing_.Store("ITR-4 ITR-1", kRelaxed);
  for (int64_t epoch = stage_.parameters.Int("aftermath"); epoch > 0; --epoch) {
    Reset();
    Epoch(0);
  }
  Reset();
}

void EpochReader::Finish() {
  doing_.Store("ITR-5", kRelaxed);
  const int64_t close_after = stage_.parameters.Int("close_after");
  if (close_after > 0) CloseInTheMiddle(close_after);
  const tgt_handle stale = iterator_->get();
  iterator_->Free();
  tgt_batch batch = {};
  tgt_error error = {};
  stage_.board.Examine(kLife);
  if (table_.iterator_next(stage_.target.self(), stale, &batch, &error) != TGT_STALE_HANDLE)
    Report(kLife, "ITR-5", "freed iterator in use",
           "Next on a freed iterator was not refused as stale");
  doing_.Store(nullptr, kRelaxed);
}

// Reads one epoch to its end, its error, or `stop_after` batches (0: no limit).
void EpochReader::Epoch(int64_t stop_after) {
  int64_t expected_row = 0;
  for (int64_t batch_number = 0; stop_after == 0 || batch_number < stop_after; ++batch_number) {
    tgt_batch batch = {};
    tgt_error error = {};
    stage_.injector.CallBegins();
    const tgt_code code =
        table_.iterator_next(stage_.target.self(), iterator_->get(), &batch, &error);
    stage_.injector.CallEnds();
    if (code != TGT_OK) return CheckError(error, batch_number);
    if (!batch.has_value) return CheckEnd(batch_number, expected_row);
    CheckBatch(batch, batch_number, &expected_row);
    table_.tensor_release(stage_.target.self(), &batch.data);
    stage_.progress.Step();
  }
}

void EpochReader::CheckBatch(const tgt_batch& batch, int64_t number, int64_t* expected_row) {
  ++batches_;
  stage_.board.Examine(kEpoch);
  const int64_t rows = batch.data.rank > 0 ? batch.data.dims[0] : 0;
  const int64_t fresh = std::min(file_.batch_size, file_.rows - *expected_row);
  const int64_t wanted_rows = file_.round_batch ? file_.batch_size : fresh;
  if (file_.bad_batch() >= 0 && number >= file_.bad_batch())
    return Report(kErrorExactness, OfError(), "bad row delivered",
                  "batch " + std::to_string(number) + " was delivered although row " +
                      std::to_string(file_.bad_row) + " in it, or before it, is bad");
  if (rows != wanted_rows || batch.index != number || batch.pad != wanted_rows - fresh)
    return Report(kEpoch, "ITR-1", "batch of the wrong size or index",
                  "batch " + std::to_string(number) + " has " + std::to_string(rows) +
                      " rows, index " + std::to_string(batch.index) + ", pad " +
                      std::to_string(batch.pad) + "; expected " + std::to_string(wanted_rows) +
                      " rows, pad " + std::to_string(wanted_rows - fresh));
  if (file_.own) CheckValues(batch, *expected_row, rows);
  *expected_row += fresh;
  rows_seen_ += fresh;
}

void EpochReader::CheckValues(const tgt_batch& batch, int64_t first_row, int64_t rows) {
  const auto* values = static_cast<const double*>(batch.data.data);
  for (int64_t r = 0; r < rows; ++r) {
    // What fills a batch up comes from the first one, which a short file does not fill itself.
    const int64_t row = first_row + r < file_.rows
                            ? first_row + r
                            : (first_row + r - file_.rows) % std::min(file_.batch_size, file_.rows);
    for (int64_t c = 0; c < file_.columns; ++c) {
      const auto wanted = static_cast<double>(row * file_.columns + c);
      if (calm_) hash_ = CombineHash(hash_, static_cast<uint64_t>(values[r * file_.columns + c]));
      if (values[r * file_.columns + c] == wanted) continue;
      return Report(kEpoch, "ITR-1", "wrong row",
                    "row " + std::to_string(row) + " was expected, found the value " +
                        std::to_string(values[r * file_.columns + c]) + " instead of " +
                        std::to_string(wanted));
    }
  }
}

void EpochReader::CheckEnd(int64_t batch_number, int64_t expected_row) {
  stage_.board.Examine(kEpoch);
  if (file_.bad_batch() >= 0)
    Report(kErrorExactness, OfError(), "lost error of the iterator",
           "the epoch ended after " + std::to_string(batch_number) + " batches although row " +
               std::to_string(file_.bad_row) + " is bad");
  else if (expected_row != file_.rows)
    Report(kEpoch, "ITR-1", "rows lost",
           "the epoch ended after " + std::to_string(expected_row) + " of " +
               std::to_string(file_.rows) + " rows");
}

// ITR-2: an error belongs to a batch: all good batches before it were delivered.
void EpochReader::CheckError(const tgt_error& error, int64_t batch_number) {
  stage_.board.Examine(kErrorExactness);
  ++errors_;
  if (calm_ && file_.own && file_.bad_row < 0)
    return Report(kErrorExactness, "ITR-3", "failure in the aftermath",
                  "batch " + std::to_string(batch_number) +
                      " failed after the faults had stopped: " + ErrorText(error));
  if (!calm_ && IsOfFault(error, batch_number)) return;
  if (batch_number == file_.bad_batch() || (!file_.own && !stage_.injector.has_failures())) {
    if (std::strstr(error.message, stage_.parameters.Text("expect_error").c_str()) == nullptr ||
        std::strstr(error.message, file_.path.c_str()) == nullptr)
      Report(kErrorExactness, OfError(), "iterator error is not exact",
             "expected an error that names the file and says '" +
                 stage_.parameters.Text("expect_error") + "', found: " + ErrorText(error));
    return;
  }
  if (file_.bad_batch() >= 0)
    return Report(kErrorExactness, OfError(), "iterator error overtakes good batches",
                  "the error of batch " + std::to_string(file_.bad_batch()) +
                      " surfaced at batch " + std::to_string(batch_number));
  Report(kErrorExactness, OfError(), "iterator error without a cause", ErrorText(error));
}

// ITR-5: close while the producer is ahead, in the middle of an epoch.
void EpochReader::CloseInTheMiddle(int64_t after) {
  Epoch(after);
  const tgt_handle iterator = iterator_->get();
  tgt_error error = {};
  const int64_t begin = NowNs();
  {
    const Phase closing(&stage_.progress.phases(), "closing the iterator", "ITR-5");
    if (table_.iterator_close(stage_.target.self(), iterator, &error) != TGT_OK)
      Report(kLife, "ITR-5", "close refused", "Close failed: " + ErrorText(error));
  }
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

// A fault in the producer names the batch that it struck; only a message tells two apart.
bool EpochReader::IsOfFault(const tgt_error& error, int64_t batch_number) {
  for (const FiredFault& fault : stage_.injector.fired()) {
    if (!fault.fails() || std::strstr(error.message, fault.expected_text().c_str()) == nullptr)
      continue;
    if (fault.message.empty()) {
      ++told_without_text_;
      return true;
    }
    told_.insert(fault.number);
    if (fault.request >= 0 && fault.request != batch_number)
      Report(kErrorExactness, OfError(), "iterator error overtakes good batches",
             "the error of batch " + std::to_string(fault.request) + " surfaced at batch " +
                 std::to_string(batch_number));
    return true;
  }
  return false;
}

// Of an error that is wrong in the first epoch, and of one that only a later one has: then a reset
// may have made it.
std::string_view EpochReader::OfError() const {
  return resets_ == 0 || findings_ > 0 ? "ITR-2" : "ITR-3 ITR-2";
}

void EpochReader::Report(const CheckType& check, std::string_view contract, const char* what,
                         std::string title) {
  ++findings_;
  stage_.board.Report(
      {.check = &check, .contract = contract, .what = what, .title = std::move(title)});
}

}  // namespace tenter
