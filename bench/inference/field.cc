#include "bench/inference/field.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "bench/inference/wrong.h"
#include "bench/model/openvino_peer.h"
#include "bench/model/ort_peer.h"
#include "bench/model/our_model.h"
#include "runtime/base/clock.h"

namespace tenter::bench {
namespace {

constexpr int64_t kAnswers = 10;           // of the slowest, in a block
constexpr uint64_t kOrder = 0x6f72646572;  // so that order and inputs have streams of their own

}  // namespace

bool MakesAbsent(const ModelContender& contender, const std::exception& error) {
  if (!contender.description().name.starts_with("tenter")) return true;
  const auto* told = dynamic_cast<const StatusError*>(&error);
  if (told == nullptr) return false;
  const StatusCode code = told->status().code();
  return code == StatusCode::kUnsupported || code == StatusCode::kInvalidArgument ||
         code == StatusCode::kDataLoss;
}

std::vector<ModelContenderPtr> Contenders(const ModelOptions& options, Results& results) {
  std::vector<ModelContenderPtr> made;
  const auto wanted = [&](const char* name) {
    return options.contender.empty() || options.contender == name;
  };
  const auto peer = [&](const char* name, const std::string& library, auto make, auto absence) {
    if (!options.peers || !wanted(name)) return;
    Result<ModelContenderPtr> found = make(library);
    if (found.ok()) {
      made.push_back(std::move(found).value());
    } else {
      results.contenders.push_back(absence(found.status().message()));
    }
  };
  if (wanted("tenter")) made.push_back(MakeOurModel(Sharing::kShared));
  if (wanted("tenter_confined")) made.push_back(MakeOurModel(Sharing::kConfined));
  peer("onnxruntime", options.onnxruntime, MakeOrtPeer, OrtAbsence);
  peer("openvino", options.openvino, MakeOpenvinoPeer, OpenvinoAbsence);
  if (!options.planted.empty()) {
    made.push_back(MakeWrong(MakeOurModel(Sharing::kShared), options.planted == "other"
                                                                 ? Wrongness::kOther
                                                                 : Wrongness::kChanging));
  }
  return made;
}

Field::Field(const ModelOptions& options, const Setup& setup,
             std::vector<ModelContenderPtr> contenders, Results& results)
    : options_(options),
      setup_(setup),
      inputs_(Inputs::Make(options.model.inputs, options.sets, options.seed)),
      rng_(Mix64(options.seed ^ kOrder) + options.first_round) {
  for (ModelContenderPtr& contender : contenders)
    if (setup.clients == 1 || contender->many_clients()) Enter(std::move(contender), results);
  for (size_t i = 1; i < entrants_.size(); ++i)
    for (size_t k = 0; k < i; ++k) entrants_[i]->first.CheckAgainst(entrants_[k]->first);
}

Field::~Field() {
  for (const std::unique_ptr<Entrant>& entrant : entrants_) entrant->contender->Unload();
}

void Field::Enter(ModelContenderPtr contender, Results& results) {
  Description description = contender->description();
  const bool exact = contender->exact();
  auto entrant = std::make_unique<Entrant>(
      Entrant{std::move(contender), FirstAnswers(description.title, exact)});
  try {
    entrant->contender->Load(options_.model, setup_);
    const std::unique_ptr<ModelClient> client = entrant->contender->NewClient(inputs_);
    int64_t took_ns = 0;
    for (size_t set = 0; set < inputs_.sets(); ++set) {
      const int64_t start = NowNs();
      client->Infer(set);
      took_ns = NowNs() - start;
      entrant->first.Keep(client->answers());
    }
    slowest_ns_ = std::max(slowest_ns_, took_ns);
  } catch (const std::exception& error) {
    entrant->contender->Unload();
    if (!MakesAbsent(*entrant->contender, error)) throw;
    description.absent = error.what();
    results.contenders.push_back(std::move(description));
    return;
  }
  results.contenders.push_back(std::move(description));
  entrants_.push_back(std::move(entrant));
}

int64_t Field::BlockNs() const {
  return std::max(static_cast<int64_t>(options_.block_ms) * kNsPerMs, kAnswers * slowest_ns_);
}

uint64_t Field::AnswersInBlock() const {
  const int64_t block_ns = static_cast<int64_t>(options_.block_ms) * kNsPerMs;
  return static_cast<uint64_t>(block_ns / std::max<int64_t>(1, slowest_ns_));
}

std::vector<Entrant*> Field::Shuffled() {
  std::vector<Entrant*> order;
  for (const std::unique_ptr<Entrant>& entrant : entrants_) order.push_back(entrant.get());
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng_.Below(i)]);
  return order;
}

}  // namespace tenter::bench
