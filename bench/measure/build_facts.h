// BuildFacts: how the measured code was compiled, told by the binary itself.
//
// Thread safety: pure.
// Ownership and lifetime: values.
#pragma once

#include <map>
#include <string>

namespace tenter::bench {

std::map<std::string, std::string> BuildFacts();

}  // namespace tenter::bench
