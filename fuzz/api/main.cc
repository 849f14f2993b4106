// api_fuzz: random lives of handles of the C API.
#include "fuzz/api/api_subject.h"
#include "fuzz/frame/fuzz_main.h"

int main(int count, char** words) {
  tenter::fuzz::api::ApiSubject subject;
  return tenter::fuzz::FuzzMain(count, words, &subject);
}
