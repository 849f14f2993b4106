// FuzzMain: the command line of every fuzzer. One JSON object a line on stdout; exit codes as the
// README says.
//
// Thread safety: called once, from main, before there is another thread.
#pragma once

#include "fuzz/frame/subject.h"

namespace tenter::fuzz {

int FuzzMain(int count, char** words, Subject* subject);

}  // namespace tenter::fuzz
