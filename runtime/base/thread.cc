#include "runtime/base/thread.h"

#include <pthread.h>

#include <system_error>
#include <utility>

namespace tenter {

uint64_t CurrentThreadKey() { return static_cast<uint64_t>(pthread_self()); }

std::string CurrentThreadName() {
  char name[16] = "";
  pthread_getname_np(pthread_self(), name, sizeof(name));
  return name;
}

Status Thread::Start(const std::string& name, std::function<void()> body) {
  TENTER_CHECK(!thread_.joinable(), "thread '" + name + "' was started before");
  try {
    thread_ = std::thread([short_name = name.substr(0, 15), run = std::move(body)] {
      pthread_setname_np(pthread_self(), short_name.c_str());
      run();
    });
  } catch (const std::system_error& error) {
    return {StatusCode::kResourceExhausted, "cannot start thread '" + name + "': " + error.what()};
  }
  return {};
}

void Thread::Join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace tenter
