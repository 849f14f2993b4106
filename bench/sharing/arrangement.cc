#include "bench/sharing/arrangement.h"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "bench/model/openvino_peer.h"
#include "bench/model/ort_peer.h"
#include "bench/model/our_model.h"
#include "bench/sharing/callers.h"
#include "runtime/base/clock.h"

namespace tenter::bench {
namespace {

// A way: whose, what callers have each, whether they have a contender each, and whether many of
// them are few who ask ahead.
struct Way {
  std::string whose, how;
  bool each, ahead;
  std::function<Result<ModelContenderPtr>(const ModelOptions&)> make;
};

const std::map<std::string, Way>& Ways() {
  const auto ours = [](Sharing sharing) {
    return
        [sharing](const ModelOptions&) { return Result<ModelContenderPtr>(MakeOurModel(sharing)); };
  };
  const auto ort = [](const ModelOptions& options) { return MakeOrtPeer(options.onnxruntime); };
  const auto openvino = [](const ModelOptions& options) {
    return MakeOpenvinoPeer(options.openvino);
  };
  static const std::map<std::string, Way> ways = {
      {"shared", {"Tenter", "one op for all", false, true, ours(Sharing::kShared)}},
      {"shared_waiting",
       {"Tenter", "one op, callers who wait", false, false, ours(Sharing::kShared)}},
      {"op_per_caller", {"Tenter", "an op per caller", false, false, ours(Sharing::kOpPerClient)}},
      {"model_per_caller", {"Tenter", "a model per caller", true, false, ours(Sharing::kConfined)}},
      {kProcesses, {"Tenter", "a process per caller", true, false, ours(Sharing::kConfined)}},
      {"onnxruntime", {"ONNX Runtime", "one session", false, false, ort}},
      {"onnxruntime_each", {"ONNX Runtime", "a session per caller", true, false, ort}},
      {"openvino", {"OpenVINO", "one compiled model", false, false, openvino}},
      {"openvino_each", {"OpenVINO", "a compiled model per caller", true, false, openvino}}};
  return ways;
}

}  // namespace

Description DescriptionOf(const std::string& way, const std::string& title,
                          const std::string& absent) {
  const auto found = Ways().find(way);
  if (found == Ways().end()) return {way, title, absent};
  const Way& known = found->second;
  const bool ours = known.whose == "Tenter" || title.empty();
  return {way, (ours ? known.whose : title) + ", " + known.how, absent};
}

Result<std::unique_ptr<Arrangement>> Arrangement::Make(const std::string& way,
                                                       const ModelOptions& options) {
  const auto found = Ways().find(way);
  if (found == Ways().end())
    return Status(StatusCode::kInvalidArgument, "no way of sharing is called '" + way + "'");
  const Way& way_known = found->second;
  MakeContender make = [&options, &way_known] { return way_known.make(options); };
  TENTER_ASSIGN_OR_RETURN(ModelContenderPtr first, make());
  std::unique_ptr<Arrangement> made(
      new Arrangement(options, std::move(make), way_known.each, way_known.ahead));
  made->contenders_.push_back(std::move(first));
  return made;
}

Arrangement::Arrangement(const ModelOptions& options, MakeContender make, bool each,
                         bool may_ask_ahead)
    : options_(options),
      in_flight_(options.clients),
      make_(std::move(make)),
      each_(each),
      may_ask_ahead_(may_ask_ahead) {}

Arrangement::~Arrangement() {
  ahead_.clear();
  clients_.clear();
  for (const ModelContenderPtr& contender : contenders_) contender->Unload();
}

void Arrangement::Load(const Inputs& inputs) {
  sets_ = inputs.sets();
  const size_t clients = each_ ? 1 : in_flight_;
  const Setup setup{.threads = static_cast<int>(options_.threads),
                    .clients = static_cast<int>(clients)};
  contenders_.front()->Load(options_.model, setup);
  if (may_ask_ahead_ && in_flight_ > kAhead) {
    for (size_t i = 0; i < kAhead; ++i) {
      std::unique_ptr<AskingClient> asking = contenders_.front()->NewAskingClient(inputs);
      if (asking == nullptr) break;
      ahead_.push_back(std::move(asking));
    }
  }
  // Who asks ahead needs one client that waits, for the first answers.
  const size_t waiting = ahead() ? 1 : clients;
  for (size_t i = 0; i < waiting; ++i) clients_.push_back(contenders_.front()->NewClient(inputs));
  for (size_t i = 1; each_ && i < in_flight_; ++i) {
    Result<ModelContenderPtr> made = make_();
    if (!made.ok()) throw StatusError(made.status());
    contenders_.push_back(std::move(made).value());
    contenders_.back()->Load(options_.model, setup);
    clients_.push_back(contenders_.back()->NewClient(inputs));
  }
}

FirstAnswers Arrangement::KeepFirst(bool swapped) {
  FirstAnswers first(contender().description().title, contender().exact());
  for (size_t set = 0; set < sets_; ++set) {
    clients_.front()->Infer((set + (swapped ? 1 : 0)) % sets_);
    first.Keep(clients_.front()->answers());
  }
  return first;
}

void Arrangement::Run(const FirstAnswers& first, AnswerLog& log) {
  if (ahead()) {
    AskAhead(ahead_, in_flight_, sets_, first, log);
  } else {
    AskAndWait(clients_, sets_, first, log);
  }
}

Block MeasureBlock(Arrangement& arrangement, const ModelOptions& options, const Inputs& inputs,
                   const std::function<void()>& ready) {
  AnswerLog log(options.clients, static_cast<int64_t>(options.block_ms) * kNsPerMs);
  log.Begin();
  const int64_t start = NowNs();
  arrangement.Load(inputs);
  const FirstAnswers first = arrangement.KeepFirst(options.planted == "swapped");
  const int64_t took_ns = NowNs() - start;
  ready();
  arrangement.Run(first, log);
  Block block = log.Take();
  block.setup_ns = took_ns;
  return block;
}

}  // namespace tenter::bench
