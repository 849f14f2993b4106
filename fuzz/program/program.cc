#include "fuzz/program/program.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <sstream>

namespace tenter::fuzz {
namespace {

constexpr std::string_view kTypes[] = {"none",   "runtime_error", "bad_alloc",
                                       "struct", "int",           "status"};
constexpr std::string_view kVerbs[] = {"push", "delete", "new",  "wait",  "waitall",
                                       "stop", "replay", "fork", "await", "cancel"};

std::string Letters(const std::vector<int>& letters) {
  std::string text;
  for (const int letter : letters) text += (text.empty() ? "" : " ") + VarName(letter);
  return "(" + text + ")";
}

std::string PushText(const Statement& s) {
  std::string text = "push " + OpName(s.op);
  if (!s.reads.empty()) text += " reads" + Letters(s.reads);
  if (!s.writes.empty()) text += " writes" + Letters(s.writes);
  if (s.priority != 0) text += " priority " + std::to_string(s.priority);
  if (s.throws != Type::kNone) text += " throws " + std::string(TypeName(s.throws));
  if (s.ends == Ends::kNow) text += " completes now";
  if (s.ends == Ends::kLater) text += " completes later";
  if (s.ends == Ends::kNever) text += " drops now";
  if (s.ends == Ends::kDropped) text += " drops later";
  if (s.ends == Ends::kHeld) text += " times_out";
  if (s.ends == Ends::kRaces) text += " races";
  if (s.ends == Ends::kRaceDrops) text += " race_drops";
  if (s.fails != Type::kNone) text += " fails " + std::string(TypeName(s.fails));
  if (s.throws_after != Type::kNone)
    text += " then_throws " + std::string(TypeName(s.throws_after));
  if (s.out_of_memory) text += " out_of_memory";
  if (s.far_deadline) text += " far_deadline";
  if (s.bulk != 0) text += " bulk " + std::to_string(s.bulk);
  if (s.scope != 0) text += " scope " + std::to_string(s.scope);
  if (s.blocks) text += " blocks";
  if (s.program != 0) text += " program " + std::to_string(s.program);
  return text;
}

// Reads the words of one line; every method answers false when the next word does not fit.
class Words {
 public:
  explicit Words(std::string line) {
    for (char& c : line)
      if (c == ',' || c == ')') c = ' ';
    for (size_t at = 0; (at = line.find('(', at)) != std::string::npos; at += 2)
      line.replace(at, 1, "( ");
    std::istringstream in(line);
    for (std::string word; in >> word;) words_.push_back(word);
  }
  bool end() const { return next_ == words_.size(); }
  const std::string& peek() const { return end() ? none_ : words_[next_]; }
  bool Is(std::string_view word) {
    if (peek() != word) return false;
    ++next_;
    return true;
  }
  template <typename T>
  bool Number(T* number, std::string_view prefix = "", std::string_view suffix = "") {
    std::string_view word = peek();
    if (!word.starts_with(prefix) || !word.ends_with(suffix)) return false;
    word = word.substr(prefix.size(), word.size() - prefix.size() - suffix.size());
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), *number);
    if (error != std::errc() || end != word.data() + word.size()) return false;
    ++next_;
    return true;
  }
  bool Letter(int* letter) {
    const std::string& word = peek();
    if (word.size() != 1 || word[0] < 'a' || word[0] > 'z') return false;
    *letter = word[0] - 'a';
    ++next_;
    return true;
  }
  void LettersInto(std::vector<int>* letters) {
    for (int letter = 0; Letter(&letter);) letters->push_back(letter);
  }
  bool OfType(Type* type) {
    for (size_t i = 1; i < std::size(kTypes); ++i)
      if (Is(kTypes[i])) {
        *type = static_cast<Type>(i);
        return true;
      }
    return false;
  }

 private:
  std::vector<std::string> words_;
  size_t next_ = 0;
  const std::string none_;
};

