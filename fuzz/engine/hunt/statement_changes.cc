#include "fuzz/engine/hunt/statement_changes.h"

namespace tenter::fuzz {
namespace {

constexpr StatementChange kChanges[] = {
    [](Statement* s) {
      s->throws = s->fails = s->throws_after = Type::kNone;
      s->ends = Ends::kSync;
    },
    [](Statement* s) { s->throws_after = Type::kNone; },
    [](Statement* s) { s->deleter_throws = Type::kNone; },
    [](Statement* s) { s->out_of_memory = false; },
    [](Statement* s) { s->far_deadline = false; },
    [](Statement* s) { s->short_deadline = false; },
    [](Statement* s) { s->lasts = false; },
    [](Statement* s) { s->bulk = 0; },
    [](Statement* s) { s->blocks = false; },
    [](Statement* s) { s->meets = 0; },
    [](Statement* s) {
      if (s->verb == Verb::kPush || s->verb == Verb::kReplay) s->scope = 0;
    },
    [](Statement* s) { s->priority = 0; },
    [](Statement* s) { s->mode = StopMode::kDrain; },
    [](Statement* s) {
      if (s->rounds > 1) s->rounds /= 2;
    },
    [](Statement* s) { s->times = 0; },
    [](Statement* s) { s->times /= 2; },
    [](Statement* s) { s->times -= s->times / 4; },
    [](Statement* s) { s->times -= s->times / 16; },
    [](Statement* s) {
      if (s->times > 0) --s->times;
    },
    // Any failure to a plain throw, and any type to the most common one.
    [](Statement* s) {
      if (s->throws == Type::kNone && s->ends == Ends::kSync) return;
      s->ends = Ends::kSync;
      s->fails = s->throws_after = Type::kNone;
      s->throws = Type::kRuntimeError;
    },
    [](Statement* s) {
      if (s->ends == Ends::kLater) s->ends = Ends::kNow;
      if (s->ends == Ends::kDropped) s->ends = Ends::kNever;
    },
    [](Statement* s) {
      for (Type* type : {&s->throws, &s->fails, &s->throws_after, &s->deleter_throws})
        if (*type != Type::kNone) *type = Type::kRuntimeError;
    },
};

}  // namespace

std::span<const StatementChange> StatementChanges() { return kChanges; }

}  // namespace tenter::fuzz
