// Must be reported: signed overflow, which ends the process in this flavour.
#include <climits>
#include <cstdio>

int main() {
  const volatile int most = INT_MAX;
  std::printf("%d\n", most + 1);
  return 0;
}