bool ParsePush(Words& words, Statement* s) {
  if (!words.Number(&s->op, "op")) return false;
  while (!words.end()) {
    if (words.Is("reads("))
      words.LettersInto(&s->reads);
    else if (words.Is("writes("))
      words.LettersInto(&s->writes);
    else if (words.Is("priority")  ? words.Number(&s->priority)
             : words.Is("program") ? words.Number(&s->program)
             : words.Is("bulk")    ? words.Number(&s->bulk)
             : words.Is("scope")   ? words.Number(&s->scope)
             : words.Is("throws")  ? words.OfType(&s->throws)
             : words.Is("fails")   ? words.OfType(&s->fails)
                                   : words.Is("then_throws") && words.OfType(&s->throws_after))
      continue;
    else if (words.Is("completes"))
      s->ends = words.Is("now") ? Ends::kNow : words.Is("later") ? Ends::kLater : Ends::kSync;
    else if (words.Is("drops"))
      s->ends = words.Is("now") ? Ends::kNever : words.Is("later") ? Ends::kDropped : Ends::kSync;
    else if (words.Is("times_out"))
      s->ends = Ends::kHeld;
    else if (words.Is("races"))
      s->ends = Ends::kRaces;
    else if (words.Is("race_drops"))
      s->ends = Ends::kRaceDrops;
    else if (words.Is("blocks"))
      s->blocks = true;
    else if (words.Is("out_of_memory"))
      s->out_of_memory = true;
    else if (words.Is("far_deadline"))
      s->far_deadline = true;
    else
      return false;
  }
  return true;
}

bool ParseStatement(Words& words, Statement* s) {
  s->actor.is_op = words.peek().starts_with("op");
  if (!words.Number(&s->actor.number, s->actor.is_op ? "op" : "t", ":")) return false;
  for (size_t verb = 0; verb < std::size(kVerbs); ++verb) {
    if (!words.Is(kVerbs[verb])) continue;
    s->verb = static_cast<Verb>(verb);
    switch (s->verb) {
      case Verb::kPush:
        return ParsePush(words, s);
      case Verb::kDelete:
        if (!words.Letter(&s->var)) return false;
        return !words.Is("deleter") || (words.Is("throws") && words.OfType(&s->deleter_throws));
      case Verb::kNew:
      case Verb::kWait:
        return words.Letter(&s->var);
      case Verb::kWaitAll:
      case Verb::kFork:
        return true;
      case Verb::kStop:
        s->mode = words.peek() == "cancel" ? StopMode::kCancel : StopMode::kDrain;
        return words.Is("cancel") || words.Is("drain");
      case Verb::kReplay:
        return words.Number(&s->program);
      case Verb::kAwait:
      case Verb::kCancel:
        return words.Number(&s->scope);
    }
  }
  return false;
}

bool ParseHead(Words& words, Program* p) {
  if (!words.Is("engine")) return false;
  while (!words.end()) {
    if (words.Is("workers") ? words.Number(&p->workers)
        : words.Is("vars")  ? words.Number(&p->vars)
        : words.Is("noise") ? words.Number(&p->noise)
                            : words.Is("failing_worker") && words.Number(&p->failing_worker))
      continue;
    if (words.Is("idle"))
      p->idle = true;
    else if (words.Is("gated"))
      p->gated = true;
    else if (words.Is("parity"))
      p->parity = true;
    else if (words.Is("policy") && (words.peek() == "run" || words.peek() == "skip"))
      p->policy = words.Is("run") ? ErrorPolicy::kRunDependents
                                  : (words.Is("skip"), ErrorPolicy::kSkipDependents);
    else
      return false;
  }
  return true;
}

}  // namespace

int Threads(const Program& program) {
  std::set<int> threads;
  for (const Statement& s : program.statements)
    if (!s.actor.is_op) threads.insert(s.actor.number);
  return static_cast<int>(threads.size());
}

int Ops(const Program& program) {
  return static_cast<int>(std::count_if(
      program.statements.begin(), program.statements.end(),
      [](const Statement& s) { return s.verb == Verb::kPush || s.verb == Verb::kDelete; }));
}

int Replays(const Program& program, int captured) {
  return static_cast<int>(std::count_if(
      program.statements.begin(), program.statements.end(),
      [=](const Statement& s) { return s.verb == Verb::kReplay && s.program == captured; }));
}

bool IsSequential(const Program& program) {
  return Threads(program) <= 1 &&
         std::none_of(program.statements.begin(), program.statements.end(), [](const Statement& s) {
           return s.actor.is_op && s.verb != Verb::kWait && s.verb != Verb::kWaitAll &&
                  s.verb != Verb::kAwait;
         });
}

bool Has(const Program& program, Verb verb) {
  return std::any_of(program.statements.begin(), program.statements.end(),
                     [verb](const Statement& s) { return s.verb == verb; });
}

bool CanCancel(const Program& program) {
  return std::any_of(program.statements.begin(), program.statements.end(), [](const Statement& s) {
    return s.verb == Verb::kCancel || (s.verb == Verb::kStop && s.mode == StopMode::kCancel);
  });
}

