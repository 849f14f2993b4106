#include "bench/inference/profile.h"

#include <algorithm>
#include <utility>

#include "bench/inference/loops.h"
#include "bench/model/openvino_peer.h"
#include "bench/model/ort_peer.h"
#include "bench/model/our_steps.h"
#include "runtime/base/check.h"
#include "runtime/base/clock.h"

namespace tenter::bench {
namespace {

// The first answers of a loaded contender make what the others find.
constexpr uint64_t kUncounted = 4;
// So that the file of a profiler stays small enough to be read in a moment.
constexpr uint64_t kFewest = 3, kMost = 30;

struct Lane {
  ModelContenderPtr contender;
  const Entrant* entrant;
  Profile profile;
};

std::vector<Lane> LanesOf(Field& field, std::vector<ModelContenderPtr> profiled) {
  std::vector<Lane> lanes;
  for (ModelContenderPtr& contender : profiled) {
    const std::string name = contender->description().name;
    const auto entrant = std::find_if(field.entrants().begin(), field.entrants().end(),
                                      [&](const auto& one) { return one->name() == name; });
    TENTER_CHECK(entrant != field.entrants().end(), "who keeps a profile is an entrant as well");
    lanes.push_back({std::move(contender), entrant->get(), {.contender = name}});
  }
  return lanes;
}

void Add(std::vector<NodeTime> round, Profile& profile) {
  if (profile.nodes.empty()) {
    for (NodeTime& of : round) profile.nodes.push_back(std::move(of.node));
    profile.ns.resize(profile.nodes.size());
  } else {
    // By their places: OpenVINO gives what it made of several nodes another number at each load.
    const bool same =
        std::equal(round.begin(), round.end(), profile.nodes.begin(), profile.nodes.end(),
                   [](const NodeTime& a, const ProfiledNode& b) { return a.node.op == b.op; });
    if (!same) throw StatusError({StatusCode::kDataLoss, "its nodes change from load to load"});
  }
  for (size_t i = 0; i < round.size(); ++i) profile.ns[i].push_back(round[i].ns);
}

// What is told of it is that it has none.
void MakeAbsent(Profile& profile, const std::exception& error) {
  profile = {.contender = profile.contender, .absent = error.what()};
}

// Loads, asks so often that `answers` count, and adds what it tells.
void AskProfiled(Lane& lane, const Field& field, const ModelFile& model, uint64_t answers) {
  ModelContender& contender = *lane.contender;
  contender.Load(model, {.profile_after = kUncounted});
  const std::unique_ptr<ModelClient> client = contender.NewClient(field.inputs());
  FirstAnswers own(contender.description().title + ", with a profile", false);
  const size_t sets = field.inputs().sets();
  int64_t took_ns = 0;
  for (uint64_t i = 0; i < kUncounted + answers; ++i) {
    const int64_t start_ns = NowNs();
    client->Infer(i % sets);
    if (i >= kUncounted) took_ns += NowNs() - start_ns;
    if (i < sets) own.Keep(client->answers());
  }
  lane.profile.answer_ns.push_back(static_cast<double>(took_ns) / static_cast<double>(answers));
  own.CheckAgainst(lane.entrant->first);
  Add(client->TakeProfile(), lane.profile);
}

void Round(Lane& lane, const Field& field, const ModelOptions& options, uint64_t answers) {
  if (!lane.profile.absent.empty()) return;
  try {
    AskProfiled(lane, field, options.model, answers);
  } catch (const WrongAnswer&) {
    throw;
  } catch (const std::exception& error) {
    if (!MakesAbsent(*lane.contender, error)) throw;
    MakeAbsent(lane.profile, error);
  }
  lane.contender->Unload();
}

void Append(const std::vector<Row>& round, std::vector<Row>& rows) {
  if (rows.empty()) {
    rows = round;
    return;
  }
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].executed += round[i].executed;
    for (auto& [name, series] : rows[i].series) {
      const std::vector<double>& more = round[i].series.at(name);
      series.insert(series.end(), more.begin(), more.end());
    }
  }
}

}  // namespace

std::vector<ModelContenderPtr> ProfiledContenders(Field& field, const ModelOptions& options) {
  std::vector<ModelContenderPtr> made;
  for (const std::unique_ptr<Entrant>& entrant : field.entrants()) {
    const std::string name = entrant->name();
    if (name == "tenter") made.push_back(MakeOurSteps());
    if (name == "onnxruntime") made.push_back(MakeOrtPeer(options.onnxruntime).value());
    if (name == "openvino") made.push_back(MakeOpenvinoPeer(options.openvino).value());
  }
  return made;
}

std::vector<Row> MeasureProfile(Field& field, const ModelOptions& options,
                                std::vector<ModelContenderPtr> profiled, Results& results) {
  std::vector<Lane> lanes = LanesOf(field, std::move(profiled));
  // Each set of inputs is compared.
  const uint64_t answers =
      std::max<uint64_t>(field.inputs().sets(), std::clamp(field.AnswersInBlock(), kFewest, kMost));
  std::vector<Row> rows;
  for (uint64_t i = 0; i < options.repeats; ++i) {
    ModelOptions round = options;
    round.repeats = 1;
    round.first_round = options.first_round + i;
    Append(MeasureLatency(field, round), rows);
    for (const Entrant* entrant : field.Shuffled())
      for (Lane& lane : lanes)
        if (lane.entrant == entrant) Round(lane, field, options, answers);
  }
  for (Lane& lane : lanes) results.profiles.push_back(std::move(lane.profile));
  return rows;
}

}  // namespace tenter::bench
