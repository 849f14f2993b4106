#include "fuzz/iterator/draw.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "fuzz/iterator/number.h"
#include "runtime/base/rng.h"

namespace tenter::fuzz::iterator {
namespace {

// How likely something is, in percent, in the programs of one contract.
struct Profile {
  int bad_row = 10, fault = 25, reset = 15, close = 6, skipped = 10, several = 40;
};

Profile ProfileOf(std::string_view contract) {
  if (contract == "ITR-2") return {.bad_row = 30, .fault = 40, .skipped = 20};
  if (contract == "ITR-3") return {.bad_row = 30, .fault = 60, .reset = 40};
  if (contract == "ITR-4") return {.bad_row = 5, .fault = 10, .reset = 50};
  if (contract == "ITR-5") return {.bad_row = 5, .close = 25, .several = 80};
  if (contract == "ITR-6") return {.bad_row = 0, .fault = 0, .reset = 30};
  return {.bad_row = 5, .fault = 10};
}

class Drawing {
 public:
  Drawing(const Profile& profile, uint64_t seed) : profile_(profile), rng_(seed) {}

  Program Draw(int most_calls) {
    DrawFile();
    DrawOptions();
    for (int i = 0; Chance(profile_.fault) && i < 2; ++i) DrawFault();
    const int consumers = !Chance(profile_.several) ? 1 : From(2, kMostConsumers);
    const int calls = From(1, std::max(1, most_calls));
    for (int i = 0; i < calls; ++i) DrawCall(From(0, consumers - 1));
    if (Chance(60)) p_.noise = rng_.Next() >> 1 | 1;
    return p_;
  }

 private:
  int From(int least, int most) {
    return least + static_cast<int>(rng_.Below(static_cast<uint64_t>(most - least + 1)));
  }
  bool Chance(int percent) { return rng_.Chance(percent); }
  template <typename Value>
  Value OneOf(std::initializer_list<Value> values) {
    return values.begin()[rng_.Below(values.size())];
  }

  Row DrawRow(int bad, int numbers) {
    const auto between = [this](RowKind least, RowKind most) {
      return Row{static_cast<RowKind>(From(static_cast<int>(least), static_cast<int>(most)))};
    };
    if (profile_.bad_row > 0 && Chance(bad)) return between(RowKind::kLong, RowKind::kHole);
    if (profile_.bad_row > 0 && Chance(numbers))
      return {RowKind::kNumber, DrawNumber(p_.dtype, &rng_)};
    return Chance(25) ? between(RowKind::kCrlf, RowKind::kSpaces) : Row();
  }

  void DrawFile() {
    p_.columns = OneOf({1, 1, 2, 3, 5});
    p_.dtype = From(TGT_FLOAT32, TGT_UINT8);
    const int rows = OneOf({0, 1, 2, From(3, 8), From(3, 20), From(3, 20)});
    // None, a few, or nearly all of them bad.
    const int bad = OneOf({0, profile_.bad_row, profile_.bad_row, 90});
    const int numbers = OneOf({0, 0, 0, 10, 40});
    for (int i = 0; i < rows; ++i) p_.rows.push_back(DrawRow(bad, numbers));
    // Each is a megabyte, so there are few. What stands behind one has a place, too.
    for (int i = 0; profile_.bad_row > 0 && rows > 0 && i < 2 && Chance(8); ++i)
      p_.rows[rng_.Below(p_.rows.size())] = {RowKind::kEndless};
    if (Chance(6)) DrawLongRows();
    p_.mark = Chance(15);
    p_.newline = Chance(80);
    if (Chance(6)) p_.file = OneOf({File::kMissing, File::kDirectory});
  }

  // A line break, or what stands around it, where a reader's piece of the file ends, or the next
  // one; what comes behind it may be a line without anything.
  void DrawLongRows() {
    constexpr int64_t kPieces[] = {1 << 12, 1 << 16, 1 << 17, 1 << 17, 1 << 17};
    const int64_t piece = kPieces[rng_.Below(std::size(kPieces))];
    int64_t ends = 0;
    for (size_t i = 0; i < p_.rows.size() && ends < 2; ++i) {
      if (p_.rows[i].kind == RowKind::kEndless || !Chance(60)) continue;
      p_.rows[i].until = ++ends * piece + From(-2, 4);
      if (i + 1 < p_.rows.size() && Chance(20)) p_.rows[++i] = {RowKind::kBlank};
    }
  }

  void DrawOptions() {
    const auto rows = static_cast<int64_t>(p_.rows.size());
    const int64_t bad = CountBad();
    p_.batch = std::max<int64_t>(1, OneOf<int64_t>({1, 2, 3, rows - 1, rows, rows + 1, 64}));
    p_.round = Chance(50);
    p_.prefetch = OneOf({1, 1, 2, 3, 16});
    p_.skip = std::max<int64_t>(0, OneOf<int64_t>({0, 0, 1, bad - 1, bad, bad + 1, 1000}));
  }

  void DrawFault() {
    const auto batches = static_cast<int>(static_cast<int64_t>(p_.rows.size()) / p_.batch);
    Fault fault{
        .place = OneOf({Place::kNext, Place::kNext, Place::kNext, Place::kOpen, Place::kReset}),
        .once = Chance(60)};
    if (fault.place == Place::kNext) {
      fault.batch = From(0, batches + 1);
      fault.action = OneOf({Action::kError, Action::kThrow, Action::kBadAlloc});
    } else if (fault.place == Place::kReset) {
      fault.action = OneOf({Action::kError, Action::kThrow});
    }
    p_.faults.push_back(fault);
  }

  // Room for all, for none, and for about as many as there are.
  void DrawSkipped(Call* call) {
    call->verb = Verb::kSkipped;
    const int64_t bad = std::min(CountBad(), p_.skip);
    call->room =
        Chance(40) ? kPlenty : std::max<int64_t>(0, OneOf<int64_t>({0, 1, bad - 1, bad, bad + 1}));
  }

  int64_t CountBad() const {
    return std::count_if(p_.rows.begin(), p_.rows.end(),
                         [this](const Row& row) { return IsBad(p_, row); });
  }

  void DrawCall(int consumer) {
    Call call{.consumer = consumer};
    const auto batches = static_cast<int>(static_cast<int64_t>(p_.rows.size()) / p_.batch);
    if (Chance(profile_.reset))
      call.verb = Verb::kReset;
    else if (Chance(profile_.close))
      call.verb = Verb::kClose;
    else if (Chance(profile_.skipped))
      DrawSkipped(&call);
    else
      call.times = Chance(50) ? 1 : From(1, std::min(batches + 2, 12));
    p_.calls.push_back(call);
  }

  const Profile profile_;
  Rng rng_;
  Program p_;
};

}  // namespace

Program DrawProgram(std::string_view contract, int most_calls, uint64_t seed) {
  return Drawing(ProfileOf(contract), seed).Draw(most_calls);
}

}  // namespace tenter::fuzz::iterator
