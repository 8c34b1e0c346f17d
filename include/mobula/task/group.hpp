#pragma once

#include <mobula/core/failure.hpp>
#include <mobula/core/frame_memory.hpp>
#include <mobula/core/operation.hpp>
#include <mobula/core/spin_lock.hpp>
#include <mobula/core/task_context.hpp>
#include <mobula/future/outcome.hpp>
#include <mobula/task/completion.hpp>
#include <mobula/task/task.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

namespace mobula {

class task_group;

/// Settings of a task_group.
struct group_options {
  /// Whether the first child that fails takes the rest along: those that wait are interrupted, as by `cancel`, those that
  /// have not begun never do, and `join` throws what that first one threw.
  bool cancel_rest = false;
};

namespace detail {

/// A child of a group: the job, what it calls, and what remains of it until it is over, in one allocation.
class group_child : public job {
 public:
  using run_function = void (*)(group_child&, job_verb) noexcept;

  group_child(task_group& g, run_function r) noexcept : job(&group_child::begin), run_(r), group_(&g) {}

  /// Its group, if a job is a child of one, else null.
  [[nodiscard]] static task_group* group_of(job const& j) noexcept {
    return j.step == &group_child::begin ? static_cast<group_child const&>(j).group_ : nullptr;
  }

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }

 protected:
  /// The child has been freed.
  static void over(task_group& g, std::uint64_t number, failure_ptr why) noexcept;

  run_function run_;
  task_group* group_;
  std::uint64_t number_ = 0;         // in the order of start
  task_context* context_ = nullptr;  // the group's, if it has one

 private:
  friend task_group;
  static void begin(job& j, job_verb verb) noexcept {
    auto& me = static_cast<group_child&>(j);
    if (me.context_ == nullptr) [[likely]]
      return me.run_(me, verb);
    this_worker()->context = me.context_;
    me.run_(me, me.context_->stop_requested() ? job_verb::drop : verb);
  }
};

/// Waits until the children of a group are over; see task_group::join.
class join_operation {
 public:
  /// If not `throws`, errors stay with the group.
  explicit join_operation(task_group& g, bool throws = true) noexcept : group_(&g), throws_(throws) {}

  [[nodiscard]] bool ready() const;
  bool start(resumer& r) noexcept;
  bool cancel() noexcept;
  void result();
  static constexpr auto waits_for = "the children of a group";
  static bool ends_at_drop() noexcept { return true; }  // as they do
  /// What stands for all children where calls wait for each other.
  [[nodiscard]] job* awaited_call() const noexcept;
  /// If the wait would never end, the children are stopped, so that it does, and fails with deadlock_error.
  void note_wait(execution_context& here, void const* wait) noexcept;

  /// Runs children that the caller's worker would run next anyway, on top of the caller.
  void help() noexcept;

 private:
  task_group* group_;
  bool throws_;
};

/// The last wait for a group that ends.
struct final_join : join_operation {
  using join_operation::join_operation;
  static constexpr bool to_the_end = true;
};

}  // namespace detail

/// A scope whose tasks are over when it ends: its destructor waits for them.
///
///     long fib(int n) {                       // a plain task; so it is called by plain tasks and by main
///       if (n < 20) return serial_fib(n);
///       long a = 0, b = 0;
///       mb::task_group g;
///       g.run([&] { a = fib(n - 1); });       // at once, on whichever worker is free
///       b = fib(n - 2);
///       mb::get(g.join());                    // in a coroutine: co_await g.join()
///       return a + b;
///     }
///
/// Children may refer to whatever outlives the group. A child is a plain callable or a coroutine function, may wait in
/// every way there is, and may start further children of the group. After `join` the group may be used again.
///
/// Threads: `run` by the owner of the group and by its children, at once; the rest by the owner alone.
/// Blocks:  the destructor, unless all are over: in a task its fiber, elsewhere the thread. A coroutine that would rather
///          suspend on every way out uses `with_group`.
/// Errors:  a child's error comes out of `join`, that of the first in order of start; the others, and all that a
///          destructor finds, count as unread and are reported. If the destructor can't block, the program ends.
/// Cost:    an allocation a child, from the thread's free list; a child that nobody has taken meanwhile runs on the stack
///          of a plain task that joins, without a switch.
class task_group {
 public:
  task_group() noexcept = default;
  /// Throws std::bad_alloc.
  explicit task_group(group_options const& o) : cancels_rest_(o.cancel_rest) {
    if (cancels_rest_) make_context();
  }
  task_group(task_group const&) = delete;
  task_group& operator=(task_group const&) = delete;
  ~task_group() { wait_for_children(); }

  /// Starts a child on the current runtime: calls `f(args...)`, and awaits what that gives if it is a task. The child owns
  /// `f` and the arguments until it is over; they are copied or moved (std::ref passes by reference), and `f` gets the
  /// arguments as rvalues. What it returns is dropped.
  ///
  /// Errors: throws no_runtime and std::bad_alloc; then there is no child.
  template <class F, class... Args>
    requires std::is_invocable_v<std::decay_t<F>&, std::decay_t<Args>...>
  void run(F&& f, Args&&... args);

  /// Starts a task as a child.
  template <class T>
  void run(task<T> t) {
    run([t = std::move(t)]() mutable -> task<T> { return std::move(t); });
  }

