#pragma once

#include <mobula/future/future.hpp>

#include <atomic>
#include <exception>
#include <source_location>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace mobula {

template <class T>
class promise;

namespace detail {

/// For promises that the library makes.
struct promise_access {
  /// Only this process sets it. Before it is set.
  template <class T>
  static void set_of_process(promise<T>& p) noexcept {
    p.right_.load()->set_of_process();
  }
};

/// The state of a future whose value comes from a promise, or else from what it is told the place and the name of.
template <class T>
class promise_state final : public shared_state<T> {
 public:
  using name_function = std::string (*)(void const* named);

  explicit promise_state(std::source_location const& made, name_function name = &name_of_promise) noexcept
      : shared_state<T>(&step), made_(made), name_(name) {}

  using shared_state<T>::set_of_process;

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }

  /// Nobody can have seen it, or will; or what has been written needs no name.
  void finish_unnamed() noexcept { this->publish(); }

  /// The result has been written. This may be gone afterwards.
  void finish() noexcept {
    if (this->result.has_failure()) {
      this->result.name_failure(this->result.failure_pointer().in_task(made_, name_, nullptr));
    }
    this->publish();
  }

 private:
  static void step(job& j, job_verb verb) noexcept {
    if (verb != job_verb::destroy) return;
    free_state<T>(j, [](job& s, job_verb) noexcept { delete static_cast<promise_state*>(&s); });
  }

  static std::string name_of_promise(void const*) { return readable_name(typeid(promise<T>)); }

  std::source_location const made_;
  name_function const name_;
};

[[noreturn]] void throw_promise_is_set();
[[noreturn]] void throw_no_more_futures();
[[noreturn]] void throw_no_exception();
/// That a promise was broken; or that there is no memory to say so.
[[nodiscard]] std::exception_ptr broken() noexcept;

}  // namespace detail

/// The other end of a future: whoever has it sets the value, once. It connects what calls back, a library or a thread of
/// one's own, with tasks, and needs no runtime.
///
///     mb::promise<int> answer;
///     mb::future<int> f = answer.get_future();
///     std::thread([p = std::move(answer)]() mutable { p.set_value(42); }).detach();
///     int n = co_await f;
///
/// If it goes without having been set, its future fails with broken_promise, if there is one left.
/// Threads: several may set it at once, one of which succeeds; all else by one at a time. Who sees the future ready may
///          destroy it.
template <class T>
class promise {
  static_assert(!std::is_rvalue_reference_v<T> && !std::is_const_v<T>,
                "mobula::promise: T is void, a type without const, or an lvalue reference");

 public:
  /// `made` is the place that failures are said to come from.
  explicit promise(std::source_location made = std::source_location::current())
      : right_(new detail::promise_state<T>(made)), future_(detail::future_access::make<T>(*right_.load())) {}
  promise(promise&& other) noexcept
      : right_(other.right_.exchange(nullptr)),
        future_(std::move(other.future_)),
        taken_(std::exchange(other.taken_, false)) {}
  promise& operator=(promise other) noexcept {
    right_.store(other.right_.exchange(right_.load()));
    std::swap(future_, other.future_);
    std::swap(taken_, other.taken_);
    return *this;
  }
  ~promise() {
    auto* const s = right_.exchange(nullptr);
    if (s != nullptr && taken_ && !s->is_last_handle()) {  // else nobody can know of it: get_future needs this
      s->result.set_error(detail::broken());
      end(*s);
    } else if (s != nullptr) {
      s->finish_unnamed();
    }
  }

  /// Gives a future of the value, any number of times before it is set. Afterwards once, and only if none has been given
  /// before: from then on the value is the futures', so that the last one can move it out.
  ///
  /// Errors: throws mobula::error if it gives no more.
  [[nodiscard]] future<T> get_future() {
    if (!future_.valid()) detail::throw_no_more_futures();
    if (right_.load() == nullptr) return std::move(future_);
    taken_ = true;
    return future_;
  }

  /// Sets the value and wakes who waits for it.
  ///
  /// Errors: throws mobula::error if this has been set; what the value's constructor throws, and then it is not set.
  void set_value()
    requires(std::is_void_v<T>)
  {
    auto& s = claim();
    s.result.set_value();
    end(s);
  }
  template <class U = T>
    requires(!std::is_void_v<T>)
  void set_value(U&& value) {
    static_assert(std::is_lvalue_reference_v<T>
                      ? std::is_convertible_v<std::remove_reference_t<U>*, std::remove_reference_t<T>*> &&
                            std::is_lvalue_reference_v<U>
                      : std::is_constructible_v<T, U>,
                  "mobula::promise: the value isn't of the promise's type, nor converts to it; a promise<T&> takes an "
                  "lvalue");
    auto& s = claim();
    try {
      s.result.set_value(std::forward<U>(value));
    } catch (...) {
      right_.store(&s);
      throw;
    }
    end(s);
  }

  /// Ends the future with an error. Throws mobula::error if this has been set, or if the pointer is null: then it is not.
  void set_exception(std::exception_ptr e) {
    if (e == nullptr) detail::throw_no_exception();
    auto& s = claim();
    s.result.set_error(std::move(e));
    end(s);
  }

  /// Sets what `f()` returns, or else what it throws. Throws mobula::error, without calling, if this has been set.
  template <class F>
  void set_from(F&& f) {
    auto& s = claim();
    s.result.set_from(std::forward<F>(f));
    end(s);
  }

 private:
  friend detail::promise_access;
  using state = detail::promise_state<T>;

  // Who sets takes the right to do so.
  [[nodiscard]] state& claim() {
    state* const s = right_.exchange(nullptr);
    if (s == nullptr) detail::throw_promise_is_set();
    return *s;
  }
  void end(state& s) noexcept {
    if (taken_) future_ = future<T>();  // first: then who reads it can have the last handle
    s.finish();
  }

  // The state, until somebody has the right to set it; null afterwards. Exchanged by who sets; sequentially consistent,
  // as nothing depends on its speed.
  std::atomic<state*> right_;
  future<T> future_;    // keeps the state for get_future
  bool taken_ = false;  // whether get_future has been called
};

}  // namespace mobula
