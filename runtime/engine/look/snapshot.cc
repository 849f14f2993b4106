#include "runtime/engine/look/snapshot.h"

#include <algorithm>

#include "runtime/engine/look/json_text.h"

namespace tenter {
namespace {

template <typename Items, typename Text>
std::string Array(const Items& items, Text text) {
  std::string array = "[";
  for (const auto& item : items) array += (array.size() > 1 ? "," : "") + text(item);
  return array + "]";
}

std::string More(size_t all, size_t shown) {
  return all > shown ? "  ... and " + std::to_string(all - shown) + " more\n" : "";
}

}  // namespace

std::string EngineSnapshot::ToText(size_t shown) const {
  std::string text =
      engine + " engine: " + std::to_string(workers.size()) + " workers (" +
      std::to_string(asleep) + " asleep" +
      (gone > 0 ? ", " + std::to_string(gone) + " gone), " : "), ") + std::to_string(live_ops) +
      " live ops" +
      (waiting_for_all > 0 ? ", " + std::to_string(waiting_for_all) + " threads wait for all"
                           : "") +
      (stopping ? ", stopping" : "") + "\n";
  for (size_t i = 0; i < workers.size(); ++i)
    text += "  worker " + std::to_string(i) +
            (workers[i].empty() ? " runs no body\n" : " runs '" + workers[i] + "'\n");
  for (size_t i = 0; i < std::min(shown, ops.size()); ++i) {
    text += "  op '" + ops[i].name + "' (push " + std::to_string(ops[i].push_number) + ") " +
            ops[i].state;
    for (size_t n = 0; n < ops[i].waits_for.size(); ++n)
      text += (n == 0 ? " for v" : " v") + std::to_string(ops[i].waits_for[n]);
    text += "\n";
  }
  text += More(ops.size(), shown);
  for (size_t i = 0; i < std::min(shown, vars.size()); ++i) {
    const VarUse& var = vars[i];
    text += "  v" + std::to_string(var.index) + ": " + std::to_string(var.readers) + " readers" +
            (var.writing ? ", a writer" : "") + ", " + std::to_string(var.queued) + " behind them" +
            (var.poison.empty() ? "" : "; is poisoned by " + var.poison) + "\n";
  }
  return text + More(vars.size(), shown);
}

std::string EngineSnapshot::ToJson() const {
  const auto number = [](uint64_t n) { return std::to_string(n); };
  const auto op_json = [&](const Op& op) {
    return "{\"name\":" + JsonText(op.name) + ",\"push\":" + number(op.push_number) +
           ",\"state\":" + JsonText(op.state) + ",\"waits_for\":" + Array(op.waits_for, number) +
           "}";
  };
  const auto var_json = [&](const VarUse& var) {
    return "{\"var\":" + number(var.index) + ",\"readers\":" + number(var.readers) +
           ",\"writing\":" + (var.writing ? "true" : "false") +
           ",\"queued\":" + number(var.queued) + ",\"poison\":" + JsonText(var.poison) + "}";
  };
  return "{\"engine\":" + JsonText(engine) + ",\"live_ops\":" + number(live_ops) +
         ",\"waiting_for_all\":" + number(waiting_for_all) + ",\"asleep\":" + number(asleep) +
         ",\"gone\":" + number(gone) + ",\"stopping\":" + (stopping ? "true" : "false") +
         ",\"workers\":" + Array(workers, JsonText) + ",\"ops\":" + Array(ops, op_json) +
         ",\"vars\":" + Array(vars, var_json) + "}";
}

}  // namespace tenter
