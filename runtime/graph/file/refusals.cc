#include "runtime/graph/file/refusals.h"

#include "runtime/graph/file/import_message.h"

namespace tenter {

void Refusals::Add(const std::string& phrase, const std::string& node) {
  for (Entry& entry : entries_)
    if (entry.phrase == phrase) {
      ++entry.more;
      return;
    }
  entries_.push_back({phrase, node, 0});
}

Status Refusals::ToStatus() const {
  if (entries_.empty()) return {};
  std::string text = "unsupported: ";
  for (const Entry& entry : entries_) {
    text += (&entry == &entries_.front() ? "" : ", ") + entry.phrase;
    if (entry.node.empty()) continue;
    text += " (node " + Quoted(entry.node);
    if (entry.more > 0) text += " and " + std::to_string(entry.more) + " more";
    text += ")";
  }
  return {StatusCode::kUnsupported, text};
}

}  // namespace tenter
