#pragma once

#include <mobula/core/coroutine.hpp>
#include <mobula/core/frame_memory.hpp>
#include <mobula/core/free_in_turn.hpp>
#include <mobula/future/get.hpp>
#include <mobula/future/outcome.hpp>
#include <mobula/future/when_all.hpp>
#include <mobula/task/await_mistakes.hpp>
#include <mobula/task/completion.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <source_location>
#include <type_traits>
#include <utility>
#include <vector>

namespace mobula {

template <class T>
class task;

namespace detail {

struct task_access;
[[noreturn]] void throw_empty_task();

/// What every coroutine of ours has: its frame's memory, and what it can await.
class coroutine_promise_base {
 public:
  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }
#ifdef MOBULA_ALIGNED_FRAMES
  // As clang asks with -fcoro-aligned-allocation; without it, it tells nobody how a frame is to be aligned.
  static void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate_frame(rounded_up(size, alignment));
  }
  static void operator delete(void* p, std::size_t size, std::align_val_t alignment) noexcept {
    deallocate_frame(p, rounded_up(size, alignment));
  }
#endif

  std::suspend_always initial_suspend() const noexcept { return {}; }

  /// Lets a container of futures be awaited like one future; everything else as it is. Notes the line.
  template <class Awaitable>
  decltype(auto) await_transform(Awaitable&& a, std::source_location where = std::source_location::current()) {
    awaits_at_ = where;
    if constexpr (future_container<Awaitable>)
      return when_all(std::forward<Awaitable>(a));
    else if constexpr (is_no_awaitable<Awaitable>)
      return say_why_not_awaited<Awaitable>();
    else
      return std::forward<Awaitable>(a);
  }

  /// The lines at which this waits and those wait that await it, the innermost first; as many as are of use. By the code of
  /// this coroutine, while it waits.
  void add_chain(std::vector<std::source_location>& lines) const;

 protected:
  completion* completion_ = nullptr;  // of a task: who is told of its end; set before the start

 private:
  static constexpr std::size_t rounded_up(std::size_t size, std::align_val_t alignment) noexcept {
    auto const a = static_cast<std::size_t>(alignment);
    return (size + a - 1) / a * a;
  }

  std::source_location awaits_at_;  // where it has waited last
};

/// What every coroutine task has, whatever its type.
class task_promise_base : public coroutine_promise_base {
 public:
  struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    [[gnu::noinline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) const noexcept {
      completion& c = *h.promise().completion_;
      return c.complete(c, h);
    }
    void await_resume() const noexcept {}
  };
  final_awaiter final_suspend() const noexcept { return {}; }

 protected:
  friend task_access;
};

template <class T>
class task_promise final : public task_promise_base {
 public:
  task<T> get_return_object() noexcept;
  template <class U = T>
    requires(std::is_reference_v<T> ? std::is_convertible_v<U, T> : std::is_constructible_v<T, U>)
  void return_value(U&& value) {
    static_assert(frame_aligns<T>,
                  "with clang, results that are aligned to more than 64 bytes need the options "
                  "-fcoro-aligned-allocation -DMOBULA_ALIGNED_FRAMES");
    result_->set_value(std::forward<U>(value));
  }
  void unhandled_exception() noexcept { result_->set_error(std::current_exception()); }

 private:
  friend task_access;
  outcome<T>* result_ = nullptr;  // where the awaiting side wants it; set before the start
};

template <>
class task_promise<void> final : public task_promise_base {
 public:
  task<void> get_return_object() noexcept;
  void return_void() noexcept { result_->set_value(); }
  void unhandled_exception() noexcept { result_->set_error(std::current_exception()); }

 private:
  friend task_access;
  outcome<void>* result_ = nullptr;
};

/// Whether the base of a promise lies where it would if it were all of it: it comes first, and the compiler puts what is not
/// aligned more than this right behind two pointers.
template <class Promise>
inline constexpr bool has_base_in_place =
    std::is_base_of_v<coroutine_promise_base, Promise> && alignof(Promise) <= 2 * sizeof(void*);

