// DirectFile: a file that is read by the system itself, for a process that dies or stands still.
//
// Path: MapsFile and ThreadStacks -> DirectFile. A sanitizer that sees an open, a read or a write
// of the C library keeps books, with locks that the interrupted thread may hold.
//
// Thread safety: one thread; in the handler of a signal, too.
// Invariants: nothing here allocates or takes a lock.
#pragma once

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>

namespace tenter {

class DirectFile {
 public:
  // `flags`: beside O_RDONLY. What cannot be opened reads as empty.
  explicit DirectFile(const char* path, int flags = 0)
      : descriptor_(
            static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | flags))) {}
  ~DirectFile() {
    if (descriptor_ >= 0) syscall(SYS_close, descriptor_);
  }
  DirectFile(const DirectFile&) = delete;
  DirectFile& operator=(const DirectFile&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  // How many bytes; 0 at the end, or when nothing can be read.
  size_t Read(char* bytes, size_t size) const {
    const long got = is_open() ? syscall(SYS_read, descriptor_, bytes, size) : 0;
    return got > 0 ? static_cast<size_t>(got) : 0;
  }

 private:
  const int descriptor_;
};

inline void DirectWrite(int descriptor, const char* bytes, size_t size) {
  syscall(SYS_write, descriptor, bytes, size);
}

}  // namespace tenter
