#pragma once

#include <mobula/core/result_types.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/future/future.hpp>
#include <mobula/future/waiter_list.hpp>
#include <mobula/remote/call_site.hpp>
#include <mobula/remote/map_mistakes.hpp>
#include <mobula/remote/remote.hpp>
#include <mobula/task/task.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace mobula {

/// How `map_window` and `map_unordered` go through a range.
struct window_options {
  /// How many items may have been started and not been taken; 0 for twice as many as the runtime has workers.
  std::size_t in_flight = 0;
};

namespace detail {

/// The future of an item that may be abandoned: if it goes unread, its task runs on, and a failure isn't reported.
template <class T>
class item_future {
 public:
  item_future() noexcept = default;
  explicit item_future(future<T> f) noexcept : future_(std::move(f)) {}
  item_future(item_future&&) noexcept = default;
  item_future& operator=(item_future other) noexcept {
    std::swap(future_, other.future_);
    return *this;
  }
  ~item_future() {
    if (future_.valid()) [[unlikely]]
      abandon();
  }

  [[nodiscard]] bool valid() const noexcept { return future_.valid(); }
  [[nodiscard]] shared_state_base& state() const { return future_access::state(future_); }

  /// Reads it, once it is ready; it is invalid then, also if the task has failed.
  template <class Reader>
  [[nodiscard]] auto take() {
    return Reader::read(std::move(future_));
  }

 private:
  // Keeps the future until it is ready, and counts its failure as read.
  struct forgotten : waiter {
    explicit forgotten(future<T> f) noexcept
        : waiter([](waiter& w) noexcept {
            std::unique_ptr<forgotten> const me(&static_cast<forgotten&>(w));
            static_cast<void>(me->kept.failure());
          }),
          kept(std::move(f)) {}
    future<T> kept;
  };

  void abandon() noexcept {
    auto& s = state();
    auto* const f = new (std::nothrow) forgotten(std::move(future_));
    if (f != nullptr && !s.add(*f)) f->notify(*f);
  }

  future<T> future_;
};

/// What is read of an item that is over: its value, or else what it threw is thrown; or what has come of it, either way.
struct item_value {
  template <class T>
  using type = non_void<T>;
  template <class T>
  static non_void<T> read(future<T>&& f) {
    if constexpr (std::is_void_v<T>)
      return future_access::read(std::move(f)), std::monostate();
    else
      return future_access::read(std::move(f));
  }
};
struct item_outcome {
  template <class T>
  using type = outcome<T>;
  template <class T>
  static outcome<T> read(future<T>&& f) {
    return future_access::read_outcome(std::move(f));
  }
};

/// A function that many tasks share. What it gives by reference is copied, as what that refers to may go with the task.
template <class F>
struct shared_function {
  using wraps = F;
  template <class... Args>
    requires std::is_invocable_v<F&, Args...>
  auto operator()(Args&&... args) const {
    using result = std::invoke_result_t<F&, Args...>;
    if constexpr (is_task<result>) {
      if constexpr (std::is_reference_v<typename result::value_type>)
        return by_value(std::invoke(*function, std::forward<Args>(args)...));
      else
        return std::invoke(*function, std::forward<Args>(args)...);
    } else {
      return std::invoke(*function, std::forward<Args>(args)...);
    }
  }
  [[nodiscard]] std::string task_name() const { return name_of(*function); }

  std::shared_ptr<F> function;

 private:
  template <class T>
  static task<std::remove_cvref_t<T>> by_value(task<T> t) {
    co_return co_await std::move(t);
  }
};

/// Makes tasks of the elements of a range, one after the other.
template <class T>
class item_source {
 public:
  using value_type = T;
  virtual ~item_source() = default;

  /// Submits the task of the next element; an invalid future if there is none.
  virtual future<T> start_next() = 0;
};

/// The same for a function and a range; R is a reference to a range that is borrowed, or the range that is kept.
///
/// The tasks own the function and the kept range with it, as elements may refer to that: both live until the last task
/// that was started is over.
template <class F, class R>
class item_source_of {
  struct kept {
    F function;
    R range;
  };
  using element = std::ranges::range_value_t<R>;
  using call = remote_function<shared_function<F>>;

  template <class T>
  class source final : public item_source<T> {
   public:
    source(std::shared_ptr<kept> k, call_site const& where)
        : kept_(std::move(k)), call_(shared_function<F>{std::shared_ptr<F>(kept_, &kept_->function)}), where_(where) {}

    future<T> start_next() override {
      // The element behind the last one is looked for only when it is wanted.
      if (!at_)
        at_.emplace(std::ranges::begin(kept_->range));
      else
        ++*at_;
      if (*at_ == std::ranges::end(kept_->range)) return {};
      return call_(element(**at_), absent(), absent(), absent(), where_);
    }

   private:
    std::shared_ptr<kept> kept_;
    std::optional<std::ranges::iterator_t<R>> at_;
    call call_;
    call_site where_;
  };

 public:
  using result = std::invoke_result_t<call const&, element>;
  using value = typename result::value_type;

  template <class G, class Q>
  static std::unique_ptr<item_source<value>> make(G&& f, Q&& range, call_site const& where) {
    return std::make_unique<source<value>>(std::shared_ptr<kept>(new kept{std::forward<G>(f), std::forward<Q>(range)}),
                                           where);
  }
};

/// Whether each element can be the argument of a task whose result is a future's.
template <class F, class R>
concept window_mappable = std::ranges::input_range<R> && may_be_called<std::decay_t<F>> && can_be_kept_of<F> &&
                          can_be_kept_of<std::ranges::range_reference_t<R>> &&
                          has_future<plan_for<shared_function<std::decay_t<F>>&, std::ranges::range_value_t<R>>>;

/// Says why not.
template <class F, class R>
auto say_why_not_window_mapped() {
  if constexpr (!std::ranges::input_range<R>)
    say_why_not_mapped<F, R>();
  else if constexpr (!may_be_called<std::decay_t<F>> || !can_be_kept_of<F>)
    say_why_not_remote<F>();
  else if constexpr (!can_be_kept_of<std::ranges::range_reference_t<R>>)
    static_assert(never<F>,
                  "mobula: each task owns its element, and these can't be copied: give them as rvalues, as "
                  "std::move_iterator does");
  else
    say_why_not_mapped_to<F, R, std::ranges::range_value_t<R>>();
  return mistake();
}

template <class F, class R>
[[nodiscard]] auto make_item_source(F&& f, R&& range, call_site const& where) {
  return item_source_of<std::decay_t<F>, R>::make(std::forward<F>(f), std::forward<R>(range), where);
}

/// A source of which no more is taken than fits into a window.
template <class T>
class item_window {
 public:
  item_window(std::unique_ptr<item_source<T>> s, window_options const& options)
      : source_(std::move(s)),
        size_(options.in_flight != 0 ? options.in_flight : std::size_t{2} * current_scheduler().concurrency()) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Starts items until `in_flight()` is the size or the source is at its end, and gives each to `keep`. If the source or
  /// the submission throws, that is the end as well.
  template <class Count, class Keep>
  void refill(Count in_flight, Keep keep) {
    while (source_ != nullptr && in_flight() < size_) {
      auto s = std::exchange(source_, nullptr);
      item_future<T> f(s->start_next());
      if (!f.valid()) return;
      keep(std::move(f));
      source_ = std::move(s);
    }
  }

 private:
  std::unique_ptr<item_source<T>> source_;  // null at the end
  std::size_t size_;
};

}  // namespace detail
}  // namespace mobula
