#pragma once

#include <mobula/core/coroutine.hpp>
#include <mobula/core/operation.hpp>
#include <mobula/task/generator_promise.hpp>
#include <mobula/task/pull_iterator.hpp>

#include <coroutine>
#include <memory>
#include <type_traits>
#include <utility>

namespace mobula {

template <class T>
class generator;

namespace detail {

template <class T>
inline constexpr bool is_generator = false;
template <class T>
inline constexpr bool is_generator<generator<T>> = true;

template <class T>
class generator_promise final : public generator_promise_of<T> {
 public:
  generator<T> get_return_object() noexcept;

  /// Puts the element where it is wanted; it is copied or moved once.
  template <class U = T>
    requires(!std::is_reference_v<T> && std::is_constructible_v<T, U>)
  generator_promise_base::hand_over yield_value(U&& value) {
    static_assert(frame_aligns<T>,
                  "with clang, elements that are aligned to more than 64 bytes need the options "
                  "-fcoro-aligned-allocation -DMOBULA_ALIGNED_FRAMES");
    this->step_->emplace(std::forward<U>(value));
    return {};
  }
  generator_promise_base::hand_over yield_value(std::remove_reference_t<T>& value) noexcept
    requires std::is_reference_v<T>
  {
    *this->step_ = std::addressof(value);
    return {};
  }
};

/// A step of a generator as an operation: it runs by itself, and its element stays there if it is given up.
template <class T>
class generator_operation {
 public:
  explicit generator_operation(generator_promise_of<T>& g) noexcept : generator_(&g) {}

  [[nodiscard]] bool ready() {
    if (generator_->finished()) return true;
    if (!generator_->runs_alone()) generator_->ask_alone();
    return generator_->over();
  }
  static constexpr auto waits_for = "an element of a generator";
  static bool ends_at_drop() noexcept { return true; }  // as whatever its code waits for
  bool start(resumer& r) noexcept {
    waiting_ = &r;
    return generator_->wait_alone(r);
  }
  bool cancel() noexcept { return generator_->stop_waiting(*waiting_); }
  [[nodiscard]] generator_step<T> result() {
    return generator_->runs_alone() ? generator_->take_kept() : generator_step<T>();
  }

 private:
  generator_promise_of<T>* generator_;
  resumer* waiting_ = nullptr;
};

/// A step of a generator awaited by a coroutine: each hands over to the other. If one runs by itself already, as who
/// asked for it has given up, it waits for that.
template <class T>
class generator_awaiter : completion {
 public:
  explicit generator_awaiter(generator_promise_of<T>& g) noexcept
      : completion([](completion& c, std::coroutine_handle<>) noexcept {
          return transfer(static_cast<generator_awaiter&>(c).parent_);
        }),
        generator_(&g),
        given_up_(g) {}

  bool await_ready() { return generator_->finished() || (generator_->runs_alone() && given_up_.await_ready()); }
  [[gnu::noinline]] std::coroutine_handle<> await_suspend(std::coroutine_handle<> parent) noexcept {
    if (generator_->runs_alone())
      return given_up_.await_suspend(parent) ? std::coroutine_handle<>(std::noop_coroutine()) : parent;
    parent_ = parent;
    return transfer(generator_->ask(step_, *this));
  }
  [[nodiscard]] generator_step<T> await_resume() {
    if (generator_->runs_alone()) return given_up_.await_resume();
    generator_->rethrow();
    return std::move(step_);
  }

 private:
  generator_promise_of<T>* generator_;
  std::coroutine_handle<> parent_;
  generator_step<T> step_{};
  operation_awaiter<generator_operation<T>> given_up_;
};

/// What `generator::next` gives, until it is waited for.
template <class T>
class [[nodiscard("nothing happens until it is awaited: co_await it, or give it to get")]] generator_next {
 public:
  explicit generator_next(generator_promise_of<T>& g) noexcept : generator_(&g) {}
  auto operator co_await() const noexcept { return generator_awaiter<T>(*generator_); }
  [[nodiscard]] auto to_operation() const noexcept { return generator_operation<T>(*generator_); }

 private:
  generator_promise_of<T>* generator_;
};

}  // namespace detail

/// Waits for the next element of a generator where there is no co_await; see generator::next.
template <class T>
detail::generator_step<T> get(detail::generator_next<T> n) {
  return get(n.to_operation());
}

/// A coroutine that makes one element after the other, each when it is asked for.
///
///     mb::generator<int> numbers() {
///       for (int i = 0;; ++i) {
///         co_await mb::sleep_for(1ms);
///         co_yield i;
///       }
///     }
///     auto g = numbers();
///     while (auto n = co_await g.next()) use(*n);   // in a coroutine
///     for (int n : g) use(n);                       // elsewhere
///
/// It runs only between the question for an element and its co_yield, so it is never ahead. `mb::remote(numbers)()` gives
/// a stream instead, made by a task of its own, which works ahead.
///
/// Threads: one at a time; it may go on in another thread after each co_await and co_yield.
/// Lifetime: ended early, it is destroyed at its co_yield; while a step still runs (a time limit was over), when that is
/// through. Its parameters and captures are kept as those of a task are, that is, not at all if they are references.
/// Errors: what it throws comes out of that step; then it is over.
/// Cost: no allocation but the frame. An element is moved once from co_yield to the caller.
template <class T>
class [[nodiscard("a generator does nothing until it is asked for an element")]] generator {
 public:
  using promise_type = detail::generator_promise<T>;
  using element_type = T;
  using value_type = std::remove_cvref_t<T>;

  generator(generator&& other) noexcept : promise_(std::exchange(other.promise_, nullptr)) {}
  generator& operator=(generator other) noexcept {
    std::swap(promise_, other.promise_);
    return *this;
  }
  ~generator() {
    if (promise_ != nullptr) promise_->abandon();
  }

  /// Waits for the next element: gives it in a std::optional, for a generator of references as a pointer; empty when there
  /// are no more. It can have a time limit and be a branch of a `select`; what is given up goes on by itself, and its
  /// element comes with the next call.
  [[nodiscard]] detail::generator_next<T> next() & noexcept { return detail::generator_next<T>(*promise_); }

  /// The elements that are left, as a range for where there is no co_await.
  ///
  /// Blocks: at each step, as `get` does.
  [[nodiscard]] auto begin() & { return detail::pull_iterator(*this); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  friend promise_type;
  explicit generator(promise_type& p) noexcept : promise_(&p) {}

  promise_type* promise_;  // null when moved from
};

template <class T>
generator<T> detail::generator_promise<T>::get_return_object() noexcept {
  this->self_ = std::coroutine_handle<generator_promise>::from_promise(*this);
  return generator<T>(*this);
}

}  // namespace mobula
