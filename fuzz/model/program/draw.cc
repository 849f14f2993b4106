#include "fuzz/model/program/draw.h"

#include <algorithm>

#include "fuzz/model/program/dice.h"
#include "fuzz/model/program/draw_graph.h"
#include "fuzz/model/program/draw_tiles.h"
#include "fuzz/model/program/draw_wrong.h"

namespace tenter::fuzz::model {
namespace {

// How likely something is, in percent, in the programs of one contract.
struct Profile {
  int fault = 25, several = 60, sizes = 40, free = 8, stop = 4, bad = 10, refuse = 25, single = 10,
      waiting = 5, wrong = 8;
  int later = 15;
  int nodes = 8, most_sizes = 3;
};

Profile ProfileOf(std::string_view contract) {
  if (contract == "COP-1") return {.fault = 15, .several = 100, .nodes = 6};
  if (contract == "COP-2")
    return {.fault = 25, .several = 90, .refuse = 60, .waiting = 40, .nodes = 3};
  if (contract == "COP-3")
    return {.fault = 40, .several = 50, .sizes = 100, .nodes = 3, .most_sizes = 5};
  if (contract == "COP-4") return {.several = 90, .free = 60, .stop = 25, .nodes = 3};
  if (contract == "COP-5") return {.fault = 90, .sizes = 60, .bad = 30, .later = 40, .nodes = 5};
  if (contract == "COP-7")
    return {
        .fault = 20, .several = 70, .free = 15, .stop = 10, .waiting = 20, .later = 85, .nodes = 5};
  // Failures of every kind in a crowd, answered now and later, and nothing that ends the op.
  if (contract == "COP-8")
    return {.fault = 95, .several = 80, .free = 0, .stop = 0, .bad = 40, .later = 40, .nodes = 3};
  if (contract == "COP-6") return {.several = 80, .single = 100, .waiting = 30, .nodes = 3};
  return {.fault = 0, .several = 10, .free = 0, .stop = 0, .bad = 5, .wrong = 40, .nodes = 10};
}

class Drawing {
 public:
  Drawing(const Profile& profile, uint64_t seed)
      : profile_(profile), dice_(seed), batch_dice_(~seed), intra_dice_(seed ^ kOfThreads) {}

  Program Draw(const std::vector<int>& workers, int most_calls) {
    DrawOptions(workers);
    const std::vector<int64_t> sizes = DrawSizes();
    p_.graph = DrawGraph(sizes, dice_.From(1, profile_.nodes), &dice_);
    const int callers = dice_.Chance(profile_.several) ? dice_.From(2, kMostCallers) : 1;
    const int calls = dice_.From(callers, std::max(callers, most_calls));
    for (int i = 0; i < calls; ++i) DrawCall(i % callers, i == 0, sizes);
    if (p_.batch > 1) DrawCrowd();
    if (HasTiles(p_.graph)) KeepQuick();
    if (dice_.Chance(profile_.wrong)) p_.graph.wrong = DrawWrong(p_.graph, CalledSizes(), &dice_);
    if (p_.graph.wrong.has_value()) return p_;
    DrawEnds(callers);
    for (int i = 0; dice_.Chance(profile_.fault) && i < 3; ++i) DrawFault();
    return p_;
  }

 private:
  // Loops that are checked by eye have no tiles, and are slow at so many numbers.
  void KeepQuick() {
    p_.reference = false;
    for (Call& call : p_.calls) call.times = std::min(call.times, 2);
  }

  void DrawOptions(const std::vector<int>& workers) {
    p_.safe = !dice_.Chance(profile_.single);
    p_.workers = dice_.OneOf(workers);
    p_.flight = dice_.OneOf<int64_t>({1, 1, 2, 2, 3, 8});
    p_.plans = dice_.OneOf<int64_t>({1, 2, 3, 16});
    p_.refuse = dice_.Chance(profile_.refuse);
    p_.reference = dice_.Chance(25);
    p_.ops = dice_.Chance(20) ? 2 : 1;
    if (dice_.Chance(60)) p_.noise = dice_.Seed() | 1;
    if (dice_.Chance(profile_.waiting)) p_.waiting = dice_.From(2, 4);
    const bool own = !dice_.Chance(75);
    p_.way = !own                     ? dice_.From(TGT_WAY_SERIAL, TGT_WAY_DATAFLOW)
             : intra_dice_.Chance(50) ? TGT_WAY_DIRECT
                                      : TGT_WAY_DEFAULT;
    DrawBatch();
    if (!p_.reference && intra_dice_.Chance(35)) p_.intra = intra_dice_.OneOf({2, 2, 3, 5});
  }

