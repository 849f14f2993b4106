#include "harness/stacks/stacks_text.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "harness/stacks/thread_stacks.h"

namespace tenter {

// Through a file in memory, because what writes the stacks knows only descriptors.
std::string StacksOfAll() {
  const int file = memfd_create("stacks", MFD_CLOEXEC);
  if (file < 0) return "";
  PrintThreadStacks(file);
  std::string text(static_cast<size_t>(std::max<off_t>(lseek(file, 0, SEEK_CUR), 0)), '\0');
  const ssize_t size = pread(file, text.data(), text.size(), 0);
  close(file);
  text.resize(static_cast<size_t>(std::max<ssize_t>(size, 0)));
  return text;
}

}  // namespace tenter
