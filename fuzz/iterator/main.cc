// iterator_fuzz: random files and calls on the iterator of a target.
#include "fuzz/frame/fuzz_main.h"
#include "fuzz/iterator/iterator_subject.h"

int main(int count, char** words) {
  tenter::fuzz::iterator::IteratorSubject subject;
  return tenter::fuzz::FuzzMain(count, words, &subject);
}
