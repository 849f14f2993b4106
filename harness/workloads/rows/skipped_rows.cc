// Skipped rows: files with bad rows are read by an iterator that may leave some of them out. After
// every batch, at the end, at an error and after each reset the target has to tell exactly those
// that it left out in this epoch, and every good row must come all the same.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "harness/checks/process_census.h"
#include "harness/workloads/handles.h"
#include "harness/workloads/rows/bad_rows_file.h"
#include "harness/workloads/workload.h"

namespace tenter {
namespace {

// Of more skipped rows than these a target may keep the number alone.
constexpr int64_t kDetailedMax = 1000;

// How many skipped rows a target may tell at one moment.
struct Told {
  int64_t least = 0, most = 0;
};

// One iterator over one file.
class SkippingReader {
 public:
  SkippingReader(Stage& stage, const BadRowsFile& file)
      : stage_(stage),
        table_(stage.target.table()),
        file_(file),
        columns_(stage.parameters.Int("columns")),
        batch_size_(stage.parameters.Int("batch_size")),
        skips_max_(stage.parameters.Int("bad_rows_max")),
        iterator_(stage, kIteratorHandle) {}

  Status Run() {
    TENTER_RETURN_IF_ERROR(Create());
    const Parameters& p = stage_.parameters;
    CheckTold({0, 0}, "before the first batch");
    for (int64_t epoch = 0; epoch < p.Int("epochs"); ++epoch) {
      resets_ = epoch;
      // Every other epoch is left in the middle, if asked for.
      Epoch(epoch % 2 == 0 ? p.Int("reset_after") : 0);
      tgt_error error = {};
      if (table_.iterator_reset(stage_.target.self(), iterator_.get(), &error) != TGT_OK)
        Report(kErrorExactness, "ITR-3", "reset refused", "Reset failed: " + ErrorText(error));
      resets_ = epoch + 1;
      CheckTold({0, 0}, "after a reset");
    }
    return {};
  }

  int64_t batches() const { return batches_; }
  int64_t told() const { return told_; }

 private:
  Status Create() {
    tgt_csv_options options = {};
    options.path = file_.path().c_str();
    options.row_dims = &columns_;
    options.row_rank = 1;
    options.dtype = TGT_FLOAT64;
    options.batch_size = batch_size_;
    options.bad_rows_max = skips_max_;
    options.prefetch = static_cast<uint64_t>(stage_.parameters.Int("prefetch"));
    tgt_error error = {};
    return SetUp(
        table_.csv_iterator_create(stage_.target.self(), &options, iterator_.out(), &error), error,
        "iterator");
  }

  int64_t skippable() const {
    return std::min(static_cast<int64_t>(file_.bad_lines().size()), skips_max_);
  }
  // The bad row that is one too many, or -1. It ends the epoch.
  int64_t FatalLine() const {
    return skippable() < static_cast<int64_t>(file_.bad_lines().size())
               ? file_.bad_lines()[static_cast<size_t>(skippable())]
               : -1;
  }

  // Reads one epoch to its end, its error, or `stop_after` batches (0: no limit).
  void Epoch(int64_t stop_after) {
    for (int64_t number = 0; stop_after == 0 || number < stop_after; ++number) {
      tgt_batch batch = {};
      tgt_error error = {};
      if (table_.iterator_next(stage_.target.self(), iterator_.get(), &batch, &error) != TGT_OK) {
        CheckError(error, number);
        return CheckTold({skippable(), skippable()}, "after the error");
      }
      if (batch.has_value == 0) {
        CheckEnd(number);
        return CheckTold({skippable(), skippable()}, "at the end of an epoch");
      }
      ++batches_;
      const bool right = IsNext(batch, number);
      table_.tensor_release(stage_.target.self(), &batch.data);
      stage_.progress.Step();
      if (!right) return;
      CheckTold(ToldAfter(number), "in the middle of an epoch");
    }
  }

  int64_t RowsOf(int64_t batch) const {
    const auto good = static_cast<int64_t>(file_.good_lines().size());
    return std::clamp<int64_t>(good - batch * batch_size_, 0, batch_size_);
  }

