// FileReader: the bytes of a file, for somebody who must be able to stop waiting for them.
//
// Path: file -> FileChunks (on a thread of its own) -> FileReader -> LineReader -> CsvSource.
//
// Each open file has a reading thread, which also reads a little ahead. Close ends it. One that the
// system does not let go of (it is inside open or read of a dead network mount) is left behind,
// with its descriptor and its two chunks, for as long as the system keeps it.
//
// In the child of a fork there is no reading thread. A file that was open answers kStopped there,
// and another can be opened after Close.
//
// Thread safety: one thread at a time, the owner; Interrupt alone from any thread, at any time.
// Ownership and lifetime: the destructor closes. Bytes that Read returned are valid until the next
//   call.
// LOCK ORDER: FileReader::mutex_, FileChunks::mutex_.
// Invariants: (1) Close returns within kLeaveNs. (2) after Interrupt nothing waits for the file
//   until Close.
// Errors: those of FileChunks; kResourceExhausted when there is no thread. Open and Read throw
//   std::bad_alloc; Close does not.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/base/fork.h"
#include "runtime/base/mutex.h"
#include "runtime/base/thread.h"
#include "runtime/io/file_chunks.h"

namespace tenter {

class FileReader final : private ForkMember {
 public:
  // Throws std::bad_alloc.
  FileReader() { JoinFork(this); }
  ~FileReader() {
    Close();
    LeaveFork(this);
  }
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  // Closes the file that was open, if any, and blocks until this one is open.
  Status Open(const std::string& path) EXCLUDES(mutex_);
  // The next bytes; none at the end of the file. Blocks until there are some. REQUIRES: open.
  Result<std::string_view> Read() EXCLUDES(mutex_);
  // Also takes back an Interrupt. Does nothing else when there is no file.
  void Close() EXCLUDES(mutex_);

  // Makes the running Open or Read, and each that follows, return kClosed soon.
  void Interrupt() EXCLUDES(mutex_);

 private:
  // Ends the reading thread, or leaves it behind.
  void Leave() EXCLUDES(mutex_);

  void BeforeFork() override;
  void AfterForkInParent() override;
  void AfterForkInChild() override;

  // How long Close waits for the reading thread, which usually leaves at once; half of the time
  // that closing an iterator may take (ITR-5).
  static constexpr int64_t kLeaveNs = 50 * kNsPerMs;

  Mutex mutex_;
  // Null while no file is open. Only the owner changes it; Interrupt and a fork read it.
  std::shared_ptr<FileChunks> chunks_ GUARDED_BY(mutex_);
  bool interrupted_ GUARDED_BY(mutex_) = false;
  Thread thread_;  // the owner's
};

}  // namespace tenter
