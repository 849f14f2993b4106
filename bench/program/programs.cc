#include "bench/program/programs.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include "runtime/base/rng.h"

namespace tenter::bench {
namespace {

constexpr uint64_t kSeed = 20260101;
constexpr uint32_t kWorkingSet = 10;
constexpr uint32_t kOwnVariables = 64;

// The first `count` elements become a random choice without repetition (Fisher and Yates).
void Choose(Rng& rng, std::vector<uint32_t>& from, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    const auto other = i + static_cast<uint32_t>(rng.Below(from.size() - i));
    std::swap(from[i], from[other]);
  }
}

void AddRandom(Rng& rng, Program& program, std::vector<uint32_t>& variables, uint32_t reads) {
  Choose(rng, variables, reads + 1);
  program.Add(std::span(variables).subspan(0, reads), std::span(variables).subspan(reads, 1));
}

std::vector<uint32_t> Numbers(uint32_t count, uint32_t first = 0, uint32_t step = 1) {
  std::vector<uint32_t> numbers(count);
  for (uint32_t i = 0; i < count; ++i) numbers[i] = first + i * step;
  return numbers;
}

}  // namespace

Program Independent(size_t ops) {
  Program program(static_cast<uint32_t>(ops));
  for (uint32_t op = 0; op < ops; ++op) program.Add({}, std::array{op});
  return program;
}

Program Chains(size_t ops, uint32_t lanes) {
  Program program(lanes);
  for (uint32_t op = 0; op < ops; ++op) program.Add({}, std::array{op % lanes});
  return program;
}

Program RandomSets(size_t ops, uint32_t reads, uint32_t variables) {
  Program program(variables);
  Rng rng(kSeed);
  std::vector<uint32_t> numbers = Numbers(variables);
  for (size_t op = 0; op < ops; ++op) AddRandom(rng, program, numbers, reads);
  return program;
}

Program AmongLive(size_t ops, uint32_t live) {
  Program program(live);
  Rng rng(kSeed);
  std::vector<uint32_t> numbers = Numbers(kWorkingSet, 0, live / kWorkingSet);
  for (size_t op = 0; op < ops; ++op) AddRandom(rng, program, numbers, 2);
  return program;
}

Program ManyReaders(size_t ops, uint32_t readers) {
  Program program(1);
  const std::array<uint32_t, 1> var = {0};
  for (size_t op = 0; op < ops; ++op) {
    if (op % (readers + 1) == 0) {
      program.Add({}, var);
    } else {
      program.Add(var, {});
    }
  }
  return program;
}

Program ManyReads(size_t ops, uint32_t reads) {
  Program program(reads + 1);
  const std::vector<uint32_t> numbers = Numbers(reads, 1);
  for (size_t op = 0; op < ops; ++op) program.Add(numbers, std::array<uint32_t, 1>{0});
  return program;
}

Program Disjoint(size_t ops, uint32_t pushers) {
  Program program(pushers * kOwnVariables);
  Rng rng(kSeed);
  std::vector<std::vector<uint32_t>> own;
  for (uint32_t i = 0; i < pushers; ++i) own.push_back(Numbers(kOwnVariables, i * kOwnVariables));
  for (size_t op = 0; op < ops; ++op) AddRandom(rng, program, own[op * pushers / ops], 2);
  return program;
}

Program Pipelines(size_t ops, uint32_t lanes) {
  Program program(static_cast<uint32_t>(ops));
  for (uint32_t op = 0; op < ops; ++op) {
    if (op < lanes) {
      program.Add({}, std::array{op});
    } else {
      program.Add(std::array{op - lanes}, std::array{op});
    }
  }
  return program;
}

Program Layered(size_t networks, uint32_t layers, uint32_t width) {
  Program program(static_cast<uint32_t>(networks * layers * width));
  uint32_t op = 0;
  for (size_t network = 0; network < networks; ++network) {
    for (uint32_t layer = 0; layer < layers; ++layer) {
      for (uint32_t i = 0; i < width; ++i, ++op) {
        const std::array<uint32_t, 1> write = {op};
        if (layer == 0) {
          program.Add({}, write);
          continue;
        }
        const uint32_t before = op - i - width;  // the first variable of the layer before
        const std::array<uint32_t, 3> reads = {before + i, before + (i + 1) % width,
                                               before + (i + 2) % width};
        program.Add(std::span(reads).subspan(0, std::min<uint32_t>(3, width)), write);
      }
    }
  }
  return program;
}

}  // namespace tenter::bench
