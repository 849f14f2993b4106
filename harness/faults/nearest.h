// Nearest: which known name a mistyped one was probably meant to be.
//
// Thread safety: pure.
// Ownership and lifetime: values.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tenter {

// What ends an error about an unknown name: ", did you mean 'engine.op.body'?", or all known ones
// (the first dozen) when nothing is close.
std::string DidYouMean(std::string_view found, std::span<const std::string> known);

// True when `text` matches `glob`, where * stands for any characters and ? for one.
bool GlobMatches(std::string_view glob, std::string_view text);

}  // namespace tenter
