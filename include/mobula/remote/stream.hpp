#pragma once

#include <mobula/future/future.hpp>
#include <mobula/remote/call.hpp>
#include <mobula/task/channel.hpp>
#include <mobula/task/generator.hpp>

#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace mobula {

/// The elements of a generator that is a task of its own: it works ahead while they are read.
///
///     mb::stream<row> rows = mb::remote(read_table)("orders.csv");  // read_table gives a mb::generator<row>
///     while (auto r = co_await rows.next()) use(*r);                // in a coroutine
///     for (row r : rows) use(r);                                    // elsewhere
///
/// So many elements lie ready for the reader as task_options::stream_capacity says, while the task makes one more; then it
/// waits until one is taken.
///
/// Lifetime: the handle owns what is left. Dropped early, it ends the task at its next co_yield, where the generator is
///           destroyed; drop it before you shut its runtime down, which waits for that.
/// Threads: one at a time.
/// Errors: what the generator throws, or what kept the task from running, comes out of the step after the last element;
///         then the stream is over.
template <class T>
class [[nodiscard("a stream that is dropped ends its task")]] stream {
 public:
  using value_type = T;

  stream(channel<T> const& elements, future<void> producer) noexcept
      : elements_(elements), producer_(std::move(producer)) {}
  stream(stream&&) noexcept = default;
  stream& operator=(stream other) noexcept {
    std::swap(elements_, other.elements_);
    std::swap(producer_, other.producer_);
    std::swap(ended_, other.ended_);
    return *this;
  }
  ~stream() {
    if (producer_.valid()) elements_.close();
  }

  class next_operation;
  /// Waits for the next element: gives it in a std::optional, which is empty when there are no more. It can have a time
  /// limit and be a branch of a `select`; what is given up has taken nothing.
  [[nodiscard]] next_operation next() & noexcept { return next_operation(*this); }

  /// The elements that are left, as a range for where there is no co_await.
  ///
  /// Blocks: at each step, as `get` does.
  [[nodiscard]] auto begin() & { return detail::pull_iterator(*this); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  // The task has closed the channel, as the last thing before it publishes its result, which the channel's lock makes
  // visible here. What it threw is read once.
  void read_end() {
    if (auto const ended = std::exchange(ended_, true); !ended)
      detail::future_access::state(producer_).result.rethrow();
  }

  channel<T> elements_;
  future<void> producer_;  // invalid when moved from
  bool ended_ = false;
};

template <class T>
class stream<T>::next_operation {
 public:
  explicit next_operation(stream& s) noexcept : stream_(&s), receive_(s.elements_.receive()) {}
  [[nodiscard]] bool ready() {
    if (receive_.ready()) return true;
    detail::future_access::state(stream_->producer_).check_not_lost();
    return false;
  }
  bool start(detail::resumer& r) noexcept { return receive_.start(r); }
  bool cancel() noexcept { return receive_.cancel(); }
  [[nodiscard]] std::optional<T> result() {
    auto element = receive_.result();
    if (!element) stream_->read_end();
    return element;
  }

 private:
  stream* stream_;
  detail::receive_operation<T> receive_;
};

namespace detail {

/// A function that gives a generator as one whose task sends the elements to a channel. It goes when the task is over, and
/// closes the channel then.
template <class F, class T>
class stream_function {
 public:
  template <class G>
  stream_function(G&& f, channel<T> const& to) : function_(std::forward<G>(f)), channel_(to) {}
  stream_function(stream_function&& other) noexcept(std::is_nothrow_move_constructible_v<F>)
      : function_(std::move(other.function_)),
        channel_(other.channel_),
        closes_(other.lends_ ? false : std::exchange(other.closes_, false)) {}
  ~stream_function() {
    if (closes_) channel_.close();
  }

  /// Says that it still closes the channel when it has been moved from: for a task that makes the call as another one.
  void lend() const noexcept { lends_ = true; }

  template <class... Args>
    requires std::is_invocable_v<F&, Args...>
  task<> operator()(Args&&... args) {
    return send_all(std::invoke(function_, std::forward<Args>(args)...), channel_);
  }
  [[nodiscard]] std::string task_name() const { return name_of(function_); }

 private:
  static task<> send_all(generator<T> elements, channel<T> to) {
    while (auto x = co_await elements.next()) {
      bool const wanted = co_await to.send(*std::move(x));
      if (!wanted) co_return;
    }
  }

  F function_;
  channel<T> channel_;
  bool closes_ = true;
  mutable bool lends_ = false;
};

}  // namespace detail
}  // namespace mobula
