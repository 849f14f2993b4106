#include "harness/flight/flight.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <new>

#include "runtime/base/thread.h"

namespace tenter {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the driver reads words as little-endian");

std::string Names(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names)
    text += (text.empty() ? "\"" : ",\"") + std::string(name) + "\"";
  return "[" + text + "]";
}

}  // namespace

std::string Flight::HeaderText(std::span<const std::string_view> calls,
                               std::span<const std::string_view> sites,
                               std::span<const std::string_view> actions) {
  const auto field = [](const char* name, size_t value) {
    return std::string(",\"") + name + "\":" + std::to_string(value);
  };
  return "{\"version\":1" + field("rings_at", offsetof(Memory, rings)) +
         field("ring_bytes", sizeof(Ring)) + field("rings", kRings) +
         field("events_at", offsetof(Ring, slots)) + field("event_bytes", sizeof(Slot)) +
         field("events", kEvents) + field("threads_at", offsetof(Memory, threads)) +
         field("thread_bytes", sizeof(ThreadName)) + field("threads", kThreads) +
         ",\"calls\":" + Names(calls) + ",\"sites\":" + Names(sites) +
         ",\"actions\":" + Names(actions) + "}\n";
}

Result<std::unique_ptr<Flight>> Flight::Open(const std::string& path,
                                             std::span<const std::string_view> calls,
                                             std::span<const std::string_view> sites,
                                             std::span<const std::string_view> actions) {
  const std::string header = HeaderText(calls, sites, actions);
  if (header.size() >= kHeaderBytes)
    return Status(StatusCode::kInternal, "the names of calls and sites do not fit the header");
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0)
    return Status(StatusCode::kInvalidArgument,
                  path + ": cannot be created: " + std::strerror(errno));
  rlimit limit = {};  // beyond which a file that grows is the end of the process
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < sizeof(Memory)) {
    close(descriptor);
    unlink(path.c_str());
    return Status(StatusCode::kResourceExhausted, path + ": the limit on the size of files");
  }
  // With its space, since a write into a page that finds none would be a SIGBUS.
  int error = posix_fallocate(descriptor, 0, sizeof(Memory));
  void* memory = MAP_FAILED;
  if (error == 0) {
    memory = mmap(nullptr, sizeof(Memory), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED) error = errno;
  }
  close(descriptor);
  if (error != 0) {
    unlink(path.c_str());
    return Status(StatusCode::kResourceExhausted, path + ": " + std::strerror(error));
  }
  auto flight = std::make_unique<Flight>();
  flight->memory_ = new (memory) Memory;
  std::memcpy(flight->memory_->header, header.c_str(), header.size() + 1);
  return flight;
}

Flight::~Flight() {
  if (memory_ != nullptr) munmap(memory_, sizeof(Memory));
}

void Flight::NameThisThread() {
  if (memory_ == nullptr) return;
  const uint64_t index = memory_->thread_count.FetchAdd(1, kRelaxed);
  if (index >= kThreads) return;
  ThreadName& thread = memory_->threads[index];
  uint64_t words[std::size(ThreadName{}.text)] = {};
  const std::string name = CurrentThreadName();
  std::memcpy(words, name.data(), std::min(name.size(), sizeof(words)));
  for (size_t i = 0; i < std::size(words); ++i) thread.text[i].Store(words[i], kRelaxed);
  thread.key.Store(CurrentThreadKey(), kRelaxed);
}

}  // namespace tenter
