#include "harness/flight/recorded_target.h"

#include <type_traits>
#include <utility>

#include "harness/target/target_calls.h"

namespace tenter {
namespace {

struct RecordedTarget {
  RecordedTarget(std::unique_ptr<TargetInstance> target, Flight* recorder)
      : inner(std::move(target)), table(TableOver(inner->table())), flight(*recorder) {}
  static tgt_target TableOver(tgt_target table);

  const std::unique_ptr<TargetInstance> inner;
  const tgt_target table;
  Flight& flight;
};

// What the arguments of a call say of it: the name of its op, its var.
void Tell(const tgt_op* op, FlightEvent* event) {
  if (op->name != nullptr) event->name = op->name;
}
void Tell(tgt_var var, FlightEvent* event) { event->number = var.index; }
template <typename T>
void Tell(const T&, FlightEvent*) {}

// And, of a push, its number once it returned.
template <TargetCall kCall, typename T>
void TellAfter(T argument, FlightEvent* event) {
  if constexpr (kCall == TargetCall::push && std::is_same_v<T, uint64_t*>)
    if (argument != nullptr) event->number = *argument;
}

template <TargetCall kCall, auto kEntry>
struct Record;
template <TargetCall kCall, typename R, typename... Args, R (*tgt_target::*kEntry)(void*, Args...)>
struct Record<kCall, kEntry> {
  static constexpr bool kQuiet =
      kCall == TargetCall::tensor_release || kCall == TargetCall::engine_describe;

  static R Call(void* self, Args... args) {
    const RecordedTarget& target = *static_cast<const RecordedTarget*>(self);
    const auto pass = [&] {
      return (target.inner->table().*kEntry)(target.inner->self(), args...);
    };
    if constexpr (kQuiet) return pass();
    FlightEvent event{.kind = FlightKind::kCall, .what = static_cast<uint8_t>(kCall)};
    (Tell(args, &event), ...);
    target.flight.Write(event);
    event.kind = FlightKind::kReturn;
    if constexpr (std::is_void_v<R>) {
      pass();
      target.flight.Write(event);
    } else {
      const R code = pass();
      (TellAfter<kCall>(args, &event), ...);
      event.code = Flight::CodeOf(code);
      target.flight.Write(event);
      return code;
    }
  }
};

tgt_target RecordedTarget::TableOver(tgt_target table) {
  WrapCalls<Record>(&table);
  table.close = [](void* self) { delete static_cast<RecordedTarget*>(self); };
  return table;
}

}  // namespace

std::unique_ptr<TargetInstance> Recorded(std::unique_ptr<TargetInstance> target, Flight* flight) {
  auto recorded = std::make_unique<RecordedTarget>(std::move(target), flight);
  const tgt_target* const table = &recorded->table;
  return std::make_unique<TargetInstance>(table, recorded.release());
}

}  // namespace tenter