  // With room for many, so that some wait for one another.
  void DrawBatch() {
    if (!p_.safe || !batch_dice_.Chance(40)) return;
    p_.batch = batch_dice_.OneOf({2, 4, 8, 16});
    p_.way = intra_dice_.Chance(50) ? TGT_WAY_SERIAL : TGT_WAY_DIRECT;
    p_.flight = batch_dice_.OneOf<int64_t>({4, 8, 16, 64});
    p_.workers = std::min(p_.workers, batch_dice_.OneOf({1, 1, 2}));
  }

  // Many requests wait at once, also of one caller.
  void DrawCrowd() {
    for (Call& call : p_.calls) {
      if (call.verb != Verb::kCall || !batch_dice_.Chance(60)) continue;
      call.later = true;
      call.times = std::max(call.times, batch_dice_.OneOf({2, 4, 12}));
    }
  }

  std::vector<int64_t> CalledSizes() const {
    const std::set<int64_t> sizes = SizesOf(p_);
    return {sizes.begin(), sizes.end()};
  }

  // The sizes that the calls choose from.
  std::vector<int64_t> DrawSizes() {
    if (!dice_.Chance(profile_.sizes)) return {dice_.OneOf<int64_t>({1, 1, 2, 3})};
    std::vector<int64_t> sizes = {1, 2, 3, 4, 5};
    if (dice_.Chance(10)) sizes.push_back(0);
    dice_.Shuffle(&sizes);
    sizes.resize(static_cast<size_t>(dice_.From(2, profile_.most_sizes)));
    return sizes;
  }

  void DrawCall(int caller, bool right, const std::vector<int64_t>& sizes) {
    Call call{.caller = caller, .op = dice_.From(0, p_.ops - 1)};
    if (!right && dice_.Chance(profile_.bad)) {
      call.verb = Verb::kBad;
      call.bad = dice_.OneOf({Bad::kRank, Bad::kType, Bad::kCount, Bad::kSize});
    } else if (!right && dice_.Chance(8)) {
      call.verb = Verb::kLook;
    } else {
      call.size = dice_.OneOf(sizes);
      call.seed = static_cast<uint64_t>(dice_.From(0, 99));
      call.times = dice_.Chance(2) ? 120 : dice_.OneOf({1, 1, 2, 4});
      if (dice_.Chance(profile_.later)) DrawLater(&call);
    }
    p_.calls.push_back(call);
  }

  void DrawLater(Call* call) {
    call->later = true;
    call->times = dice_.OneOf({1, 2, 4, 12});
    call->withdrawn = dice_.Chance(30);
    if (dice_.Chance(30)) call->within = dice_.OneOf({1, 20, 100, 1000, 1'000'000});
    if (dice_.Chance(30)) call->priority = dice_.From(-1, 2);
  }

  // Somewhere among the calls, so that some come before and some behind it.
  void Put(const Call& call) {
    p_.calls.insert(p_.calls.begin() + dice_.From(0, static_cast<int>(p_.calls.size())), call);
  }

  void DrawEnds(int callers) {
    const auto caller = [&] { return dice_.From(0, callers - 1); };
    for (int op = 0; op < p_.ops; ++op)
      for (int i = 0; i < 2 && dice_.Chance(profile_.free); ++i)
        Put({.caller = caller(), .verb = Verb::kFree, .op = op});
    if (dice_.Chance(profile_.stop))
      Put({.caller = caller(), .verb = dice_.OneOf({Verb::kStop, Verb::kCancel})});
  }

  void DrawFault() {
    Fault fault{.place = dice_.OneOf({Place::kNode, Place::kNode, Place::kNode, Place::kNode,
                                      Place::kCompile, Place::kArena}),
                .action = dice_.OneOf({Action::kError, Action::kThrow, Action::kBadAlloc}),
                .each = dice_.Chance(40),
                .hit = dice_.OneOf<int64_t>({1, 1, 2, 3, dice_.From(1, 9)})};
    if (fault.place == Place::kNode) fault.node = dice_.OneOf(p_.graph.nodes).name;
    if (fault.place == Place::kArena && fault.action == Action::kThrow)
      fault.action = Action::kError;
    p_.faults.push_back(fault);
  }

  const Profile profile_;
  static constexpr uint64_t kOfThreads = 0x7465616d;  // dice of their own: others fall as before

  Dice dice_, batch_dice_, intra_dice_;
  Program p_;
};

}  // namespace

Program DrawProgram(std::string_view contract, const std::vector<int>& workers, int most_calls,
                    uint64_t seed) {
  return Drawing(ProfileOf(contract), seed).Draw(workers, most_calls);
}

}  // namespace tenter::fuzz::model
