#include "fuzz/api/draw.h"

#include <algorithm>
#include <limits>
#include <map>
#include <vector>

#include "runtime/base/rng.h"

namespace tenter::fuzz::api {
namespace {

// In percent.
constexpr int kWrongHandle = 12, kOtherContext = 3, kNoError = 20, kOddSize = 15, kOwnKind = 60,
              kLittleRoom = 40, kNoise = 20, kMeeting = 8, kAwaiting = 60, kOddCode = 30,
              kBuffers = 70, kOddInputs = 30, kOddBodies = 6, kOpTimeouts = 12, kEndWaiting = 50,
              kFailingDeleters = 50;

// The kinds whose calls are frequent in the programs of a contract; the others occur too.
std::vector<Kind> KindsOf(std::string_view contract) {
  if (contract == "COP-4") return {Kind::kCachedOp, Kind::kModel, Kind::kEngine};
  if (contract == "COP-6") return {Kind::kCachedOp};
  if (contract == "ITR-5") return {Kind::kIterator};
  if (contract == "ENG-5") return {Kind::kBulk, Kind::kRecording, Kind::kProgram, Kind::kEngine};
  if (contract == "ENG-2") return {Kind::kProgram, Kind::kRecording};
  if (contract == "ENG-8") return {Kind::kEngine, Kind::kScope, Kind::kBulk};
  if (contract == "ERR-6") return {Kind::kEngine, Kind::kBulk};
  if (contract == "ERR-7") return {Kind::kNone, Kind::kEngine, Kind::kProgram};
  if (contract == "ERR-9") return {Kind::kEngine};
  if (contract == "ERR-11") return {Kind::kEngine, Kind::kScope, Kind::kProgram};
  if (contract == "ERR-12") return {Kind::kEngine, Kind::kScope};
  return {Kind::kEngine, Kind::kScope, Kind::kTrace};
}

class Drawing {
 public:
  Drawing(std::string_view contract, uint64_t seed) : kinds_(KindsOf(contract)), rng_(seed) {}

  Program Draw(int most_lines) {
    threads_ = Chance(50) ? 1 : From(2, kMostThreads);
    if (Chance(kNoise)) p_.noise = 1 + rng_.Below(1'000'000);
    p_.end_waits = Chance(kEndWaiting);
    const int lines = From(1, std::max(1, most_lines));
    while (static_cast<int>(p_.lines.size()) < lines) AddLine();
    return p_;
  }

 private:
  int From(int least, int most) {
    return least + static_cast<int>(rng_.Below(static_cast<uint64_t>(most - least + 1)));
  }
  bool Chance(int percent) { return rng_.Chance(percent); }

  bool Wanted(const VerbType& type) const {
    const Kind kind = type.makes != Kind::kNone ? type.makes : type.needs[0];
    return std::find(kinds_.begin(), kinds_.end(), kind) != kinds_.end();
  }

  void AddLine() {
    const auto types = VerbTypes();
    const VerbType* type = &types[rng_.Below(types.size())];
    while (Chance(kOwnKind) && !Wanted(*type)) type = &types[rng_.Below(types.size())];
    Line line{.thread = From(0, threads_ - 1), .verb = type->verb};
    for (int i = 0; i < 2 && type->needs[i] != Kind::kNone; ++i)
      line.handles[i] = Handle(type->needs[i]);
    if (type->makes != Kind::kNone) {
      if (next_ == kMostHandles) return;
      NameMade(type->makes, &line);
    }
    line.other =
        Chance(kOtherContext) && type->makes == Kind::kNone && line.verb != Verb::kFailLate;
    line.noerror = Chance(kNoError);
    if (HasSize(line.verb) && Chance(kOddSize)) DrawSize(&line);
    if (line.verb == Verb::kDeleteVar)
      line.ends = Chance(kFailingDeleters) ? Ends::kFail : Ends::kOk;
    else if (HasEnd(line.verb))
      line.ends = static_cast<Ends>(From(0, 4));
    if (HasOneOp(line.verb) && Chance(kOddBodies)) line.runs = static_cast<Runs>(From(1, 2));
    if (HasOneOp(line.verb) && Chance(kOpTimeouts))
      line.timeout = static_cast<OpTimeout>(From(1, 4));
    if (HasCode(line.ends) && Chance(kOddCode)) line.code = Code();
    if (line.verb == Verb::kPushScoped && line.ends == Ends::kOk && Chance(kAwaiting))
      line.ends = Chance(50) ? Ends::kAwaits : Ends::kWoken;
    if (line.verb == Verb::kInvoke && Chance(kBuffers))
      line.into = static_cast<Into>(From(1, kIntos - 1));
    if (line.verb == Verb::kInvoke && Chance(kOddInputs))
      line.from = static_cast<Input>(From(1, kInputs - 1));
    if (line.verb == Verb::kMakeProgram || line.verb == Verb::kFailLate)
      line.ops = From(1, kMostOps);
    if (line.verb == Verb::kScopeTimeout) line.after = static_cast<Timeout>(From(0, 6));
    if (HasRoom(line.verb) && Chance(kLittleRoom)) line.room = From(0, 2);
    if (threads_ > 1 && meetings_ < kMostMeet && Chance(kMeeting)) return AddMeeting(line);
    p_.lines.push_back(line);
  }

