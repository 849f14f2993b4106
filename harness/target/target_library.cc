#include "harness/target/target_library.h"

#include <dlfcn.h>

#include <utility>

namespace tenter {

std::string ErrorText(const tgt_error& error) {
  // A target may answer anything.
  const bool known = error.code >= TGT_OK && error.code <= TGT_DEADLINE_EXCEEDED;
  std::string text = known ? std::string(StatusCodeName(static_cast<StatusCode>(error.code)))
                           : "code " + std::to_string(error.code);
  if (error.type[0] != '\0') text += std::string(" (") + error.type + ")";
  return text + ": " + error.message;
}

Result<TargetLibrary> TargetLibrary::Load(const std::string& path) {
  // A library that is loaded stays: code of it may still be on some stack when the run ends.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return Status(StatusCode::kNotFound, "target library " + path + ": " + dlerror());
  const auto entry = reinterpret_cast<tgt_entry_fn>(dlsym(library, TGT_ENTRY_SYMBOL));
  if (entry == nullptr)
    return Status(StatusCode::kInvalidArgument,
                  "target library " + path + " exports no symbol '" TGT_ENTRY_SYMBOL "'");
  const tgt_target* table = entry();
  if (table == nullptr || table->abi_version != TGT_ABI_VERSION)
    return Status(StatusCode::kInvalidArgument,
                  "target library " + path + ": expected target ABI version " +
                      std::to_string(TGT_ABI_VERSION) + ", found " +
                      (table == nullptr ? "none" : std::to_string(table->abi_version)));
  return TargetLibrary(table);
}

Result<std::unique_ptr<TargetInstance>> TargetInstance::Open(const tgt_target* table,
                                                             const tgt_host& host) {
  tgt_error error = {};
  void* instance = nullptr;
  if (table->open(&host, &instance, &error) != TGT_OK)
    return Status(StatusCode::kInternal,
                  std::string("target ") + table->name + " did not open: " + ErrorText(error));
  return std::make_unique<TargetInstance>(table, instance);
}

std::string DescribeEngine(const TargetInstance& target, tgt_handle engine) {
  std::string text(size_t{1} << 16, '\0');
  tgt_error error = {};
  if (engine == 0 || target.table().engine_describe == nullptr ||
      target.table().engine_describe(target.self(), engine, text.data(), text.size(), &error) !=
          TGT_OK)
    return "";
  return text.c_str();
}

}  // namespace tenter
