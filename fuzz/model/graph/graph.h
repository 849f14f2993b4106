// Graph: the model of a program, as lines of text.
//
//   input x0 float N 3 5 5        N: the size that each call chooses
//   input x2 float ? 0 -1     the same N, of which the file says nothing, 0 or -1
//   input x1 special 2 3       with infinities, NaN and the like
//   input x2 nonfinite 2 3     with infinities and NaN among small whole numbers
//   n0 = Conv x0 {2,3,3,3:7} pads 0 1 1 0 strides 1 1 dilations 1 1 group 1
//   n1 = Split n0 axis 1 parts 1 1
//   n2 = MaxPool n0 kernel_shape 2 2 same_upper     a word alone: auto_pad
//   output n1.1
//   wrong n0 group 3               in the file, in place of what n0 says: forbidden by ONNX
//   wrong n1 cycle                 or without an attribute: op, operand, output, cycle
//
// An operand is an input, an output of an earlier node ("n1" is its first, "n1.1" its second),
// a constant, or "-" for one that is left out. A constant is its dims and the seed of its numbers:
// {2,3:7}; a letter behind the seed says of which kind they are. Equal constants are one parameter.
//
// Thread safety: plain data, pure functions.
// Errors: parsing answers kInvalidArgument and names the line.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/model/graph/array.h"
#include "runtime/base/rng.h"
#include "runtime/base/status.h"

namespace tenter::fuzz::model {

// Sizes that each call chooses, in the dims of an input. A file may say so by a name, by none, or
// by a number that is no size: 0 or -1, as some exporters do.
inline constexpr int64_t kAnySize = -1;     // "N"
inline constexpr int64_t kSizeUntold = -2;  // "?"
inline constexpr int64_t kSizeZero = 0;     // "0"
inline constexpr int64_t kSizeBelow = -3;   // "-1"
inline bool IsOpen(int64_t size) { return size < 1; }

struct Input {
  std::string name;
  bool integers = false;
  Dims dims;
  bool special = false;    // floats, of which many are infinite, NaN, denormal or the largest
  bool nonfinite = false;  // floats, of which a few are infinite or NaN
  bool operator==(const Input&) const = default;
};

struct Node {
  std::string name = "", op = "";
  std::vector<std::string> operands = {};
  std::vector<std::pair<std::string, std::vector<double>>> attributes = {};
  bool operator==(const Node&) const = default;

  const std::vector<double>* Find(const std::string& attribute) const;
  double Number(const std::string& attribute, double without) const;
  Dims Ints(const std::string& attribute, const Dims& without = {}) const;
};

// What makes the model one that must be refused. A word alone: an op that does not exist, an
// operand that nobody makes, an output that is made under another name, a node that reads itself.
struct Wrong {
  std::string node = "";
  std::string what = "";             // an attribute or one of WrongWords
  std::vector<double> numbers = {};  // of the attribute
  bool is_word() const;
  bool operator==(const Wrong&) const = default;
};
const std::vector<std::string>& WrongWords();

struct Graph {
  std::vector<Input> inputs;
  std::vector<Node> nodes;
  std::vector<std::string> outputs;
  std::optional<Wrong> wrong = std::nullopt;
  bool operator==(const Graph&) const = default;
};

struct Constant {
  Dims dims;
  uint64_t seed = 0;
  // 'v': variances, 'p': powers of two, 'i': indices of an axis, 's': special, 'f': some are not
  // finite, 'n': each is the seed itself
  char kind = ' ';
};

inline constexpr uint64_t kMostNumber = 4096;  // of a constant that is its seed
// Indices fit an axis of at most so many; the seed says of how many.
inline constexpr int64_t kMostIndexed = 10;
// One of the special numbers, or a small whole one.
double SpecialNumber(Rng* rng);
// NaN or an infinity by this chance, in percent, or else a small whole one.
double NonfiniteNumber(uint32_t chance, Rng* rng);
int64_t IndexedSize(const Constant& constant);

bool IsConstant(const std::string& operand);
std::optional<Constant> ParseConstant(const std::string& operand);
Array NumbersOf(const Constant& constant);

// How many outputs a node has.
size_t OutputsOf(const Node& node);
std::string OutputName(const Node& node, size_t output);

// A line without its newline. ParseNode takes what ToText gives.
std::string ToText(const Input& input);
std::string ToText(const Node& node);
std::string ToText(const Wrong& wrong);
std::optional<Input> ParseInput(const std::string& line);
std::optional<Node> ParseNode(const std::string& line);
std::optional<Wrong> ParseWrong(const std::string& line);

}  // namespace tenter::fuzz::model