/// The promise of such a coroutine.
[[nodiscard]] inline coroutine_promise_base const* promise_in(std::coroutine_handle<> h) noexcept {
  return &std::coroutine_handle<coroutine_promise_base>::from_address(h.address()).promise();
}

/// The completion of a task that a coroutine awaits: goes on with that.
class awaiting_parent : public completion {
 public:
  /// The promise of the coroutine that awaits such a task, if it is one of ours with its base in place; else null.
  [[nodiscard]] static coroutine_promise_base const* parent_of(completion const& c) noexcept;

 protected:
  awaiting_parent() noexcept : completion(&child_ended) {}

  template <class Promise>
  void set_parent(std::coroutine_handle<Promise> h) noexcept {
    parent_ = h;
    if constexpr (!has_base_in_place<Promise>) complete = &child_of_stranger_ended;
  }

 private:
  static std::coroutine_handle<> child_ended(completion& c, std::coroutine_handle<> child) noexcept {
    child.destroy();
    return transfer(static_cast<awaiting_parent&>(c).parent_);
  }
  // The same, but told from it by its address.
  static std::coroutine_handle<> child_of_stranger_ended(completion& c, std::coroutine_handle<> child) noexcept;

  std::coroutine_handle<> parent_;
};

/// How the library starts tasks.
struct task_access {
  /// Throws mobula::error if the task can't be started: it was moved from, or awaited before.
  template <class T>
  static void check(task<T> const& t) {
    if (!t.coroutine_) throw_empty_task();
  }

  /// Tells the task, which is checked, where to put its result and whom to tell; gives the coroutine to resume, which the
  /// completion destroys.
  template <class T>
  [[nodiscard]] static std::coroutine_handle<> start(task<T>&& t, outcome<T>& result, completion& done) noexcept {
    auto const h = std::exchange(t.coroutine_, nullptr);
    h.promise().result_ = &result;
    h.promise().completion_ = &done;
    return h;
  }
};

/// Awaits one task in another: the parent's frame holds the result.
template <class T>
class task_awaiter : awaiting_parent {
 public:
  explicit task_awaiter(task<T>&& t) noexcept : child_(task_access::start(std::move(t), result_, *this)) {}

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  [[gnu::noinline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) noexcept {
    set_parent(parent);
    return transfer(child_);
  }
  T await_resume() { return result_.take(); }

 private:
  outcome<T> result_;
  std::coroutine_handle<> child_;
};

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

}  // namespace detail

/// A lazy coroutine: it starts when it is awaited, and its awaiter gets the result.
///
///     mb::task<int> slow_add(int a, int b) {
///       co_await mb::sleep_for(2s);
///       co_return a + b;
///     }
///     int five = co_await slow_add(2, 3);         // in another task
///     auto sum = mb::remote(slow_add)(2, 3);      // at once, as a task of its own
///
/// Lifetime: as with every coroutine, a parameter that is a reference must outlive it, and a lambda's captures live in
/// the lambda, not in the coroutine. `remote` keeps both until the task is over, and so does `co_invoke`.
/// Threads: it may go on in another thread after each co_await.
/// Errors: what it throws comes out of the co_await.
template <class T = void>
class [[nodiscard("a task does nothing until it is awaited")]] task {
 public:
  using promise_type = detail::task_promise<T>;
  using value_type = T;

  task(task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  task& operator=(task other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    return *this;
  }
  ~task() {
    if (coroutine_) detail::free_in_turn(coroutine_);  // an argument may be another
  }

  /// Starts the task and suspends the caller until it is over. Once: throws mobula::error if this was moved from.
  auto operator co_await() && {
    detail::task_access::check(*this);
    return detail::task_awaiter<T>(std::move(*this));
  }

 private:
  friend promise_type;
  friend detail::task_access;
  explicit task(std::coroutine_handle<promise_type> h) noexcept : coroutine_(h) {}

  std::coroutine_handle<promise_type> coroutine_;  // not started; null when moved from or started
};

template <class T>
task<T> detail::task_promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}
inline task<void> detail::task_promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

}  // namespace mobula