  // Bad rows between this batch and the next good row belong to either.
  Told ToldAfter(int64_t batch) const {
    const std::vector<int64_t>& good = file_.good_lines();
    const auto rows = static_cast<size_t>(batch * batch_size_ + RowsOf(batch));
    const int64_t most = rows < good.size() ? file_.BadBefore(good[rows]) : skippable();
    return {file_.BadBefore(good[rows - 1]), std::min(most, skippable())};
  }

  bool IsNext(const tgt_batch& batch, int64_t number) {
    stage_.board.Examine(kEpoch);
    const int64_t rows = RowsOf(number);
    bool right = rows > 0 && batch.index == number && batch.data.rank == 2 &&
                 batch.data.dims[0] == rows && batch.data.dims[1] == columns_;
    const auto* values = static_cast<const double*>(batch.data.data);
    for (int64_t i = 0; right && i < rows * columns_; ++i) {
      const auto row = static_cast<size_t>(number * batch_size_ + i / columns_);
      right = values[i] == file_.Value(file_.good_lines()[row], i % columns_);
    }
    if (!right)
      Report(kEpoch, "ITR-1", "a wrong batch between skipped rows",
             "batch " + std::to_string(number) + " is not the next one, or not of its rows");
    return right;
  }

  void CheckEnd(int64_t batches) {
    stage_.board.Examine(kEpoch);
    if (FatalLine() >= 0)
      return Report(kErrorExactness, OfError(), "more bad rows skipped than allowed",
                    "the epoch ended without an error although line " +
                        std::to_string(FatalLine()) + " is one bad row too many");
    if (RowsOf(batches) != 0)
      Report(kEpoch, "ITR-1", "rows lost",
             "the epoch ended after " + std::to_string(batches) + " batches, before line " +
                 std::to_string(file_.good_lines()[static_cast<size_t>(batches * batch_size_)]));
  }

  // ITR-2, ITR-3: only the bad row that is one too many is an error, in the batch where it stands.
  void CheckError(const tgt_error& error, int64_t batch) {
    stage_.board.Examine(kErrorExactness);
    if (FatalLine() < 0)
      return Report(kErrorExactness, OfError(), "error although every bad row may be skipped",
                    "batch " + std::to_string(batch) + ": " + ErrorText(error));
    const int64_t wanted = file_.GoodBefore(FatalLine()) / batch_size_;
    if (batch != wanted || !Names(error, FatalLine()))
      Report(kErrorExactness, OfError(), "error of the bad row too many is not exact",
             "expected it at batch " + std::to_string(wanted) + ", naming line " +
                 std::to_string(FatalLine()) + "; found at batch " + std::to_string(batch) + ": " +
                 ErrorText(error));
  }

  // The first number behind the path is the line.
  bool Names(const tgt_error& error, int64_t line) const {
    const char* const path = std::strstr(error.message, file_.path().c_str());
    if (error.code == TGT_OK || path == nullptr) return false;
    const char* const digits = std::strpbrk(path + file_.path().size(), "0123456789");
    return digits != nullptr && std::strtoll(digits, nullptr, 10) == line;
  }

  void CheckTold(Told wanted, const char* when) {
    if (table_.iterator_skipped == nullptr) return;
    stage_.board.Examine(kErrorExactness);
    // With room for more than there should be, so that a row too many is seen.
    std::vector<tgt_skipped_row> rows(static_cast<size_t>(std::min(wanted.most + 1, kDetailedMax)));
    uint64_t count = 0;
    tgt_error error = {};
    if (table_.iterator_skipped(stage_.target.self(), iterator_.get(), rows.data(), rows.size(),
                                &count, &error) != TGT_OK)
      return Report(kErrorExactness, OfError(), "skipped rows refused", ErrorText(error));
    const auto told = static_cast<int64_t>(count);
    told_ += told;
    if (told < wanted.least || told > wanted.most)
      return Report(
          kErrorExactness, OfError(),
          told < wanted.least ? "skipped rows not told" : "rows told that were not skipped",
          std::to_string(told) + " skipped rows are told " + when + ", expected " +
              (wanted.least == wanted.most ? "" : std::to_string(wanted.least) + " to ") +
              std::to_string(wanted.most));
    rows.resize(std::min(rows.size(), static_cast<size_t>(told)));
    CheckRows(rows, when);
  }

