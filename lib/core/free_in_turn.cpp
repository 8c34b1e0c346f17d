#include <mobula/core/free_in_turn.hpp>

#include <new>
#include <utility>

namespace mobula::detail {
namespace {

constexpr unsigned most_levels = 16;  // each may take some hundred bytes of stack, or what a destructor takes

// The thread's; linked by `next`. Only filled at the deepest level, by which it is emptied.
thread_local constinit unsigned levels = 0;
thread_local constinit job* freed_later = nullptr;

// Never inlined, as a destructor may have waited since the last call, and the thread may be another.
[[gnu::noinline]] bool enter_level() noexcept {
  asm volatile("");
  if (levels == most_levels) return false;
  ++levels;
  return true;
}
// Gives the next of those left for the deepest level; leaves the level if there is none.
[[gnu::noinline]] job* next_or_leave() noexcept {
  asm volatile("");
  if (levels == most_levels && freed_later != nullptr) return std::exchange(freed_later, freed_later->next);
  --levels;
  return nullptr;
}
[[gnu::noinline]] void put_off_freeing(job& j) noexcept {
  asm volatile("");
  j.next = std::exchange(freed_later, &j);
}

void free_those_left_and_leave() noexcept {
  while (job* const j = next_or_leave()) j->step(*j, job_verb::destroy);
}

struct unwanted_coroutine : job {
  explicit unwanted_coroutine(std::coroutine_handle<> h) noexcept
      : job([](job& j, job_verb) noexcept {
          auto& me = static_cast<unwanted_coroutine&>(j);
          std::coroutine_handle<> const unwanted = me.handle;
          delete &me;
          unwanted.destroy();
        }),
        handle(h) {}
  std::coroutine_handle<> handle;
};

}  // namespace

void free_in_turn(job& j, job::step_function free) noexcept {
  if (!enter_level()) {
    j.step = free;
    return put_off_freeing(j);
  }
  free(j, job_verb::destroy);
  free_those_left_and_leave();
}

void free_in_turn(std::coroutine_handle<> h) noexcept {
  if (!enter_level()) {
    if (auto* const j = new (std::nothrow) unwanted_coroutine(h)) return put_off_freeing(*j);
    return h.destroy();
  }
  h.destroy();
  free_those_left_and_leave();
}

[[gnu::noinline]] frees_in_progress::frees_in_progress() noexcept
    : depth_(std::exchange(levels, 0)), later_(std::exchange(freed_later, nullptr)) {
  asm volatile("");
}

[[gnu::noinline]] void frees_in_progress::restore() const noexcept {
  asm volatile("");
  levels = depth_;
  freed_later = later_;
}

}  // namespace mobula::detail
