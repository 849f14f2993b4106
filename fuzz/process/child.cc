#include "fuzz/process/child.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <iterator>
#include <sstream>

#include "harness/stacks/direct_handler.h"
#include "harness/stacks/thread_stacks.h"
#include "runtime/base/check.h"
#include "runtime/base/clock.h"

namespace tenter::fuzz {
namespace {

constexpr int kFoundExit = 1;
constexpr size_t kStderrKept = 16000;
constexpr int64_t kStacksTakeNs = 4 * kNsPerSecond;

// What a child does that is asked where it hangs: it says so, and is gone. Who asks says into which
// descriptor: one that hangs inside fork still has the stderr of its parent.
void OnQuit(int, siginfo_t* info, void* context) {
  PrintThreadStacks(info->si_code == SI_QUEUE ? info->si_value.sival_int : STDERR_FILENO, context);
  kill(getpid(), SIGKILL);
}

void WriteAll(int fd, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t n = write(fd, text.data() + done, text.size() - done);
    if (n <= 0) return;
    done += static_cast<size_t>(n);
  }
}

// Reads until the child closes the pipe; false when the time was over before.
bool ReadAll(int fd, int64_t deadline_ns, std::string* text) {
  char buffer[4096];
  while (true) {
    const int64_t left_ms = (deadline_ns - NowNs()) / kNsPerMs;
    pollfd waiting{fd, POLLIN, 0};
    if (left_ms <= 0 || poll(&waiting, 1, static_cast<int>(left_ms)) <= 0) return false;
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n <= 0) return true;
    text->append(buffer, static_cast<size_t>(n));
  }
}

// The beginning: that is where a sanitizer says what it found.
std::string ReadStderr(int fd) {
  std::string text(kStderrKept, '\0');
  const ssize_t n = pread(fd, text.data(), text.size(), 0);
  text.resize(n < 0 ? 0 : static_cast<size_t>(n));
  return text;
}

// What kind of crash it was, without numbers that differ from run to run.
std::string CrashKind(int status, const std::string& said) {
  const size_t at = said.find("ERROR: AddressSanitizer: ");
  if (at != std::string::npos)
    return "sanitizer: " + said.substr(at + 25, said.find(' ', at + 25) - at - 25);
  if (said.find("runtime error: ") != std::string::npos) return "sanitizer: undefined behaviour";
  if (said.find("CHECK failed: ") != std::string::npos) {
    const size_t check = said.find("CHECK failed: ");
    return "crash: " + said.substr(check, said.find('\n', check) - check);
  }
  return WIFSIGNALED(status) ? std::string("crash: ") + strsignal(WTERMSIG(status))
                             : "crash: exit " + std::to_string(WEXITSTATUS(status));
}

Finding ParseFinding(const std::string& text, const std::string& said) {
  std::istringstream in(text);
  Finding finding;
  std::string round;
  std::getline(in, finding.contract);
  std::getline(in, finding.kind);
  std::getline(in, round);
  finding.round = std::strtoull(round.c_str(), nullptr, 10);
  finding.detail.assign(std::istreambuf_iterator<char>(in), {});
  if (finding.kind == kDataRace || finding.kind == kLeaked) finding.detail += said;
  return finding;
}

}  // namespace

void Reporter::Found(const Finding& finding) const {
  WriteAll(pipe_, finding.contract + "\n" + finding.kind + "\n" + std::to_string(finding.round) +
                      "\n" + finding.detail);
  _exit(kFoundExit);
}

void Reporter::Clean() const { _exit(0); }

std::optional<Reporter> Child::Fork(Child* child) {
  int ends[2];
  TENTER_CHECK(pipe(ends) == 0, "no pipe");
  child->said_ = memfd_create("stderr", 0);
  child->answers_ = ends[0];
  // On a busy machine the time of the child may be over before it has its handler: what asks where
  // it hangs waits until then, since it would end the child without a word.
  sigset_t quit, before;
  sigemptyset(&quit);
  sigaddset(&quit, SIGQUIT);
  pthread_sigmask(SIG_BLOCK, &quit, &before);
  child->process_ = fork();
  TENTER_CHECK(child->process_ >= 0, "no process");
  if (child->process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // of no use to anybody without its parent
    close(ends[0]);
    dup2(child->said_, STDERR_FILENO);
    dup2(child->said_, STDOUT_FILENO);  // what a target prints is no event
    InstallDirectHandler(SIGQUIT, OnQuit);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return Reporter(ends[1]);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  close(ends[1]);
  return std::nullopt;
}

std::optional<Finding> Child::Collect(int64_t limit_ns) {
  std::string text;
  const bool closed = ReadAll(answers_, NowNs() + limit_ns, &text);
  if (!closed) {
    sigqueue(process_, SIGQUIT, {.sival_int = said_});
    ReadAll(answers_, NowNs() + kStacksTakeNs, &text);
    kill(process_, SIGKILL);
  }
  close(answers_);
  int status = 0;
  waitpid(process_, &status, 0);
  const std::string said = ReadStderr(said_);
  close(said_);
  if (!text.empty()) return ParseFinding(text, said);
  if (!closed)
    return Finding{"", kHang, "the process had to be killed; nobody answered\n" + said, 0};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
  return Finding{"", CrashKind(status, said), said, 0};
}

std::optional<Finding> RunInChild(const std::function<void(const Reporter&)>& work,
                                  int64_t limit_ns) {
  Child child;
  if (const auto reporter = Child::Fork(&child); reporter.has_value()) {
    work(*reporter);
    _exit(0);
  }
  return child.Collect(limit_ns);
}

}  // namespace tenter::fuzz
