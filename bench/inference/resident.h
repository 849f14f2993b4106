// Resident memory of this process, as the kernel counts it.
//
// Thread safety: from any thread.
// Errors: throw StatusError where /proc does not say it.
#pragma once

#include <string>

namespace tenter::bench {

// A field of /proc/self/status, in bytes: VmRSS (now), VmHWM (the highest), RssFile (of these now,
// pages of files).
double OfStatus(const std::string& field);

// From here on the highest number of resident pages is counted anew.
void ResetPeak();

}  // namespace tenter::bench
