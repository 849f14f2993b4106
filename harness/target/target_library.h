// TargetLibrary and TargetInstance: a target as the workloads hold it.
//
// Path: run plan -> TargetLibrary::Load -> (saboteur) -> TargetInstance::Open -> workload.
//
// Thread safety: Load and Open on the main thread; the table is immutable.
// Ownership and lifetime: a library is never unloaded. A TargetInstance closes itself; no call
//    may be running then.
// Invariants: the table has the ABI version that this harness was built with.
// Errors: kNotFound and kInvalidArgument name the library and what is wrong with it.
#pragma once

#include <memory>
#include <string>

#include "harness/target/target.h"
#include "runtime/base/status.h"

namespace tenter {

// "invalid_argument (tenter::StatusError): input 'x': ...".
std::string ErrorText(const tgt_error& error);

class TargetLibrary {
 public:
  static Result<TargetLibrary> Load(const std::string& path);
  const tgt_target* table() const { return table_; }

 private:
  explicit TargetLibrary(const tgt_target* table) : table_(table) {}
  const tgt_target* table_;
};

class TargetInstance {
 public:
  // `host` is borrowed until the instance is closed.
  static Result<std::unique_ptr<TargetInstance>> Open(const tgt_target* table,
                                                      const tgt_host& host);
  TargetInstance(const tgt_target* table, void* instance) : table_(table), instance_(instance) {}
  ~TargetInstance() { table_->close(instance_); }
  TargetInstance(const TargetInstance&) = delete;
  TargetInstance& operator=(const TargetInstance&) = delete;

  const tgt_target& table() const { return *table_; }
  void* self() const { return instance_; }

 private:
  const tgt_target* const table_;
  void* const instance_;
};

// Who runs and who waits for what in `engine`, as its target tells it; empty when it does not.
std::string DescribeEngine(const TargetInstance& target, tgt_handle engine);

}  // namespace tenter
