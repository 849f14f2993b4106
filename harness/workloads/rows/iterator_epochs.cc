// Iterator epochs: a CSV file of known rows is read for several epochs, with resets in the
// middle, errors and a close; every row must come exactly once and in order, every error at its
// own batch. Several iterators may read it side by side.
#include <algorithm>
#include <fstream>
#include <memory>
#include <set>
#include <utility>

#include "harness/checks/process_census.h"
#include "harness/workloads/hash_text.h"
#include "harness/workloads/rows/epoch_reader.h"
#include "harness/workloads/workload.h"
#include "runtime/base/clock.h"
#include "runtime/base/gate.h"
#include "runtime/base/rng.h"
#include "runtime/base/thread.h"

namespace tenter {
namespace {

class EpochRun {
 public:
  explicit EpochRun(Stage& stage) : stage_(stage), file_(stage) {
    for (int64_t i = stage.parameters.Int("iterators"); i > 0; --i)
      readers_.push_back(std::make_unique<EpochReader>(stage, file_));
  }

  Status Run() {
    const Parameters& p = stage_.parameters;
    if (file_.own) WriteRows();
    const int64_t epochs = p.Int("lives") * p.Int("epochs") * p.Int("iterators");
    const int64_t aftermath = p.Int("aftermath") * p.Int("iterators");
    stage_.progress.Begin("batches", static_cast<uint64_t>((epochs + aftermath) * file_.batches()));
    if (aftermath > 0) stage_.injector.FollowOrder();
    const ProcessCensus census = ProcessCensus::Now();
    TENTER_RETURN_IF_ERROR(stage_.injector.Arm());
    stage_.progress.SetSuspect([this] { return Doing(); });
    const Status read = ReadSideBySide();
    if (read.ok() && aftermath > 0) Afterwards();
    for (const auto& reader : readers_)
      if (read.ok()) reader->Finish();
    stage_.progress.SetSuspect(nullptr);
    TENTER_RETURN_IF_ERROR(read);
    CheckCensus(census, "ITR-5", &stage_.board);
    CheckFaults();
    Expose(epochs);
    return {};
  }

 private:
  // The contract that a standstill breaks: of the first reader that is not through.
  std::string_view Doing() const {
    for (const auto& reader : readers_)
      if (const char* const doing = reader->doing(); doing != nullptr) return doing;
    return "ITR-1";
  }

  void WriteRows() {
    std::ofstream file(file_.path);
    for (int64_t row = 0; row < file_.rows; ++row) {
      for (int64_t column = 0; column < file_.columns; ++column)
        file << (column > 0 ? "," : "") << row * file_.columns + column;
      // One number too many: the classic ragged row.
      file << (row == file_.bad_row ? ",0\n" : "\n");
    }
  }

  // Each reader on a thread of its own; one alone on this one.
  Status ReadSideBySide() {
    if (readers_.size() == 1) return readers_[0]->Live();
    Gate gate;
    std::vector<Thread> threads(readers_.size());
    std::vector<Status> ended(readers_.size());
    Status started;
    for (size_t i = 0; i < readers_.size() && started.ok(); ++i)
      started = threads[i].Start("reader-" + std::to_string(i), [this, i, &gate, &ended] {
        stage_.flight.NameThisThread();
        gate.Wait();
        ended[i] = readers_[i]->Live();
      });
    gate.Open();
    for (Thread& thread : threads) thread.Join();
    TENTER_RETURN_IF_ERROR(started);
    for (const Status& status : ended) TENTER_RETURN_IF_ERROR(status);
    return {};
  }

  void Afterwards() {
    CheckTold();
    stage_.injector.Disarm();
    uint64_t hash = 0;
    for (const auto& reader : readers_) {
      reader->Afterwards();
      hash = CombineHash(hash, reader->hash());
    }
    stage_.board.Tell("aftermath", HashText(hash));
  }

  // ITR-2: every fault that fired was told. What is made ahead is forgotten by a reset or a close
  // in the middle, and so may be its error.
  void CheckTold() {
    const Parameters& p = stage_.parameters;
    if (p.Int("reset_after") > 0 || p.Int("lives") > 1) return;
    std::set<uint64_t> told;
    int64_t without_text = 0;  // which of several readers was told of which cannot be known
    for (const auto& reader : readers_) {
      told.insert(reader->told().begin(), reader->told().end());
      without_text += reader->told_without_text();
    }
    for (const FiredFault& fault : stage_.injector.fired()) {
      if (!fault.fails()) continue;
      stage_.board.Examine(kErrorExactness);
      if (fault.message.empty() ? --without_text < 0 : !told.contains(fault.number))
        stage_.board.Report(
            {.check = &kErrorExactness,
             .contract = "ITR-2",
             .what = "lost error at " + fault.site,
             .title = "a fault fired at " + fault.site + " and no consumer was told",
             .evidence = {{"fault", fault.item}}});
    }
  }

  void CheckFaults() {
    int64_t errors = 0;
    for (const auto& reader : readers_) errors += reader->errors();
    if (!stage_.injector.has_failures() && file_.bad_row < 0) {
      if (errors == 0) stage_.board.Examine(kErrorExactness);
      return;
    }
    if (errors == 0) stage_.board.NoPower(kErrorExactness, "no error came about");
  }

  void Expose(int64_t epochs) {
    int64_t batches = 0, rows = 0, close_ns_max = 0;
    for (const auto& reader : readers_) {
      batches += reader->batches();
      rows += reader->rows();
      close_ns_max = std::max(close_ns_max, reader->close_ns_max());
    }
    stage_.board.Expose("epochs", epochs);
    stage_.board.Expose("batches", batches);
    stage_.board.Expose("rows", rows);
    stage_.board.Expose("close_us_max", close_ns_max / kNsPerUs);
  }

  Stage& stage_;
  const EpochFile file_;
  std::vector<std::unique_ptr<EpochReader>> readers_;
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
           {"iterators", int64_t{1}, "iterators side by side, each with a thread of its own", 1},
           {"reset_after", int64_t{0}, "leave every other epoch after so many batches; 0: never"},
           {"close_after", int64_t{0}, "close in the middle, after so many batches; 0: at the end"},
           {"bad_row", int64_t{-1}, "a row with one number too many; -1: none", -1},
           {"csv_file", std::string(), "a file to read instead (its rows are not compared)"},
           {"expect_error", std::string("row length"), "what the error of a bad row must say"},
           {"aftermath", int64_t{0}, "epochs of each iterator once the faults have stopped"}},
      .checks = {"epoch", "error_exactness", "leak", "liveness", "life", "data_race"},
      .exposes = {"epochs", "batches", "rows", "close_us_max", "resident_growth_kb"},
      .run = RunIteratorEpochs};
}

}  // namespace tenter
