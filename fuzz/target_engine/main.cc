// target_engine_fuzz: random programs on the engine group of any target.
#include "fuzz/frame/fuzz_main.h"
#include "fuzz/target_engine/target_engine_subject.h"

int main(int count, char** words) {
  tenter::fuzz::target_engine::TargetEngineSubject subject;
  return tenter::fuzz::FuzzMain(count, words, &subject);
}
