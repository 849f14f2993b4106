// MemoryFile: a file for a target to read, without a name in any folder: nothing of it is left
// behind.
//
// Thread safety: one thread.
// Ownership and lifetime: gone with the object; a target that reads it later finds nothing.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "runtime/base/check.h"

namespace tenter::fuzz {

class MemoryFile {
 public:
  // `name`: for a person, "rows.csv".
  MemoryFile(const char* name, const std::string& bytes)
      : descriptor_(memfd_create(name, MFD_CLOEXEC)) {
    TENTER_CHECK(descriptor_ >= 0, "no file in memory");
    TENTER_CHECK(
        write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
        "the file in memory is not whole");
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  const int descriptor_;
};

}  // namespace tenter::fuzz