  void CheckRows(const std::vector<tgt_skipped_row>& rows, const char* when) {
    for (size_t i = 0; i < rows.size(); ++i) {
      const int64_t line = file_.bad_lines()[i];
      if (rows[i].line == line && Names(rows[i].reason, line)) continue;
      return Report(kErrorExactness, OfError(), "skipped row is not exact",
                    "skipped row " + std::to_string(i + 1) + " is told " + when + " as line " +
                        std::to_string(rows[i].line) + ", " + ErrorText(rows[i].reason) +
                        "; expected line " + std::to_string(line) + " and a reason that names it");
    }
  }

  // What was right in the first epoch, and is wrong behind a reset: that begins no clean epoch.
  std::string_view OfError() const { return resets_ == 0 || findings_ > 0 ? "ITR-2" : "ITR-3"; }

  void Report(const CheckType& check, std::string_view contract, const char* what,
              std::string title) {
    ++findings_;
    stage_.board.Report(
        {.check = &check, .contract = contract, .what = what, .title = std::move(title)});
  }

  Stage& stage_;
  const tgt_target& table_;
  const BadRowsFile& file_;
  const int64_t columns_, batch_size_, skips_max_;
  Handle iterator_;
  int64_t batches_ = 0, told_ = 0;
  int64_t resets_ = 0, findings_ = 0;
};

Status RunSkippedRows(Stage& stage) {
  const Parameters& p = stage.parameters;
  if (stage.injector.has_failures())
    return {StatusCode::kInvalidArgument,
            "workload skipped_rows: its errors are those of the file; of faults it takes delays"};
  const int64_t files = p.Int("files"), good_rows = p.Int("rows") - p.Int("bad_rows");
  const int64_t batches_per_epoch = (good_rows + p.Int("batch_size") - 1) / p.Int("batch_size");
  stage.progress.Begin("batches",
                       static_cast<uint64_t>(files * p.Int("epochs") * batches_per_epoch));
  const ProcessCensus census = ProcessCensus::Now();
  TENTER_RETURN_IF_ERROR(stage.injector.Arm());
  int64_t batches = 0, told = 0;
  for (int64_t i = 0; i < files; ++i) {
    TENTER_ASSIGN_OR_RETURN(
        const BadRowsFile file,
        BadRowsFile::Write(stage.scratch_dir + "/bad_rows.csv",
                           {.rows = p.Int("rows"),
                            .columns = p.Int("columns"),
                            .bad_rows = p.Int("bad_rows"),
                            .seed = CombineHash(stage.seed, static_cast<uint64_t>(i))}));
    SkippingReader reader(stage, file);
    TENTER_RETURN_IF_ERROR(reader.Run());
    batches += reader.batches();
    told += reader.told();
  }
  CheckCensus(census, "ITR-5", &stage.board);
  if (stage.target.table().iterator_skipped == nullptr)
    stage.board.NoPower(kErrorExactness, "the target does not tell which rows it skipped");
  else if (told == 0)
    stage.board.NoPower(kErrorExactness, "no row was skipped");
  stage.board.Expose("epochs", files * p.Int("epochs"));
  stage.board.Expose("batches", batches);
  stage.board.Expose("skipped_rows_told", told);
  return {};
}

}  // namespace

WorkloadType SkippedRowsTold() {
  return {
      .kind = "skipped_rows",
      .meaning = "epochs over files with bad rows, of which so many are left out and told",
      .groups = TGT_ITERATOR,
      .parameters = {{"rows", int64_t{200}, "rows of each file, good and bad", 1},
                     {"columns", int64_t{3}, "numbers of a row", 1},
                     {"bad_rows", int64_t{20}, "rows that are bad, at places drawn from the seed"},
                     {"bad_rows_max", int64_t{20}, "bad rows that are left out of an epoch", 1},
                     {"batch_size", int64_t{8}, "rows of a batch", 1},
                     {"prefetch", int64_t{4}, "batches made ahead", 1},
                     {"files", int64_t{5}, "files, each with bad rows of its own", 1},
                     {"epochs", int64_t{4}, "epochs over each file", 1},
                     {"reset_after", int64_t{0},
                      "leave every other epoch after so many batches; 0: never"}},
      .checks = {"epoch", "error_exactness", "leak", "liveness", "data_race"},
      .exposes = {"epochs", "batches", "skipped_rows_told", "resident_growth_kb"},
      .run = RunSkippedRows};
}

}  // namespace tenter
