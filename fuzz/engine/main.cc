// engine_fuzz: random programs on the engine.
#include "fuzz/engine/hunt/engine_subject.h"
#include "fuzz/frame/fuzz_main.h"

int main(int count, char** words) {
  tenter::fuzz::EngineSubject subject;
  return tenter::fuzz::FuzzMain(count, words, &subject);
}
