#include "fuzz/engine/judge/properties.h"

#include <array>

namespace tenter::fuzz {
namespace {

constexpr Profile kPlain = {.fails = 0,
                            .deletes = 0,
                            .stops = 0,
                            .out_of_memory = 0,
                            .run_dependents = 0,
                            .parity = 0,
                            .times_out = 0,
                            .races = 0,
                            .scopes = 0,
                            .stale_bulks = 0,
                            .fan_ins = 0};

constexpr Profile With(Profile profile, auto change) {
  change(profile);
  return profile;
}

// The contract, what is compared, and the programs in which that is likely to differ.
constexpr std::array kProperties = {
    EngineProperty{"ENG-1",
                   "stamps and values follow push order; what conflicts with nothing runs together",
                   With(kPlain, [](Profile& p) { p.most_vars = 3, p.meetings = 60; })},
    EngineProperty{
        "ENG-2",
        "pushes over several vars by several threads: one order explains all vars; no hang",
        With(kPlain,
             [](Profile& p) {
               p.most_threads = 8;
               p.most_vars = 3;
               p.updates = 50;
             })},
    EngineProperty{"ENG-3", "push numbers of one thread rise, also against time between threads",
                   With(kPlain, [](Profile& p) { p.most_threads = 8; })},
    EngineProperty{"ENG-4",
                   "sets with duplicates behave as their distinct vars; read and write is update",
                   With(kPlain,
                        [](Profile& p) {
                          p.many_vars = 40;
                          p.duplicates = 60;
                          p.updates = 60;
                          p.fails = 10;
                        })},
    EngineProperty{"ENG-5",
                   "each body runs once or never; counters add up; no body or exception is left",
                   With({},
                        [](Profile& p) {
                          p.async = 60;
                          p.races = 30;
                          p.bulks = 40;
                        })},
    EngineProperty{"ENG-6",
                   "when a wait returns, the writes pushed before it have ended and can be read",
                   With(kPlain,
                        [](Profile& p) {
                          p.waits = 40;
                          p.wait_alls = 15;
                          p.async = 40;
                          p.rounds = 40;
                        })},
    EngineProperty{"ENG-7", "a wait inside a body throws kWaitInsideOp with the name of the op",
                   With({}, [](Profile& p) { p.waits_inside = 40; })},
    EngineProperty{"ENG-8",
                   "a deleter runs once, after every accepted use; later use is kStaleHandle",
                   With({},
                        [](Profile& p) {
                          p.deletes = 25;
                          p.fails = 5;
                        })},
    EngineProperty{"ENG-9",
                   "stop returns when all has ended; later pushes are kStopped; nobody hangs",
                   With({},
                        [](Profile& p) {
                          p.stops = 100;
                          p.most_threads = 4;
                        })},
    EngineProperty{"ENG-10", "one worker behind a gate: ready ops start by priority, none starves",
                   With(kPlain,
                        [](Profile& p) {
                          p.gated = true;
                          p.priorities = 80;
                          p.most_vars = 6;
                        })},
    EngineProperty{"ENG-11",
                   "a sequential program sees the same on the naive engine and on workers",
                   With({},
                        [](Profile& p) {
                          p.parity = 100;
                          p.most_threads = 1;
                          p.pushes_inside = 0;
                          p.stops = 5;
                          p.cancels = 0;
                          p.late = 0;
                        })},
    EngineProperty{
        "ERR-1",
        "every way to fail fails the op: throw of any type, error, dropped handle, deadline",
        With({},
             [](Profile& p) {
               p.fails = 40;
               p.async = 40;
               p.short_deadlines = 20;
               p.lasting = 15;
               p.captures = 15;
               p.waits = 20;
             })},
    EngineProperty{"ERR-2",
                   "poison on exactly the written vars; all other values as in the clean run",
                   With({}, [](Profile& p) { p.fails = 30; })},
    EngineProperty{"ERR-3",
                   "with a poisoned input nothing runs; smallest root first, the others as also",
                   With({},
                        [](Profile& p) {
                          p.fails = 35;
                          p.run_dependents = 0;
                          p.fan_ins = 10;
                        })},
    EngineProperty{"ERR-4", "a plain write heals, an update does not",
                   With({},
                        [](Profile& p) {
                          p.fails = 30;
                          p.updates = 40;
                          p.most_vars = 2;
                        })},
    EngineProperty{"ERR-5", "each wait throws the root with its C++ type, until healed or deleted",
                   With({},
                        [](Profile& p) {
                          p.fails = 35;
                          p.waits = 40;
                        })},
    EngineProperty{"ERR-6",
                   "all wait-alls together report each root once, sorted, as soon as they can",
                   With({},
                        [](Profile& p) {
                          p.fails = 40;
                          p.wait_alls = 30;
                          p.async = 40;
                        })},
    EngineProperty{"ERR-7",
                   "name, push number, place, thread and chain of every failure that is told of",
                   With({},
                        [](Profile& p) {
                          p.fails = 30;
                          p.waits = 25;
                        })},
    EngineProperty{"ERR-8", "under run-dependents everything runs, and poison is as under skip",
                   With({},
                        [](Profile& p) {
                          p.fails = 30;
                          p.run_dependents = 100;
                        })},
    EngineProperty{"ERR-9", "deleters and late bodies that throw are reported by wait-all only",
                   With({},
                        [](Profile& p) {
                          p.deletes = 20;
                          p.deleter_throws = 70;
                          p.late = 50;
                          p.async = 50;
                        })},
    EngineProperty{"ERR-10",
                   "a push without memory enqueues nothing; a failed start leaves no thread",
                   With({},
                        [](Profile& p) {
                          p.out_of_memory = 30;
                          p.failing_worker = true;
                        })},
    EngineProperty{
        "ERR-11",
        "a scope tells of its own failures only, once; its cancel and deadline touch no other op",
        With({},
             [](Profile& p) {
               p.scopes = 100;
               p.scope_deadlines = 50;
               p.captures = 15;
               p.fails = 30;
               p.wait_alls = 15;
               p.stops = 3;
               p.forks = 15;
             })},
    EngineProperty{"ERR-12", "a body is told of a cancellation, not before it, and woken by it",
                   With({},
                        [](Profile& p) {
                          p.scopes = 100;
                          p.scope_cancels = 100;
                          p.scope_deadlines = 70;
                          p.blocks = 50;
                          p.short_deadlines = 10;
                          p.stops = 40;
                          p.cancels = 80;
                        })},
};

}  // namespace

std::span<const EngineProperty> Properties() { return kProperties; }

const EngineProperty* FindProperty(std::string_view contract) {
  for (const EngineProperty& property : kProperties)
    if (property.contract == contract) return &property;
  return nullptr;
}

}  // namespace tenter::fuzz
