// Must be reported: a read of memory that was freed.
#include <cstdio>
#include <memory>

int main() {
  auto owner = std::make_unique<int>(7);
  const int* volatile view = owner.get();
  owner.reset();
  std::printf("%d\n", *view);
  return 0;
}