bool CanCancel(const Program& program, const Statement& push) {
  return std::any_of(program.statements.begin(), program.statements.end(), [&](const Statement& s) {
    return (s.verb == Verb::kCancel && push.scope != 0 && s.scope == push.scope) ||
           (s.verb == Verb::kStop && s.mode == StopMode::kCancel);
  });
}

bool HasBulk(const Program& program) {
  return std::any_of(program.statements.begin(), program.statements.end(),
                     [](const Statement& s) { return s.bulk != 0; });
}

bool HasRaces(const Program& program) {
  return std::any_of(program.statements.begin(), program.statements.end(), Races);
}

std::string VarName(int letter) { return std::string(1, static_cast<char>('a' + letter)); }
std::string OpName(int op) { return "op" + std::to_string(op); }
std::string_view TypeName(Type type) { return kTypes[static_cast<size_t>(type)]; }

int OpNumber(std::string_view name) {
  int number = 0;
  if (!name.starts_with("op")) return 0;
  std::from_chars(name.data() + 2, name.data() + name.size(), number);
  return number;
}

std::string ToText(const Statement& s) {
  std::string text = (s.actor.is_op ? "op" : "t") + std::to_string(s.actor.number) + ": ";
  switch (s.verb) {
    case Verb::kPush:
      return text + PushText(s);
    case Verb::kDelete:
      text += "delete " + VarName(s.var);
      if (s.deleter_throws != Type::kNone)
        text += " deleter throws " + std::string(TypeName(s.deleter_throws));
      return text;
    case Verb::kNew:
      return text + "new " + VarName(s.var);
    case Verb::kWait:
      return text + "wait " + VarName(s.var);
    case Verb::kWaitAll:
      return text + "waitall";
    case Verb::kStop:
      return text + (s.mode == StopMode::kCancel ? "stop cancel" : "stop drain");
    case Verb::kReplay:
      return text + "replay " + std::to_string(s.program);
    case Verb::kFork:
      return text + "fork";
    case Verb::kAwait:
      return text + "await " + std::to_string(s.scope);
    case Verb::kCancel:
      return text + "cancel " + std::to_string(s.scope);
  }
  return text;
}

std::string ToText(const Program& p) {
  std::string text = "engine workers " + std::to_string(p.workers) + " policy " +
                     (p.policy == ErrorPolicy::kRunDependents ? "run" : "skip") + " vars " +
                     std::to_string(p.vars) + " noise " + std::to_string(p.noise);
  if (p.idle) text += " idle";
  if (p.gated) text += " gated";
  if (p.parity) text += " parity";
  if (p.failing_worker >= 0) text += " failing_worker " + std::to_string(p.failing_worker);
  text += "\n";
  for (const Statement& s : p.statements) text += ToText(s) + "\n";
  return text;
}

Result<Program> ParseProgram(const std::string& text) {
  Program program;
  std::istringstream in(text);
  int number = 0;
  bool head = false;
  for (std::string line; std::getline(in, line);) {
    ++number;
    Words words(line.substr(0, line.find('#')));
    if (words.end()) continue;
    const bool fits = head ? ParseStatement(words, &program.statements.emplace_back())
                           : ParseHead(words, &program);
    head = true;
    if (!fits || !words.end())
      return Status(StatusCode::kInvalidArgument, "line " + std::to_string(number) +
                                                      " is no statement, at '" + words.peek() +
                                                      "': " + line);
  }
  if (!head) return Status(StatusCode::kInvalidArgument, "the program is empty");
  if (program.vars < 0 || program.vars > 20 || program.workers < 0 || program.workers > 64)
    return Status(StatusCode::kInvalidArgument, "0 to 20 vars and 0 to 64 workers are possible");
  const Program given = program;
  Normalise(&program);
  if (!(program == given))
    return Status(StatusCode::kInvalidArgument,
                  "a statement names an op that is not pushed before it, or an op is pushed twice, "
                  "or 'new' occurs although several threads run, or a replay has no ops of its "
                  "thread, or an op cannot be what it is said to be, or the program cannot fork");
  return program;
}

