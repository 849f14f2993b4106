#include "bench/sharing/processes.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "bench/sharing/arrangement.h"

namespace tenter::bench {
namespace {

Status Broken(const std::string& what) { return {StatusCode::kInternal, what}; }

void Write(int fd, const void* data, size_t size) {
  for (const auto* at = static_cast<const char*>(data); size > 0;) {
    const ssize_t written = write(fd, at, size);
    if (written <= 0) throw StatusError(Broken("a pipe to another process broke"));
    at += written;
    size -= static_cast<size_t>(written);
  }
}

void Read(int fd, void* data, size_t size) {
  for (auto* at = static_cast<char*>(data); size > 0;) {
    const ssize_t got = read(fd, at, size);
    if (got <= 0) throw StatusError(Broken("a process ended before it had answered"));
    at += got;
    size -= static_cast<size_t>(got);
  }
}

template <typename T>
void Write(int fd, const T& value) {
  Write(fd, &value, sizeof(T));
}

template <typename T>
T Read(int fd) {
  T value = {};
  Read(fd, &value, sizeof(T));
  return value;
}

void WriteText(int fd, const std::string& text) {
  Write(fd, text.size());
  Write(fd, text.data(), text.size());
}

std::string ReadText(int fd) {
  std::string text(Read<size_t>(fd), ' ');
  Read(fd, text.data(), text.size());
  return text;
}

// Each message begins with a code: kOk, or what the child failed with, and a text then.
void WriteBlock(int fd, const Block& block) {
  Write(fd, StatusCode::kOk);
  for (const int64_t value : {block.start_ns, block.end_ns, block.setup_ns}) Write(fd, value);
  for (const double value : {block.peak, block.now, block.mapped}) Write(fd, value);
  Write(fd, block.unanswered);
  Write(fd, block.mismatches);
  WriteText(fd, block.mismatch);
  Write(fd, block.latencies.size());
  Write(fd, block.latencies.data(), block.latencies.size() * sizeof(double));
}

void ReadOk(int fd) {
  const auto code = Read<StatusCode>(fd);
  if (code != StatusCode::kOk) throw StatusError({code, ReadText(fd)});
}

Block ReadBlock(int fd) {
  ReadOk(fd);
  Block block;
  for (int64_t* value : {&block.start_ns, &block.end_ns, &block.setup_ns})
    *value = Read<int64_t>(fd);
  for (double* value : {&block.peak, &block.now, &block.mapped}) *value = Read<double>(fd);
  block.unanswered = Read<uint64_t>(fd);
  block.mismatches = Read<uint64_t>(fd);
  block.mismatch = ReadText(fd);
  block.latencies.resize(Read<size_t>(fd));
  Read(fd, block.latencies.data(), block.latencies.size() * sizeof(double));
  return block;
}

class Child {
 public:
  Child(const ModelOptions& options, const Inputs& inputs) {
    int up[2], down[2];
    if (pipe(up) != 0 || pipe(down) != 0) throw StatusError(Broken("no pipe is left"));
    parent_ = getpid();
    id_ = fork();
    if (id_ == 0) {
      Be(options, inputs, up[1], down[0]);
      _exit(0);
    }
    close(up[1]);
    close(down[0]);
    from_ = up[0];
    to_ = down[1];
    if (id_ < 0) throw StatusError({StatusCode::kResourceExhausted, "cannot fork"});
  }
  ~Child() {
    close(from_);
    close(to_);
    if (id_ <= 0) return;
    kill(id_, SIGKILL);
    waitpid(id_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void AwaitReady() { ReadOk(from_); }
  void Go() { Write(to_, 'g'); }
  Block Answer() { return ReadBlock(from_); }

 private:
  void Be(const ModelOptions& options, const Inputs& inputs, int to, int from) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent_) return;
    try {
      Result<std::unique_ptr<Arrangement>> made = Arrangement::Make(kProcesses, options);
      if (!made.ok()) throw StatusError(made.status());
      const Block block = MeasureBlock(**made, options, inputs, [&] {
        Write(to, StatusCode::kOk);
        Read<char>(from);
      });
      WriteBlock(to, block);
    } catch (...) {
      const Status failed = Thrown::Current().ToStatus();
      Write(to, failed.code());
      WriteText(to, failed.message());
    }
  }

  pid_t parent_ = 0, id_ = -1;
  int from_ = -1, to_ = -1;
};

Block Together(std::vector<Block> blocks) {
  Block all = std::move(blocks.front());
  all.peak -= all.mapped;
  all.now -= all.mapped;
  for (size_t i = 1; i < blocks.size(); ++i) {
    const Block& block = blocks[i];
    all.start_ns = std::min(all.start_ns, block.start_ns);
    all.end_ns = std::max(all.end_ns, block.end_ns);
    all.setup_ns = std::max(all.setup_ns, block.setup_ns);
    all.peak += block.peak - block.mapped;
    all.now += block.now - block.mapped;
    all.mapped = std::max(all.mapped, block.mapped);
    all.unanswered += block.unanswered;
    all.mismatches += block.mismatches;
    if (all.mismatch.empty()) all.mismatch = block.mismatch;
    all.latencies.insert(all.latencies.end(), block.latencies.begin(), block.latencies.end());
  }
  all.peak += all.mapped;
  all.now += all.mapped;
  return all;
}

}  // namespace

Block MeasureProcesses(const ModelOptions& options, const Inputs& inputs) {
  signal(SIGPIPE, SIG_IGN);  // a child that is gone is an error of the write to it
  ModelOptions one = options;
  one.clients = 1;
  std::vector<std::unique_ptr<Child>> children;
  for (uint64_t i = 0; i < options.clients; ++i)
    children.push_back(std::make_unique<Child>(one, inputs));
  for (const std::unique_ptr<Child>& child : children) child->AwaitReady();
  for (const std::unique_ptr<Child>& child : children) child->Go();
  std::vector<Block> blocks;
  for (const std::unique_ptr<Child>& child : children) blocks.push_back(child->Answer());
  return Together(std::move(blocks));
}

}  // namespace tenter::bench
