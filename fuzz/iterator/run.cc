#include "fuzz/iterator/run.h"

#include <algorithm>
#include <list>
#include <utility>

#include "fuzz/iterator/sites.h"
#include "fuzz/process/thread_count.h"
#include "fuzz/target/memory_file.h"
#include "fuzz/target/together.h"
#include "harness/target/target_library.h"

namespace tenter::fuzz::iterator {
namespace {

// The path that the iterator gets: of the rows, or of what is no file.
std::string PathOf(File file, const MemoryFile& rows) {
  return file == File::kRows      ? rows.path()
         : file == File::kMissing ? "/no/such/rows.csv"
                                  : "/proc/self";
}

// Rows behind the room that a call has for them.
constexpr size_t kBehindRoom = 2;

// A batch that its consumer keeps, and what was in it when it came (ITR-6).
struct Held {
  size_t answer;
  tgt_tensor tensor;
};

class Consumer {
 public:
  Consumer(const Program& program, int number, const TargetInstance& target, tgt_handle iterator,
           Sites* sites, Atomic<uint64_t>* stamps)
      : program_(program),
        number_(number),
        target_(target),
        iterator_(iterator),
        sites_(sites),
        stamps_(stamps) {}

  void Run() {
    for (const Call& call : program_.calls)
      for (int i = 0; call.consumer == number_ && i < call.times; ++i) Do(call);
  }

  // What it was answered. The batches are looked at once more, and given back.
  std::vector<Answer> Finish() {
    for (Held& held : held_) {
      Answer& answer = answers_[held.answer];
      answer.changed = Bytes(held.tensor) != answer.bytes;
      target_.table().tensor_release(target_.self(), &held.tensor);
    }
    return std::move(answers_);
  }

  std::string Describe() const {
    const int doing = doing_.Load(kRelaxed);
    return "c" + std::to_string(number_) +
           (doing < 0 ? " is between its calls" : std::string(" is in ") + VerbName(Verb(doing))) +
           "\n";
  }

 private:
  static std::string Bytes(const tgt_tensor& tensor) {
    return {static_cast<const char*>(tensor.data), tensor.size_bytes};
  }

  void Do(const Call& call) {
    const Verb verb = call.verb;
    if (verb == Verb::kSkipped && target_.table().iterator_skipped == nullptr) return;
    Answer& answer = answers_.emplace_back();
    answer.consumer = number_;
    answer.verb = verb;
    answer.room =
        call.room == kPlenty ? program_.rows.size() + 1 : static_cast<uint64_t>(call.room);
    if (verb == Verb::kNext) sites_->Asks();
    doing_.Store(static_cast<int>(verb), kRelaxed);
    answer.begin = stamps_->FetchAdd(1, kRelaxed);
    const int64_t begin = NowNs();
    Ask(&answer);
    answer.took_ns = NowNs() - begin;
    answer.end = stamps_->FetchAdd(1, kRelaxed);
    doing_.Store(-1, kRelaxed);
  }

  void Ask(Answer* answer) {
    const tgt_target& table = target_.table();
    tgt_error* const error = &answer->error;
    switch (answer->verb) {
      case Verb::kNext:
        return AskBatch(answer);
      case Verb::kReset:
        answer->code = table.iterator_reset(target_.self(), iterator_, error);
        return;
      case Verb::kSkipped:
        return AskSkipped(answer);
      case Verb::kClose:
        answer->code = table.iterator_close(target_.self(), iterator_, error);
    }
  }

  void AskBatch(Answer* answer) {
    tgt_batch batch = {};
    answer->code = target_.table().iterator_next(target_.self(), iterator_, &batch, &answer->error);
    answer->has_batch = answer->code == TGT_OK && batch.has_value != 0;
    if (!answer->has_batch) return;
    answer->index = batch.index;
    answer->first_row = batch.first_row;
    answer->pad = batch.pad;
    answer->dtype = batch.data.dtype;
    answer->dims.assign(batch.data.dims, batch.data.dims + batch.data.rank);
    answer->bytes = Bytes(batch.data);
    held_.push_back({answers_.size() - 1, batch.data});
  }

