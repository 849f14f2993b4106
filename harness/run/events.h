// Events: what the runner tells its driver, one JSON object a line.
//
// Path: watchdog, main -> Events -> the descriptor that was stdout -> the driver.
//
// A target may print, exit, or end its threads as it likes. So its stdout becomes stderr before it
// is loaded, and the runner says itself that it began and with which code it ends: a process that
// ends without saying so was ended by the target.
//
//   {"event":"begin"}  {"event":"progress",...}  {"event":"target",...}  {"event":"end","code":1}
//
// Thread safety: every function from any thread, but for Begin; lines are written whole.
// Invariants: TellEnd may be called in a signal handler; it allocates nothing.
// Errors: what cannot be written is lost; the driver then says that the end was not told.
#pragma once

#include <string>

namespace tenter::events {

// First thing in main. From here on stdout is stderr for everybody else. When the process exits
// before TellEnd, the stack of who called exit is written to stderr.
void Begin();

void Tell(const std::string& json);

// Before the runner ends the process with `code`.
void TellEnd(int code);

}  // namespace tenter::events
