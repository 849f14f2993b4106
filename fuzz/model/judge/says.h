// Says: what the message of an error names.
//
// Thread safety: pure.
#pragma once

#include <string>

#include "fuzz/model/run/history.h"

namespace tenter::fuzz::model {

bool Says(const Answer& answer, const std::string& part);
// The name, not a longer one that it is a part of.
bool SaysWord(const tgt_error& error, const std::string& name);
// The number, not a longer one that begins with it; behind the word where a message has the word,
// since shapes have numbers, too.
bool SaysRequest(const Answer& answer, int64_t request);

inline bool IsGone(tgt_code code) { return code == TGT_STALE_HANDLE || code == TGT_CLOSED; }

}  // namespace tenter::fuzz::model
