#include "one_by_one.hpp"

#include <mobula/core/error.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/core/tick_clock.hpp>

#include <utility>

namespace mobula::detail {
namespace {

constexpr std::uint64_t many_waits = 5;
std::uint64_t a_second() noexcept { return 1'000'000 * ticks_per_microsecond(); }

struct habit {
  job const* last = nullptr;  // the task submitted last; only compared
  std::uint64_t since_wait = 0;
  std::uint64_t waits = 0;
  std::uint64_t waited = 0;  // ticks
};

thread_local habit mine;

void warn() noexcept {
  constexpr char const* text =
      "mobula: a thread submits one task and waits for it before it submits the next, so that they run one after the "
      "other. Submit all first and get the list of their futures, or use mobula::map.\n";
  try {
    scheduler& s = current_scheduler();
    if (s.concurrency() == 1 || s.warned.exchange(true, std::memory_order_relaxed)) return;
    s.warn(text);
  } catch (...) {  // no runtime any more, or the handler's own
  }
}

}  // namespace

void one_by_one::submitted(job const& task) noexcept {
  habit& h = mine;
  h.last = &task;
  ++h.since_wait;
}

void one_by_one::waited(job const& task, std::uint64_t how_long) noexcept {
  habit& h = mine;
  bool const alone = std::exchange(h.since_wait, 0) == 1 && h.last == &task;
  if (!alone) {
    h.waits = 0;
    h.waited = 0;
    return;
  }
  ++h.waits;
  h.waited += how_long;
  if (h.waits < many_waits || h.waited < a_second()) return;
  h.waits = 0;
  h.waited = 0;
  warn();
}

}  // namespace mobula::detail
