// FindSymbol: a function of a library that was opened by dlopen.
//
// Thread safety: any thread.
#pragma once

#include <dlfcn.h>

#include <string>

namespace tenter::bench {

// False when the library has none of this name, which `missing` is then.
template <typename Function>
bool FindSymbol(void* library, const char* symbol, Function* function, std::string* missing) {
  *function = reinterpret_cast<Function>(dlsym(library, symbol));
  if (*function == nullptr) *missing = symbol;
  return *function != nullptr;
}

}  // namespace tenter::bench