  void AskSkipped(Answer* answer) {
    // No line has this number, so that what is written behind the room is seen.
    constexpr int64_t kUntouched = -77;
    std::vector<tgt_skipped_row> rows(answer->room + kBehindRoom,
                                      {.line = kUntouched, .reason = {}});
    answer->code = target_.table().iterator_skipped(target_.self(), iterator_, rows.data(),
                                                    answer->room, &answer->skipped, &answer->error);
    for (size_t i = 0; i < std::min<size_t>(answer->skipped, answer->room); ++i) {
      answer->skipped_lines.push_back(rows[i].line);
      answer->skipped_reasons.emplace_back(rows[i].reason.message);
    }
    for (size_t i = answer->room; i < rows.size(); ++i)
      answer->beyond_room |= rows[i].line != kUntouched;
  }

  const Program& program_;
  const int number_;
  const TargetInstance& target_;
  const tgt_handle iterator_;
  Sites* const sites_;
  Atomic<uint64_t>* const stamps_;
  Atomic<int> doing_ = -1;
  std::vector<Answer> answers_;
  std::vector<Held> held_;
};

tgt_code Create(const Program& program, const std::string& path, const TargetInstance& target,
                tgt_handle* iterator, tgt_error* error) {
  const tgt_csv_options options = {.path = path.c_str(),
                                   .row_dims = &program.columns,
                                   .row_rank = 1,
                                   .dtype = program.dtype,
                                   .batch_size = program.batch,
                                   .bad_rows_max = program.skip,
                                   .round_batch = program.round ? 1 : 0,
                                   .prefetch = static_cast<uint64_t>(program.prefetch)};
  return target.table().csv_iterator_create(target.self(), &options, iterator, error);
}

void Consume(const Program& program, const TargetInstance& target, tgt_handle iterator,
             Sites* sites, Watchdog* watchdog, History* history) {
  Atomic<uint64_t> stamps = 0;
  std::list<Consumer> consumers;
  for (int i = 0; i < Consumers(program); ++i)
    consumers.emplace_back(program, i, target, iterator, sites, &stamps);
  watchdog->SetDescribe([&consumers] { return DescribeAll(consumers); });
  RunTogether("consumer", &consumers);
  watchdog->SetDescribe([] { return std::string("the iterator is being freed\n"); });
  for (Consumer& consumer : consumers) history->consumers.push_back(consumer.Finish());
}

}  // namespace

History RunProgram(const Program& program, const tgt_target& table, uint64_t round,
                   Watchdog* watchdog) {
  History history;
  const MemoryFile rows("rows.csv", FileText(program));
  history.path = PathOf(program.file, rows);
  Sites sites(program, round);
  watchdog->Begin();
  const int threads = ThreadCount();
  const int64_t descriptors = DescriptorCount();
  {
    auto target = TargetInstance::Open(&table, sites.host());
    TENTER_CHECK(target.ok(), target.status().message());
    tgt_handle iterator = 0;
    history.create = Create(program, history.path, **target, &iterator, &history.create_error);
    if (history.create == TGT_OK) {
      Consume(program, **target, iterator, &sites, watchdog, &history);
      tgt_error error = {};
      tgt_batch batch = {};
      history.free = table.free_handle((*target)->self(), iterator, &error);
      history.after_free = table.iterator_next((*target)->self(), iterator, &batch, &error);
    }
  }
  watchdog->SetDescribe(nullptr);
  history.threads_left = ThreadsLeft(threads);
  history.descriptors_left = DescriptorCount() - descriptors;
  watchdog->End();
  history.has_sites = sites.were_hit();
  history.most_ahead = sites.most_ahead();
  return history;
}

}  // namespace tenter::fuzz::iterator
