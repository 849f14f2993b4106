// model_fuzz: random models and what callers do with them, on any target.
#include "fuzz/frame/fuzz_main.h"
#include "fuzz/model/hunt/model_subject.h"

int main(int count, char** words) {
  tenter::fuzz::model::ModelSubject subject;
  return tenter::fuzz::FuzzMain(count, words, &subject);
}
