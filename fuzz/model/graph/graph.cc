#include "fuzz/model/graph/graph.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iterator>
#include <limits>
#include <sstream>

#include "runtime/base/rng.h"

namespace tenter::fuzz::model {
namespace {

constexpr int64_t kMostSize = 64, kMostCallSize = 16;
constexpr std::pair<int64_t, std::string_view> kOpenSizes[] = {
    {kAnySize, "N"}, {kSizeUntold, "?"}, {kSizeZero, "0"}, {kSizeBelow, "-1"}};

std::optional<int64_t> Whole(const std::string& word) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

std::optional<double> Number(const std::string& word) {
  double number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return number;
}

std::string Spell(double number) {
  std::ostringstream out;
  out << number;
  return out.str();
}

std::string SizeText(int64_t size) {
  for (const auto& [open, word] : kOpenSizes)
    if (size == open) return std::string(word);
  return std::to_string(size);
}

std::optional<int64_t> SizeOf(const std::string& word) {
  for (const auto& [open, text] : kOpenSizes)
    if (word == text) return open;
  const auto size = Whole(word);
  return size && *size >= 1 && *size <= kMostSize ? size : std::nullopt;
}

// x0, n3, n3.1
bool IsName(const std::string& word) {
  if (word.size() < 2 || (word[0] != 'x' && word[0] != 'n')) return false;
  return std::isdigit(static_cast<unsigned char>(word[1])) != 0;
}

// An index of an axis of this size, counted from either end: rather one at an end.
double IndexOf(int64_t size, Rng* rng) {
  const int64_t edges[] = {-size, -1, 0, size - 1};
  const int64_t index =
      rng->Chance(60) ? edges[rng->Below(std::size(edges))]
                      : static_cast<int64_t>(rng->Below(static_cast<uint64_t>(2 * size))) - size;
  return static_cast<double>(index);
}

bool IsOperand(const std::string& word) { return word == "-" || IsConstant(word) || IsName(word); }

}  // namespace

const std::vector<double>* Node::Find(const std::string& attribute) const {
  for (const auto& [name, numbers] : attributes)
    if (name == attribute) return &numbers;
  return nullptr;
}

double Node::Number(const std::string& attribute, double without) const {
  const std::vector<double>* const found = Find(attribute);
  return found == nullptr || found->empty() ? without : found->front();
}

Dims Node::Ints(const std::string& attribute, const Dims& without) const {
  const std::vector<double>* const found = Find(attribute);
  if (found == nullptr) return without;
  return {found->begin(), found->end()};
}

bool IsConstant(const std::string& operand) { return operand.starts_with("{"); }

std::optional<Constant> ParseConstant(const std::string& operand) {
  const size_t colon = operand.find(':');
  if (!IsConstant(operand) || !operand.ends_with("}") || colon == std::string::npos)
    return std::nullopt;
  Constant constant;
  std::istringstream dims(operand.substr(1, colon - 1));
  for (std::string word; std::getline(dims, word, ',');) {
    const auto size = Whole(word);
    if (!size || *size < 0 || *size > kMostSize) return std::nullopt;
    constant.dims.push_back(*size);
  }
  std::string seed = operand.substr(colon + 1, operand.size() - colon - 2);
  if (!seed.empty() && std::isalpha(static_cast<unsigned char>(seed.back())) != 0) {
    constant.kind = seed.back();
    seed.pop_back();
    if (std::string("vpisfn").find(constant.kind) == std::string::npos) return std::nullopt;
  }
  const auto number = Whole(seed);
  if (!number || *number < 0 || constant.dims.size() > 5 || !IsSmall(constant.dims))
    return std::nullopt;
  constant.seed = static_cast<uint64_t>(*number);
  if (constant.kind == 'n' && constant.seed > kMostNumber) return std::nullopt;
  return constant;
}

double SpecialNumber(Rng* rng) {
  using Float = std::numeric_limits<float>;
  constexpr double kNumbers[] = {Float::quiet_NaN(), Float::infinity(),   0.0,
                                 Float::max(),       Float::denorm_min(), 1.0,
                                 Float::min(),       Float::min() * 0.5,  16777217.0 - 1};
  const double number = kNumbers[rng->Below(std::size(kNumbers))];
  return rng->Chance(50) ? -number : number;
}

double AnyNonfinite(Rng* rng) {
  using Float = std::numeric_limits<float>;
  constexpr double kNumbers[] = {Float::quiet_NaN(), Float::quiet_NaN(), Float::infinity(),
                                 -Float::infinity()};
  return kNumbers[rng->Below(std::size(kNumbers))];
}

double NonfiniteNumber(uint32_t chance, Rng* rng) {
  return rng->Chance(chance) ? AnyNonfinite(rng) : static_cast<double>(rng->Below(5)) - 2;
}

int64_t IndexedSize(const Constant& constant) {
  return static_cast<int64_t>(constant.seed % kMostIndexed) + 1;
}

Array NumbersOf(const Constant& constant) {
  constexpr double kVariances[] = {0.75, 3.75};  // with an epsilon of 1/4, 1 and 4
  constexpr double kPowers[] = {1, 2, 4, 0.5};
  Array array = MakeArray(constant.dims, {});
  Rng rng(CombineHash(constant.seed, static_cast<uint64_t>(constant.kind)));
  // One of them alone: an infinity may give away a NaN beside it.
  const double nonfinite = constant.kind == 'f' ? AnyNonfinite(&rng) : 0;
  for (double& number : array.numbers) {
    if (constant.kind == 'v') number = kVariances[rng.Below(2)];
    if (constant.kind == 'p') number = kPowers[rng.Below(4)];
    if (constant.kind == ' ' || constant.kind == 'f')
      number = static_cast<double>(rng.Below(5)) - 2;
    if (constant.kind == 'f' && rng.Chance(15)) number = nonfinite;
    if (constant.kind == 's') number = SpecialNumber(&rng);
    if (constant.kind == 'i') number = IndexOf(IndexedSize(constant), &rng);
    if (constant.kind == 'n') number = static_cast<double>(constant.seed);
  }
  array.integers = constant.kind == 'i';
  array.special = constant.kind == 's';
  array.nonfinite = constant.kind == 'f';
  array.most = constant.kind == ' ' || constant.kind == 'f' ? 2
               : constant.kind == 'i' ? static_cast<double>(IndexedSize(constant))
               : constant.kind == 'n' ? static_cast<double>(constant.seed)
                                      : 4;
  if (constant.kind == 'n') array.unit = static_cast<int64_t>(constant.seed);
  array.bits = constant.kind == 'v' ? 2 : constant.kind == 'p' ? 1 : 0;
  return array;
}

size_t OutputsOf(const Node& node) {
  if (node.op == "Dropout") return node.Find("mask") == nullptr ? 1 : 2;
  return node.op == "Split" ? node.Ints("parts").size() : 1;
}

std::string OutputName(const Node& node, size_t output) {
  return output == 0 ? node.name : node.name + "." + std::to_string(output);
}

std::string ToText(const Input& input) {
  std::string text = "input " + input.name +
                     (input.integers    ? " int"
                      : input.special   ? " special"
                      : input.nonfinite ? " nonfinite"
                                        : " float");
  for (const int64_t size : input.dims) text += " " + SizeText(size);
  return text;
}

std::string ToText(const Node& node) {
  std::string text = node.name + " = " + node.op;
  for (const std::string& operand : node.operands) text += " " + operand;
  for (const auto& [name, numbers] : node.attributes) {
    text += " " + name;
    for (const double number : numbers) text += " " + Spell(number);
  }
  return text;
}

const std::vector<std::string>& WrongWords() {
  static const std::vector<std::string> words = {"op", "operand", "output", "cycle"};
  return words;
}

bool Wrong::is_word() const {
  return std::find(WrongWords().begin(), WrongWords().end(), what) != WrongWords().end();
}

std::string ToText(const Wrong& wrong) {
  std::string text = "wrong " + wrong.node + " " + wrong.what;
  for (const double number : wrong.numbers) text += " " + Spell(number);
  return text;
}

std::optional<Wrong> ParseWrong(const std::string& line) {
  std::istringstream in(line);
  std::string word;
  Wrong wrong;
  if (!(in >> word >> wrong.node >> wrong.what) || word != "wrong") return std::nullopt;
  while (in >> word) {
    const auto number = Whole(word);
    if (!number || wrong.is_word()) return std::nullopt;
    wrong.numbers.push_back(static_cast<double>(*number));
  }
  return wrong;
}

std::optional<Input> ParseInput(const std::string& line) {
  std::istringstream in(line);
  std::string word, type;
  Input input;
  if (!(in >> word >> input.name >> type) || word != "input" || !IsName(input.name) ||
      input.name[0] != 'x' ||
      (type != "int" && type != "float" && type != "special" && type != "nonfinite"))
    return std::nullopt;
  input.integers = type == "int";
  input.special = type == "special";
  input.nonfinite = type == "nonfinite";
  while (in >> word) {
    const auto size = SizeOf(word);
    if (!size) return std::nullopt;
    input.dims.push_back(*size);
  }
  Dims largest = input.dims;
  std::replace_if(largest.begin(), largest.end(), IsOpen, kMostCallSize);
  if (input.dims.size() > 5 || !IsSmall(largest)) return std::nullopt;
  return input;
}

std::optional<Node> ParseNode(const std::string& line) {
  std::istringstream in(line);
  std::string word, equals;
  Node node;
  if (!(in >> node.name >> equals >> node.op) || equals != "=" || !IsName(node.name) ||
      node.name[0] != 'n' || node.name.find('.') != std::string::npos)
    return std::nullopt;
  while (in >> word) {
    if (IsOperand(word) && node.attributes.empty()) {
      if (IsConstant(word) && !ParseConstant(word)) return std::nullopt;
      node.operands.push_back(word);
    } else if (std::isalpha(static_cast<unsigned char>(word[0])) != 0) {
      node.attributes.emplace_back(word, std::vector<double>());
    } else if (const auto number = Number(word); number && !node.attributes.empty()) {
      node.attributes.back().second.push_back(*number);
    } else {
      return std::nullopt;
    }
  }
  if (OutputsOf(node) == 0) return std::nullopt;
  return node;
}

}  // namespace tenter::fuzz::model
