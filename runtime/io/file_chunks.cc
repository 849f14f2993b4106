#include "runtime/io/file_chunks.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <new>
#include <system_error>
#include <utility>

#include "runtime/base/clock.h"

namespace tenter {
namespace {

std::string SystemWords(int error) { return std::generic_category().message(error); }

bool OutOfResources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

}  // namespace

Result<std::shared_ptr<FileChunks>> FileChunks::Create(std::string path) {
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake < 0)
    return Status(StatusCode::kResourceExhausted,
                  "no descriptor to wait with: " + SystemWords(errno));
  std::unique_ptr<FileChunks> chunks;
  try {
    chunks.reset(new FileChunks(std::move(path), wake));
  } catch (...) {
    close(wake);
    throw;
  }
  for (auto& chunk : chunks->chunks_) chunk = std::make_unique_for_overwrite<char[]>(kChunkBytes);
  return std::shared_ptr<FileChunks>(std::move(chunks));
}

FileChunks::~FileChunks() {
  if (wake_ >= 0) close(wake_);
}

void FileChunks::Run() {
  if (const int fd = Open(); fd >= 0) {
    Read(fd);
    SetPipe(-1);  // before the close, after which another file may get the same number
    close(fd);
  }
  MutexLock lock(mutex_);
  left_ = true;
  changed_.NotifyAll();
}

int FileChunks::OpenOnce(int flags) {
  int fd = -1;
  do {
    fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
  } while (fd < 0 && errno == EINTR && !stopped());
  return fd;
}

int FileChunks::Open() {
  int fd = OpenOnce(O_NONBLOCK);
  // Somebody else holds a lease on the file, and the system asks for it back. There is nothing to
  // poll for that: only an open that blocks waits for it.
  if (fd < 0 && errno == EWOULDBLOCK && !stopped()) fd = OpenOnce(0);
  struct stat about = {};
  if (fd < 0 || fstat(fd, &about) != 0) {
    Advance(Step::kOpenFailed, errno);
    if (fd >= 0) close(fd);
    return -1;
  }
  if (S_ISDIR(about.st_mode)) {
    Advance(Step::kDirectory, 0);
    close(fd);
    return -1;
  }
  if (!S_ISREG(about.st_mode)) SetPipe(fd);
  Advance(Step::kReading, 0);
  return fd;
}

void FileChunks::Read(int fd) {
  for (size_t chunk = 0; AwaitEmpty(chunk);) {
    // A FIFO without a writer reads as an empty file; poll waits for the first writer.
    if (!AwaitReadable(fd)) return;
    const ssize_t bytes = read(fd, chunks_[chunk].get(), kChunkBytes);
    if (bytes < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (bytes < 0) return Advance(Step::kReadFailed, errno);
    if (bytes == 0) return Advance(Step::kEnded, 0);
    MutexLock lock(mutex_);
    full_[chunk] = static_cast<size_t>(bytes);
    changed_.NotifyAll();
    chunk = 1 - chunk;
  }
}

bool FileChunks::AwaitReadable(int fd) {
  std::array<pollfd, 2> polled = {pollfd{fd, POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
  while (poll(polled.data(), polled.size(), -1) < 0)
    if (errno != EINTR) {
      Advance(Step::kReadFailed, errno);
      return false;
    }
  return polled[1].revents == 0;
}

bool FileChunks::AwaitEmpty(size_t chunk) {
  MutexLock lock(mutex_);
  while (full_[chunk] > 0 && !stopped_) changed_.Wait(mutex_);
  return !stopped_;
}

void FileChunks::Advance(Step step, int error) {
  MutexLock lock(mutex_);
  step_ = step;
  error_ = error;
  changed_.NotifyAll();
}

void FileChunks::SetPipe(int fd) {
  MutexLock lock(mutex_);
  pipe_ = fd;
}

bool FileChunks::stopped() const {
  MutexLock lock(mutex_);
  return stopped_;
}

Status FileChunks::AwaitOpen() {
  {
    MutexLock lock(mutex_);
    while (step_ == Step::kOpening && !stopped_) changed_.Wait(mutex_);
    if (step_ <= Step::kReadFailed && !stopped_) return {};
  }
  return Refusal();
}

Result<std::string_view> FileChunks::Take() {
  {
    MutexLock lock(mutex_);
    if (std::exchange(holds_, false)) {
      full_[taken_] = 0;
      taken_ = 1 - taken_;
      changed_.NotifyAll();
    }
    while (full_[taken_] == 0 && step_ <= Step::kReading && !stopped_) changed_.Wait(mutex_);
    holds_ = full_[taken_] > 0 && !stopped_;
    if (holds_) return std::string_view(chunks_[taken_].get(), full_[taken_]);
    if (step_ == Step::kEnded && !stopped_) return std::string_view();
  }
  return Refusal();
}

void FileChunks::Stop() {
  MutexLock lock(mutex_);
  stopped_ = true;
  changed_.NotifyAll();
  const uint64_t one = 1;
  // The counter of an eventfd has room for more stops than there will ever be.
  [[maybe_unused]] const auto written = write(wake_, &one, sizeof(one));
}

bool FileChunks::AwaitLeft(int64_t timeout_ns) {
  const int64_t deadline = NowNs() + timeout_ns;
  MutexLock lock(mutex_);
  while (!left_) {
    const int64_t rest = deadline - NowNs();
    if (rest <= 0) return false;
    changed_.WaitFor(mutex_, rest);
  }
  return true;
}

// A regular file stays open in the child: nobody waits for it to be closed, and closing one on a
// dead network mount blocks.
void FileChunks::Orphan() {
  new (&changed_) CondVar;  // those who waited exist in the parent only
  stopped_ = left_ = orphaned_ = true;
  for (int* fd : {&wake_, &pipe_})
    if (const int open = std::exchange(*fd, -1); open >= 0) close(open);
}

Status FileChunks::Refusal() const {
  Step step;
  int error = 0;
  {
    MutexLock lock(mutex_);
    step = step_;
    error = error_;
    if (orphaned_)
      return {StatusCode::kStopped, "this file belongs to the process that was forked"};
    if (stopped_) step = Step::kEnded;
  }
  if (step == Step::kDirectory)
    return {StatusCode::kInvalidArgument, "expected a file of rows, found a directory"};
  if (step == Step::kOpenFailed)
    return {OutOfResources(error) ? StatusCode::kResourceExhausted : StatusCode::kNotFound,
            "cannot be opened for reading: " + SystemWords(error)};
  if (step == Step::kReadFailed)
    return {StatusCode::kDataLoss, "reading failed: " + SystemWords(error)};
  return {StatusCode::kClosed, "reading was interrupted"};
}

}  // namespace tenter
