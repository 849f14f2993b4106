#include "harness/stacks/loaded_module.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "harness/stacks/direct_file.h"

namespace tenter {
namespace {

constexpr size_t kLineBytes = 512;
constexpr char kDeleted[] = " (deleted)";

class MapsFile {
 public:
  // The next line, without what it has too much; false at the end.
  bool NextLine(std::span<char> line) {
    size_t size = 0;
    for (char sign = 0; (sign = NextSign()) != '\n';) {
      if (sign == '\0') return false;
      if (size + 1 < line.size()) line[size++] = sign;
    }
    line[size] = '\0';
    return true;
  }

 private:
  char NextSign() {  // 0: there is none
    if (at_ == size_) {
      at_ = 0;
      size_ = file_.Read(buffer_, sizeof(buffer_));
      if (size_ == 0) return '\0';
    }
    return buffer_[at_++];
  }

  const DirectFile file_{"/proc/self/maps"};
  size_t at_ = 0, size_ = 0;
  char buffer_[1024];  // of a stack that may be small
};

struct Mapping {
  uintptr_t begin, end, offset;
  bool used;         // not a gap between two parts of a module
  const char* path;  // empty: of no file
};

uintptr_t Hex(const char** text) {
  uintptr_t value = 0;
  for (;; ++*text) {
    const char sign = **text;
    if (sign >= '0' && sign <= '9')
      value = value << 4 | static_cast<uintptr_t>(sign - '0');
    else if (sign >= 'a' && sign <= 'f')
      value = value << 4 | static_cast<uintptr_t>(sign - 'a' + 10);
    else
      return value;
  }
}

void SkipField(const char** text) {
  *text += std::strspn(*text, " ");
  *text += std::strcspn(*text, " ");
}

// "7f00-7f10 r-xp 00001000 08:01 4711   /path".
Mapping Parsed(const char* line) {
  Mapping mapping = {};
  mapping.begin = Hex(&line);
  line += *line == '-';
  mapping.end = Hex(&line);
  line += std::strspn(line, " ");
  mapping.used = std::strncmp(line, "---", 3) != 0;
  SkipField(&line);
  line += std::strspn(line, " ");
  mapping.offset = Hex(&line);
  SkipField(&line);  // the device
  SkipField(&line);  // the file's number there
  line += std::strspn(line, " ");
  mapping.path = *line == '/' || std::strcmp(line, "[vdso]") == 0 ? line : "";
  return mapping;
}

// The parts of a module follow each other in memory as in its file, of which two have at most one
// page in common. Another copy of the file begins anew.
bool GoesOn(const LoadedModule& module, uintptr_t offset_end, const Mapping& next) {
  const auto page = static_cast<uintptr_t>(getpagesize());
  return std::strncmp(module.path, next.path, sizeof(module.path) - 1) == 0 &&
         (!next.used || next.offset + page >= offset_end);
}

void CutDeleted(char* path) {
  const size_t size = std::strlen(path), cut = sizeof(kDeleted) - 1;
  if (size > cut && std::strcmp(path + size - cut, kDeleted) == 0) path[size - cut] = '\0';
}

}  // namespace

bool ModuleOf(uintptr_t address, LoadedModule* module) {
  *module = {};
  MapsFile maps;
  char line[kLineBytes];
  uintptr_t offset_end = 0;  // in the file, of the part before
  while (maps.NextLine(line)) {
    const Mapping mapping = Parsed(line);
    const bool of_file = *mapping.path != '\0';
    if (of_file && !GoesOn(*module, offset_end, mapping)) {
      module->base = mapping.begin;
      std::strncpy(module->path, mapping.path, sizeof(module->path) - 1);
    }
    if (of_file && mapping.used) offset_end = mapping.offset + (mapping.end - mapping.begin);
    if (address < mapping.begin) return false;
    if (address >= mapping.end) continue;
    CutDeleted(module->path);
    module->part_begin = mapping.begin;
    module->part_end = mapping.end;
    return of_file;
  }
  return false;
}

const LoadedModule* LoadedModules::Find(uintptr_t address) {
  for (size_t i = 0; i < count_; ++i)
    if (found_[i].part_begin <= address && address < found_[i].part_end) return &found_[i];
  LoadedModule& next = found_[count_ == kMost ? kMost - 1 : count_];
  if (!ModuleOf(address, &next)) return nullptr;
  count_ = std::min(count_ + 1, kMost);
  return &next;
}

}  // namespace tenter
