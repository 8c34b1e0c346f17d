#pragma once

#include <mobula/core/failure.hpp>
#include <mobula/core/job.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/task/completion.hpp>
#include <mobula/task/task.hpp>

#include <atomic>
#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace mobula::detail {

/// What one step of a generator gives: a value in a std::optional, a reference as a pointer; empty at the end.
template <class T>
using generator_step =
    std::conditional_t<std::is_reference_v<T>, std::add_pointer_t<std::remove_reference_t<T>>, std::optional<T>>;

/// What every generator has, whatever it yields: how a step is asked for, and who is told when it is over.
///
/// There are two ways to ask. A coroutine that awaits the next element hands over and is handed over to; it is there
/// until then, so there is nothing to synchronise. Everybody else lets the step run by itself, as a task that is
/// counted: whoever asked may give up, and then the element waits for who asks next.
class generator_promise_base : public coroutine_promise_base, protected completion, protected job {
 public:
  generator_promise_base() noexcept : completion(&step_over), job(&begin_queued) {}

  /// Goes on with whoever has asked.
  struct hand_over {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    [[gnu::noinline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) const noexcept {
      completion& c = *h.promise().reader_;
      return c.complete(c, h);
    }
    void await_resume() const noexcept {}
  };
  hand_over final_suspend() const noexcept { return {}; }
  void return_void() const noexcept {}
  void unhandled_exception() noexcept { error_ = failure_ptr::capture(std::current_exception()); }

  /// Throws what the step has thrown, if it has; once.
  void rethrow() {
    if (error_) [[unlikely]]
      std::exchange(error_, {}).rethrow();
  }

  /// Tells whether a step runs by itself, or its element waits to be taken.
  [[nodiscard]] bool runs_alone() const noexcept { return alone_; }
  /// Tells whether there is nothing left to ask for.
  [[nodiscard]] bool finished() const noexcept { return !alone_ && self_.done(); }

  /// Lets a step run by itself; it may be over when this returns. Throws no_runtime.
  void begin_alone();
  /// Tells whether it is over.
  [[nodiscard]] bool over() const noexcept { return reader_alone_.load(std::memory_order_acquire) == &step_is_over; }
  /// Lets `r` be woken when it is over; false if it is.
  bool wait_alone(resumer& r) noexcept;
  bool stop_waiting(resumer& r) noexcept;
  /// Destroys the coroutine, once it is at a co_yield or its end.
  void abandon() noexcept;

 protected:
  completion* reader_ = nullptr;  // who is told when the step is over; set before it begins
  std::coroutine_handle<> self_;
  bool alone_ = false;  // by who reads

 private:
  static std::coroutine_handle<> step_over(completion& c, std::coroutine_handle<> generator) noexcept;
  static void begin_queued(job& j, job_verb) noexcept;

  static resumer step_is_over;  // marks, by their addresses
  static resumer nobody_wants_it;

  // While a step runs by itself: null, or who waits for it; step_is_over; nobody_wants_it. The step's release of
  // step_is_over pairs with the acquire of who reads; nobody_wants_it lets the step destroy the coroutine.
  std::atomic<resumer*> reader_alone_{nullptr};
  failure_ptr error_;
};

template <class T>
class generator_promise_of : public generator_promise_base {
 public:
  /// Asks for the next element, to be put into `step`; gives the coroutine to hand over to.
  [[nodiscard]] std::coroutine_handle<> ask(generator_step<T>& to, completion& reader) noexcept {
    step_ = &to;
    reader_ = &reader;
    return self_;
  }
  void ask_alone() {
    step_ = &kept_;
    begin_alone();
  }
  [[nodiscard]] generator_step<T> take_kept() {
    alone_ = false;
    rethrow();
    auto given = std::move(kept_);
    kept_ = {};
    return given;
  }

 protected:
  generator_step<T>* step_ = nullptr;  // where the element goes

 private:
  generator_step<T> kept_{};  // of a step that runs by itself
};

}  // namespace mobula::detail