  // Whatever stands behind is looked at: its first byte, its last and each in between.
  void DrawSize(Line* line) {
    line->size = static_cast<Size>(From(1, 4));
    if (!IsLonger(line->size)) return;
    line->behind = From(1, Chance(70) ? 16 : kMostBehind);
    if (line->size != Size::kMore) return;
    line->at = Chance(30) ? line->behind - 1 : From(0, line->behind - 1);
    line->byte = Chance(50) ? 1 << From(0, 7) : From(1, 255);
  }

  // Mostly one at the edges of those that are codes.
  tenter_code Code() {
    constexpr tenter_code kCodes[] = {TENTER_OK,
                                      -1,
                                      TENTER_DEADLINE_EXCEEDED,
                                      TENTER_DEADLINE_EXCEEDED + 1,
                                      256,
                                      std::numeric_limits<tenter_code>::min(),
                                      std::numeric_limits<tenter_code>::max()};
    if (Chance(30)) return From(0, TENTER_DEADLINE_EXCEEDED);
    return kCodes[rng_.Below(std::size(kCodes))];
  }

  // Another thread frees what the call uses, at the same time. The thread that made it does the
  // one or the other, so that it is there.
  void AddMeeting(Line use) {
    const int i = TypeOf(use.verb).needs[1] == Kind::kNone ? 0 : 1;
    const Kind kind = TypeOf(use.verb).needs[i];
    const int maker = maker_[use.handles[i]];
    Line free{.thread = maker, .handles = {use.handles[i], 0}};
    for (const VerbType& type : VerbTypes())
      if (type.frees && type.needs[0] == kind && kind != Kind::kNone) free.verb = type.verb;
    if (TypeOf(free.verb).frees && free.handles[0] != 0) {
      use.meet = free.meet = ++meetings_;
      use.thread = (maker + From(1, threads_ - 1)) % threads_;
      if (Chance(50)) std::swap(use.thread, free.thread);
      p_.lines.push_back(free);
    }
    p_.lines.push_back(use);
  }

  void NameMade(Kind kind, Line* line) {
    line->made = next_++;
    made_[kind].push_back(line->made);
    maker_[line->made] = line->thread;
  }

  // One of the kind, mostly; it is made first where there is none.
  int Handle(Kind kind) {
    if (Chance(kWrongHandle)) return From(0, next_ - 1);
    if (made_[kind].empty()) Make(kind);
    if (made_[kind].empty()) return 0;
    return made_[kind][rng_.Below(made_[kind].size())];
  }

  void Make(Kind kind) {
    for (const VerbType& type : VerbTypes()) {
      if (type.makes != kind) continue;
      Line line{.thread = From(0, threads_ - 1), .verb = type.verb};
      for (int i = 0; i < 2 && type.needs[i] != Kind::kNone; ++i)
        line.handles[i] = Handle(type.needs[i]);
      if (next_ == kMostHandles) return;
      NameMade(kind, &line);
      p_.lines.push_back(line);
      return;
    }
  }

  const std::vector<Kind> kinds_;
  Rng rng_;
  int threads_ = 1, next_ = 1, meetings_ = 0;
  int maker_[kMostHandles] = {};  // the thread that makes each handle
  std::map<Kind, std::vector<int>> made_;
  Program p_;
};

}  // namespace

Program DrawProgram(std::string_view contract, int most_lines, uint64_t seed) {
  return Drawing(contract, seed).Draw(most_lines);
}

}  // namespace tenter::fuzz::api