namespace {

// What is known of a captured program when a statement is reached.
struct Captured {
  Actor owner;
  bool replayed = false;
};
using AllCaptured = std::map<int, Captured>;

// A push that cannot be recorded is an ordinary one.
void NormaliseRecorded(const Program& program, Statement* s, AllCaptured* all) {
  if (s->program == 0) return;
  const auto captured = all->find(s->program);
  const bool known = captured != all->end();
  if (program.gated || s->actor.is_op || s->program < 0 ||
      (known && (captured->second.replayed || !(captured->second.owner == s->actor)))) {
    s->program = 0;
    return;
  }
  if (!known) (*all)[s->program] = {s->actor, false};
  s->priority = 0;
  s->out_of_memory = false;
}

bool CanReplay(const Statement& s, AllCaptured* all) {
  const auto captured = all->find(s.program);
  if (captured == all->end() || !(captured->second.owner == s.actor)) return false;
  captured->second.replayed = true;
  return true;
}

// What holds a handle cannot be cancelled instead, which would look the same; and a replay ends
// with its last handle only.
void NormaliseHeld(bool cancels, Statement* s) {
  if (s->ends != Ends::kHeld) return;
  s->throws = s->fails = s->throws_after = Type::kNone;
  s->far_deadline = false;
  if (cancels || s->program != 0) s->ends = Ends::kDropped;
}

// A racing op has one error that may come late at most, so that each can be told from the others.
void NormaliseRaces(Statement* s) {
  if (!Races(*s)) return;
  s->throws = Type::kNone;
  s->far_deadline = false;
  if (s->ends == Ends::kRaceDrops) s->fails = Type::kNone;
  if (s->fails != Type::kNone) s->throws_after = Type::kNone;
  if (s->program == 0) return;
  s->ends = Ends::kLater;  // a replay ends with its last handle only
  s->throws_after = Type::kNone;
}

// A body that blocks is let go by its own pusher, before that waits for anything.
bool MayBlock(const Program& program, size_t push) {
  const Statement& s = program.statements[push];
  if (s.actor.is_op || s.scope == 0 || s.ends != Ends::kSync || s.bulk != 0 || program.gated ||
      program.workers == 0 || Has(program, Verb::kFork))
    return false;
  for (size_t i = push + 1; i < program.statements.size(); ++i) {
    const Statement& next = program.statements[i];
    if (!(next.actor == s.actor)) continue;
    if (next.verb == Verb::kCancel && next.scope == s.scope) return true;
    if (next.verb != Verb::kPush && next.verb != Verb::kDelete && next.verb != Verb::kNew)
      return false;
  }
  return false;
}

// The child has one pusher and no other threads of ours; and what another thread is to complete
// fails there.
bool CanFork(const Program& program) {
  return Threads(program) <= 1 && !program.gated &&
         std::all_of(program.statements.begin(), program.statements.end(),
                     [](const Statement& s) { return s.ends == Ends::kSync; });
}

bool CanBulk(const Program& program) {
  return IsSequential(program) && !program.gated && !Has(program, Verb::kDelete);
}

void NormaliseBulk(bool allowed, Statement* s) {
  if (!allowed || s->program != 0 || s->bulk < 0) s->bulk = 0;
}

void NormaliseScopes(Program* program) {
  for (Statement& s : program->statements)
    if (s.program != 0 || s.scope < 0) s.scope = 0;  // a replay is in none
  std::erase_if(program->statements, [](const Statement& s) {
    return (s.verb == Verb::kAwait || s.verb == Verb::kCancel) && s.scope == 0;
  });
  for (size_t i = 0; i < program->statements.size(); ++i)
    if (program->statements[i].blocks && !MayBlock(*program, i))
      program->statements[i].blocks = false;
}

}  // namespace

void Normalise(Program* program) {
  std::set<int> pushed, quiet;  // quiet: ops whose bodies do nothing else
  AllCaptured captured;
  const bool cancels = CanCancel(*program), can_bulk = CanBulk(*program);
  std::vector<Statement> kept;
  const bool several = Threads(*program) > 1, can_fork = CanFork(*program);
  for (const Statement& s : program->statements) {
    if (s.actor.is_op && (!pushed.contains(s.actor.number) || quiet.contains(s.actor.number)))
      continue;
    if (s.verb == Verb::kNew && (several || s.actor.is_op)) continue;
    if (s.verb == Verb::kFork && (!can_fork || s.actor.is_op)) continue;
    if (s.verb == Verb::kPush && !pushed.insert(s.op).second) continue;
    if (s.verb == Verb::kReplay && !CanReplay(s, &captured)) continue;
    kept.push_back(s);
    if (s.verb != Verb::kPush) continue;
    NormaliseRecorded(*program, &kept.back(), &captured);
    NormaliseHeld(cancels, &kept.back());
    NormaliseRaces(&kept.back());
    NormaliseBulk(can_bulk, &kept.back());
    if (kept.back().program != 0 || kept.back().ends == Ends::kHeld || Races(kept.back()))
      quiet.insert(s.op);
  }
  program->statements = std::move(kept);
  NormaliseScopes(program);
  if (Has(*program, Verb::kFork) || HasRaces(*program)) program->parity = false;
}

}  // namespace tenter::fuzz
