// ModelContender: a runtime that loads a model and answers: ours, or a peer in the same table.
//
// Path: Load -> NewClient per thread -> (Infer, timed; answers) many times -> clients go -> Unload.
//
// Thread safety: every client from one thread; clients of one contender at the same time, as many
//   as the Setup says. Everything else belongs to one thread.
// Ownership and lifetime: a client borrows its contender and the inputs; answers are borrowed from
//   the client until its next Infer.
// Invariants: one file per contender, so that it shows what is measured.
// Errors: throws std::exception; where Load throws, this contender has no figure for this model.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/contender/contender.h"
#include "bench/measure/node_time.h"
#include "bench/model/model_file.h"
#include "runtime/base/status.h"

namespace tenter::bench {

struct Setup {
  int threads = 1;  // that one request may use
  int clients = 1;  // that ask at the same time
  // So many answers of a client do not count; of those behind them it tells what each node took.
  // Nothing: nobody keeps a profile.
  std::optional<uint64_t> profile_after = {};
};

// One result of a model.
struct Answer {
  Element element = Element::kFloat32;
  const void* data = nullptr;
  size_t bytes = 0;
};

class ModelClient {
 public:
  virtual ~ModelClient() = default;
  // Asks with the inputs of that set and returns with the results. Timed.
  virtual void Infer(size_t set) = 0;
  virtual std::vector<Answer> answers() const = 0;
  // Every node in the order in which it ran. Once, behind the last answer; a client that keeps no
  // profile throws kUnsupported. REQUIRES: Setup::profile_after, and more answers than that.
  virtual std::vector<NodeTime> TakeProfile() {
    throw StatusError({StatusCode::kUnsupported, "it keeps no profile"});
  }
};

// Asks without waiting for the answer.
class AskingClient {
 public:
  // What came of a question; the answers are borrowed until it returns. It throws nothing.
  using Answered = std::function<void(const Status& status, const std::vector<Answer>& answers)>;

  virtual ~AskingClient() = default;
  // Calls `answered` once, from any thread, perhaps before it returns. Where it throws, there is no
  // answer. The client goes after the last one.
  virtual void Ask(size_t set, Answered answered) = 0;
};

class ModelContender {
 public:
  virtual ~ModelContender() = default;

  virtual Description description() const = 0;
  // Promises the same bits for the same inputs, however many ask.
  virtual bool exact() const { return false; }
  virtual bool many_clients() const { return true; }

  // From the file to something that can be asked. Timed.
  virtual void Load(const ModelFile& model, const Setup& setup) = 0;
  virtual std::unique_ptr<ModelClient> NewClient(const Inputs& inputs) = 0;
  // Null: whoever asks this contender waits.
  virtual std::unique_ptr<AskingClient> NewAskingClient(const Inputs&) { return nullptr; }
  virtual void Unload() = 0;
};

using ModelContenderPtr = std::unique_ptr<ModelContender>;

}  // namespace tenter::bench
