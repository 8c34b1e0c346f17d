#pragma once

#include <mobula/core/execution_context.hpp>
#include <mobula/core/suspended_coroutine.hpp>

#include <atomic>
#include <coroutine>
#include <deque>
#include <mutex>
#include <utility>

namespace mobula::test {

/// What the caller runs in.
[[nodiscard]] inline detail::execution_context* current_context() noexcept { return detail::this_worker()->context; }

/// A context that lets everything go on at once, and counts.
class parallel_context final : public detail::execution_context {
 public:
  parallel_context() noexcept : execution_context(true) {}

  void resume_coroutine(detail::job& j, detail::scheduler& s) noexcept override {
    coroutines.fetch_add(1, std::memory_order_relaxed);
    s.submit(j);
  }
  void stack_left() noexcept override { left.fetch_add(1, std::memory_order_relaxed); }
  void resume_stack(detail::job& j, detail::scheduler& s) noexcept override {
    // A stack goes on after it was left.
    if (stacks.fetch_add(1, std::memory_order_relaxed) >= left.load(std::memory_order_relaxed)) too_early = true;
    s.submit(j);
  }

  std::atomic<int> coroutines{0}, left{0}, stacks{0};
  std::atomic<bool> too_early{false};
};

/// A context in which one piece of code runs at a time: a queue, and a job that works on it, a piece a turn.
///
/// Whoever has the turn is the job in a scheduler's queue, or its step, or a fiber that was left within a step.
class serial_context final : public detail::execution_context, detail::job {
 public:
  serial_context() noexcept : execution_context(false), job(&work) {}

  void resume_coroutine(detail::job& j, detail::scheduler& s) noexcept override { add({&j, false}, s); }
  void resume_stack(detail::job& j, detail::scheduler& s) noexcept override { add({&j, true}, s); }
  void stack_left() noexcept override { give_up_turn(); }

 private:
  struct piece {
    detail::job* next;
    bool is_stack;
  };

  void add(piece p, detail::scheduler& s) noexcept {
    {
      std::lock_guard const lock(mutex_);
      owner_ = &s;
      waiting_.push_back(p);
      if (std::exchange(turn_taken_, true)) return;
    }
    s.submit(*this);
  }

  void give_up_turn() noexcept {
    detail::scheduler* owner = nullptr;
    {
      std::lock_guard const lock(mutex_);
      if (waiting_.empty()) return void(turn_taken_ = false);
      owner = owner_;
    }
    owner->submit(*this);
  }

  static void work(detail::job& j, detail::job_verb verb) noexcept {
    auto& me = static_cast<serial_context&>(j);
    piece p{};
    detail::scheduler* owner = nullptr;
    {
      std::lock_guard const lock(me.mutex_);
      p = me.waiting_.front();
      me.waiting_.pop_front();
      owner = me.owner_;
    }
    if (p.is_stack) return owner->submit(*p.next);  // it has the turn, and its step goes on where it was left
    p.next->step(*p.next, verb);
    me.give_up_turn();
  }

  std::mutex mutex_;  // of the following
  std::deque<piece> waiting_;
  detail::scheduler* owner_ = nullptr;
  bool turn_taken_ = false;
};

/// Goes on in a context, until the coroutine ends: `co_await enter(context)`.
class enter : detail::suspended_coroutine {
 public:
  explicit enter(detail::execution_context& to) noexcept : to_(to) {}

  bool await_ready() const noexcept { return false; }
  [[gnu::noinline]] void await_suspend(std::coroutine_handle<> h) noexcept {
    auto* const before = std::exchange(detail::this_worker()->context, &to_);
    keep(h);
    detail::this_worker()->context = before;
    go_on();
  }
  void await_resume() const noexcept {}

 private:
  detail::execution_context& to_;
};

}  // namespace mobula::test
