// Must be reported: memory that nothing points to any more when the process ends.
#include <cstdio>

int main() {
  char* volatile lost = new char[4096];
  lost[0] = 'x';
  lost = nullptr;
  std::puts("lost");
  return 0;
}
