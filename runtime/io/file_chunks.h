// FileChunks: a file's bytes on their way from the thread that reads to the one that parses.
//
//   reading thread: Run                            two chunks                 owner
//   open, poll {file, wake}, read  ------------->  [ full ][ empty ]  ------->  AwaitOpen, Take
//   leaves as soon as the system lets it  <------------------------------------  Stop
//
// A file that is no regular one is waited for with poll, which Stop ends at once: a FIFO that has
// no writer yet, a silent terminal. What poll does not cover (an open, or the read of a dead
// network mount) blocks the reading thread alone. It can be left behind there, because it touches
// nothing but this object, which it owns a share of.
//
// Thread safety: Run on the reading thread; AwaitOpen and Take on one other; Stop and AwaitLeft on
//   any.
// Ownership and lifetime: shared by both threads; the last of them destroys it. Bytes that Take
//   returned are valid until the next Take.
// Invariants: (1) after Stop nothing waits for the file. (2) a failure comes after every byte that
//   was read before it. (3) Run neither throws nor allocates: nobody could catch it.
// Errors, in the system's words and without the path, which the caller knows: kNotFound (cannot be
//   opened), kInvalidArgument (a directory), kResourceExhausted (no descriptor left), kDataLoss
//   (reading failed), kClosed (stopped), kStopped (in the child of a fork). Create throws
//   std::bad_alloc.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/mutex.h"
#include "runtime/base/status.h"

namespace tenter {

class FileChunks {
 public:
  static Result<std::shared_ptr<FileChunks>> Create(std::string path);
  ~FileChunks();
  FileChunks(const FileChunks&) = delete;
  FileChunks& operator=(const FileChunks&) = delete;

  // Opens the file and reads it to its end, its failure, or Stop.
  void Run() EXCLUDES(mutex_);

  // Blocks until the file is open.
  Status AwaitOpen() EXCLUDES(mutex_);
  // The next bytes; none at the end of the file. Blocks until there are some.
  Result<std::string_view> Take() EXCLUDES(mutex_);

  // Never blocks.
  void Stop() EXCLUDES(mutex_);
  // Blocks until Run is done with everything; false when it is not after `timeout_ns`.
  bool AwaitLeft(int64_t timeout_ns) EXCLUDES(mutex_);

  // The fork holds it, so that the child does not get an object that was being changed.
  Mutex& mutex() RETURN_CAPABILITY(mutex_) { return mutex_; }
  // In the child, which has no reading thread: closes what is not a regular file, and stops.
  void Orphan() REQUIRES(mutex_);

 private:
  static constexpr size_t kChunkBytes = 128 * 1024;
  // The order matters: behind kReadFailed are the steps in which there is no file to read.
  enum class Step { kOpening, kReading, kEnded, kReadFailed, kOpenFailed, kDirectory };

  FileChunks(std::string path, int wake) : path_(std::move(path)), wake_(wake) {}
  int Open() EXCLUDES(mutex_);
  int OpenOnce(int flags) EXCLUDES(mutex_);
  void Read(int fd) EXCLUDES(mutex_);
  // Waits until there is something to read; false when it was stopped or waiting failed.
  bool AwaitReadable(int fd) EXCLUDES(mutex_);
  // Waits until the chunk may be filled; false when it was stopped.
  bool AwaitEmpty(size_t chunk) EXCLUDES(mutex_);
  void Advance(Step step, int error) EXCLUDES(mutex_);
  void SetPipe(int fd) EXCLUDES(mutex_);
  bool stopped() const EXCLUDES(mutex_);
  // Why there are no bytes. REQUIRES: it stopped or failed.
  Status Refusal() const EXCLUDES(mutex_);

  const std::string path_;
  int wake_;  // an eventfd that poll sees after Stop; changed by Orphan only
  // Chunk i belongs to the reading thread while full_[i] is zero, else to the owner.
  std::array<std::unique_ptr<char[]>, 2> chunks_;
  // Both are the owner's: the chunk that it takes next, or that it has not given back yet.
  size_t taken_ = 0;
  bool holds_ = false;

  mutable Mutex mutex_;
  CondVar changed_;
  std::array<size_t, 2> full_ GUARDED_BY(mutex_) = {};  // bytes in the chunk
  Step step_ GUARDED_BY(mutex_) = Step::kOpening;       // how far the reading thread is
  int error_ GUARDED_BY(mutex_) = 0;                    // errno of a failure
  bool left_ GUARDED_BY(mutex_) = false;                // Run is over
  bool stopped_ GUARDED_BY(mutex_) = false;
  bool orphaned_ GUARDED_BY(mutex_) = false;  // this is the child of a fork
  // The descriptor of a file that is no regular one, else -1. Somebody at its other end may wait
  // for it to be closed, so the child of a fork closes its copy. Set by the reading thread.
  int pipe_ GUARDED_BY(mutex_) = -1;
};

}  // namespace tenter
