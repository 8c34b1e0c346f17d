#pragma once

#include <mobula/core/select.hpp>
#include <mobula/core/spin_lock.hpp>
#include <mobula/task/mutex.hpp>
#include <mobula/task/sleep.hpp>
#include <mobula/task/task.hpp>
#include <mobula/task/wait_queue.hpp>

#include <chrono>
#include <utility>

namespace mobula {

class condition_variable;

namespace detail {

/// Waits in two steps: until it is notified, and then until it has the mutex again. To give up ends the first step, not
/// the second: so `cancel` gives false unless the mutex is free, and who has given up is woken when it has the mutex.
class [[nodiscard("it waits for nothing until it is awaited: co_await it, or give it to get")]] condition_wait
    : queue_node,
      resumer {
 public:
  condition_wait(condition_variable& c, mutex::guard& g) noexcept;
  condition_wait(condition_wait&&) noexcept = default;
  condition_wait& operator=(condition_wait&&) = delete;
  ~condition_wait();

  [[nodiscard]] bool ready() const noexcept { return false; }
  static constexpr auto waits_for = "a condition variable";
  bool start(resumer& r) noexcept;
  bool cancel() noexcept;
  /// Tells whether it has been notified; else it has been given up.
  [[nodiscard]] bool complete() const noexcept { return notified_; }
  void result() const noexcept {}

 private:
  friend condition_variable;

  bool relock() noexcept;
  void relocked() noexcept;

  condition_variable* condition_;
  mutex::guard* guard_;  // holds nothing while this waits
  mutex* mutex_;
  passage<mutex> relock_;
  resumer* waiter_ = nullptr;
  // Under the lock of the condition variable. Once one of them is set, this is in its second step.
  bool notified_ = false;
  bool given_up_ = false;
};

/// Waits until a predicate is true, which is called with the mutex held and by who waits.
template <class Predicate>
class [[nodiscard("it waits for nothing until it is awaited: co_await it, or give it to get")]] condition_loop {
 public:
  condition_loop(condition_variable& c, mutex::guard& g, Predicate p)
      : condition_(c), guard_(g), predicate_(std::move(p)) {}

  auto operator co_await() && { return loop(condition_, guard_, std::move(predicate_)).operator co_await(); }
  void block();

 private:
  static task<> loop(condition_variable& c, mutex::guard& g, Predicate p);

  condition_variable& condition_;
  mutex::guard& guard_;
  Predicate predicate_;
};

/// The same, but no longer than until a point in time; gives what the predicate said last.
template <class Predicate>
class [[nodiscard("it waits for nothing until it is awaited: co_await it, or give it to get")]] limited_condition_loop {
 public:
  limited_condition_loop(condition_variable& c, mutex::guard& g, duration d, Predicate p)
      : condition_(c), guard_(g), limit_(deadline_after(d)), predicate_(std::move(p)) {}

  auto operator co_await() && { return loop(condition_, guard_, limit_, std::move(predicate_)).operator co_await(); }
  bool block();

 private:
  static task<bool> loop(condition_variable& c, mutex::guard& g, time_point limit, Predicate p);

  condition_variable& condition_;
  mutex::guard& guard_;
  time_point limit_;
  Predicate predicate_;
};

}  // namespace detail

/// Where those who hold a mutex wait for others to change what it guards.
///
///     auto guard = co_await m.lock();
///     co_await filled.wait(guard, [&] { return !queue.empty(); });   // elsewhere mb::get(filled.wait(guard, ...))
///
///     queue.push_back(x);      // with the mutex held
///     filled.notify_one();
///
/// The guard holds nothing while one waits, and the mutex again when that is over, however it is over: also when a
/// `timeout` throws, or when another branch of a `select` has come first. So these may take longer than their limit, as
/// long as others hold the mutex. It belongs to no runtime. It is fair: the first in line is notified.
/// Threads: any; `notify_one` and `notify_all` with the mutex held or without.
/// Lifetime: outlives those who wait, until they have the mutex again.
class condition_variable {
 public:
  constexpr condition_variable() noexcept : waiting_("condition_variable") {}
  condition_variable(condition_variable const&) = delete;

  /// Waits until it is notified; what one waits for may be over again by then. An operation, as `timeout` and `select`
  /// take; a guard can be in one of them at a time.
  [[nodiscard]] detail::condition_wait wait(mutex::guard& held) & noexcept {
    return detail::condition_wait(*this, held);
  }

  /// Waits until `p()` is true, which is called with the mutex held. To be awaited, or given to `get`.
  template <class Predicate>
  [[nodiscard]] auto wait(mutex::guard& held, Predicate p) & {
    return detail::condition_loop<Predicate>(*this, held, std::move(p));
  }

  /// The same for no longer than `d` from now; gives what `p()` said last.
  template <class Rep, class Period, class Predicate>
  [[nodiscard]] auto wait_for(mutex::guard& held, std::chrono::duration<Rep, Period> d, Predicate p) & {
    return detail::limited_condition_loop<Predicate>(*this, held, detail::to_clock(d), std::move(p));
  }

  /// Wakes the first that waits, if there is one.
  void notify_one() noexcept;

  /// Wakes all that wait.
  void notify_all() noexcept;

 private:
  friend detail::condition_wait;

  [[nodiscard]] bool choose(detail::wake_list& notified) noexcept;
  static void relock(detail::wake_list& notified) noexcept;

  detail::spin_lock lock_;
  detail::wait_queue waiting_;
};

/// Waits for a condition where there is no co_await.
template <class Predicate>
void get(detail::condition_loop<Predicate> w) {
  w.block();
}
template <class Predicate>
bool get(detail::limited_condition_loop<Predicate> w) {
  return w.block();
}

namespace detail {

template <class Predicate>
task<> condition_loop<Predicate>::loop(condition_variable& c, mutex::guard& g, Predicate p) {
  while (!p()) co_await c.wait(g);
}

template <class Predicate>
void condition_loop<Predicate>::block() {
  while (!predicate_()) get(condition_.wait(guard_));
}

template <class Predicate>
task<bool> limited_condition_loop<Predicate>::loop(condition_variable& c, mutex::guard& g, time_point limit,
                                                   Predicate p) {
  while (!p()) {
    duration const left = time_between(deadline_after(duration::zero()), limit);
    auto const first = co_await select(c.wait(g), sleep_for(left));
    if (first.index() == 1) co_return p();
  }
  co_return true;
}

template <class Predicate>
bool limited_condition_loop<Predicate>::block() {
  while (!predicate_()) {
    auto wait = condition_.wait(guard_);
    if (!wait_for_until(wait, limit_)) return predicate_();
  }
  return true;
}

}  // namespace detail
}  // namespace mobula
