// What the sanitizer of this build has noticed so far in this process.
//
// Thread safety: any thread.
#pragma once

namespace tenter::fuzz {

// The number of races that ThreadSanitizer has reported in this process; 0 in other flavours.
int RacesReported();
// True when LeakSanitizer finds memory that nothing points to; false in other flavours.
bool FoundLeaks();

}  // namespace tenter::fuzz
