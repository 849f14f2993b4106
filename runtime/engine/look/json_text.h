// JsonText: a text as a JSON string, quoted and escaped.
//
// Thread safety: pure.
// Invariants: the result is valid JSON; bytes that are no UTF-8 become U+FFFD.
#pragma once

#include <string>
#include <string_view>

namespace tenter {

std::string JsonText(std::string_view text);

}  // namespace tenter