  /// Waits for all children, also those that they start meanwhile: `co_await` it in a coroutine, elsewhere give it to
  /// `get`. It can have a time limit (get, timeout) and be one of several (select): if it does not come to its end, the
  /// children go on, and it may be called again.
  ///
  /// Errors: throws what the first failed child in order of start threw, after all are over.
  [[nodiscard("join waits when it is awaited, or given to get")]] detail::join_operation join() noexcept {
    return detail::join_operation(*this);
  }

 private:
  friend detail::group_child;
  friend detail::join_operation;

  void start(std::unique_ptr<detail::group_child> c);
  void make_context();
  void child_over(std::uint64_t number, detail::failure_ptr why) noexcept;
  void wait_for_children() noexcept;
  [[nodiscard]] bool is_over() const noexcept { return open_.load(std::memory_order_acquire) <= 1; }
  [[nodiscard]] bool is_lost() const noexcept;

  // Children that are not over, and one for the owner while it does not wait. Whoever takes it to zero wakes the owner,
  // acquiring what the others released. Only children and the owner add to it, so it stays at zero until the owner does:
  // zero says the same as one then.
  std::atomic<std::size_t> open_{1};
  std::atomic<std::uint64_t> started_{0};    // numbers the children; nothing else depends on it
  std::atomic<std::uint8_t> of_process_{0};  // that has started the children; nothing else depends on it either
  detail::resumer* owner_ = nullptr;         // written before the owner gives up its one
  detail::spin_lock mutex_;                  // of the following
  detail::failure_ptr failure_;              // of the first child in order that has failed so far
  std::uint64_t failed_ = 0;                 // its number
  bool const cancels_rest_ = false;          // and then the first in time is kept
  // What the children run in, in a task that can be stopped, or if they can stop each other. Made before the first of them.
  std::unique_ptr<detail::task_context> context_;
};

namespace detail {

/// A child that calls F.
template <class F, class... Args>
class group_call final : public group_child, completion {
  using result_type = std::invoke_result_t<F&, Args...>;

 public:
  template <class G, class... As>
  explicit group_call(task_group& g, G&& f, As&&... args)
      : group_child(g, &run),
        completion(&coroutine_ended),
        function_(std::forward<G>(f)),
        arguments_(std::forward<As>(args)...) {}

 private:
  template <class R>
  struct value_of {
    using type = void;
  };
  template <class T>
  struct value_of<task<T>> {
    using type = T;
  };

  static void run(group_child& c, job_verb verb) noexcept {
    auto& me = static_cast<group_call&>(c);
    if (verb == job_verb::drop) {
      me.result_.set_failure(cancellation(me.context_ != nullptr && me.context_->stop_requested(), {}));
      return me.end();
    }
    if constexpr (is_task<result_type>) {
      try {
        resume(task_access::start(me.call(), me.result_, me));
      } catch (...) {  // from the call itself; what the coroutine throws is in the result
        me.result_.set_error(std::current_exception());
        me.end();
      }
    } else {
      me.result_.set_from([&me] { static_cast<void>(me.call()); });
      me.end();
    }
  }

  static std::coroutine_handle<> coroutine_ended(completion& c, std::coroutine_handle<> child) noexcept {
    child.destroy();
    static_cast<group_call&>(c).end();
    return transfer(nullptr);
  }

  result_type call() { return std::apply(function_, std::move(arguments_)); }

  void end() noexcept {
    task_group& g = *group_;
    auto const number = number_;
    failure_ptr why;
    if (result_.has_failure()) why = result_.failure_pointer();
    delete this;  // whoever has joined finds the captures released
    over(g, number, std::move(why));
  }

  F function_;
  [[no_unique_address]] std::tuple<Args...> arguments_;
  outcome<typename value_of<result_type>::type> result_;
};

/// The coroutine behind with_group, for a body of a value.
template <class Body, class T>
task<T> in_group(Body body, group_options o, outcome<T>*) {
  task_group g(o);
  outcome<T> result;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await std::invoke(body, g);
      result.set_value();
    } else {
      result.set_value(co_await std::invoke(body, g));
    }
  } catch (...) { result.set_error(std::current_exception()); }
  co_await final_join(g, !result.has_failure());  // of two errors the body's is thrown; the other counts as unread
  co_return result.take();
}

}  // namespace detail

template <class F, class... Args>
  requires std::is_invocable_v<std::decay_t<F>&, std::decay_t<Args>...>
void task_group::run(F&& f, Args&&... args) {
  using call = detail::group_call<std::decay_t<F>, std::decay_t<Args>...>;
  start(std::make_unique<call>(*this, std::forward<F>(f), std::forward<Args>(args)...));
}

/// Runs a coroutine with a group, and ends when the body is over and so are all children, whatever happens in the body.
///
///     auto const crawl = [&](mb::task_group& g) -> mb::task<> {
///       for (auto const& page : pages) g.run(fetch, page);  // fetch may start more
///       co_await index.update();                            // if that throws, the children are still waited for
///     };
///     co_await mb::with_group(crawl);
///
/// Errors: throws what the body threw, else what the first failed child in order of start threw.
template <class Body, class R = std::invoke_result_t<Body&, task_group&>>
  requires detail::is_task<R>
[[nodiscard]] R with_group(Body body, group_options const& options = {}) {
  return detail::in_group<Body>(std::move(body), options, static_cast<outcome<typename R::value_type>*>(nullptr));
}

/// Waits for the children of a group where there is no co_await.
///
///     mb::get(g.join());
///
/// Blocks: in a task its fiber, elsewhere the thread; children that nobody else has taken run on the caller's stack.
void get(detail::join_operation all, std::source_location where = std::source_location::current());

}  // namespace mobula
