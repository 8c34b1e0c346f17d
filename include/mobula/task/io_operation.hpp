#pragma once

#include <mobula/core/error.hpp>
#include <mobula/core/frame_allocator.hpp>
#include <mobula/core/operation.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace mobula::detail {

/// What every operation of Asio's that is waited for has, whatever its type: it lives with whoever waits.
///
/// Asio wants the steps of an operation, which may be made of several, and its cancellation not to overlap. So whoever
/// does one of these *holds* the operation meanwhile: its start, each step (by way of `io_executor`), its end, and the
/// cancellation, which is left to whoever holds it at that time. It is never held while something is waited for.
///
/// Two parties have to be done with it before whoever waits goes on and ends its life: the one that completes it, and a
/// timer node by which the runtime ends it when it drops.
class io_operation_base : timer_node {
 public:
  io_operation_base(io_operation_base const&) = delete;

  /// Stops the operation, which then completes as aborted, or as what it was just about to. It has to be waited for.
  bool cancel() noexcept;

  void enter() noexcept;
  /// May wake whoever waits, and so end this object's life.
  void leave() noexcept;
  /// Notes that the operation is over; by who holds it.
  void set_over() noexcept { over_ = true; }

  [[nodiscard]] boost::asio::cancellation_slot slot() noexcept { return signal_.slot(); }

 protected:
  io_operation_base() noexcept : timer_node(time_point::max(), &dropped) {}
  ~io_operation_base();  // not inline: Asio looks at variables of the thread here

  void begin(resumer& r) noexcept;
  void watch_for_drop() noexcept;

  [[nodiscard]] bool was_cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }

 private:
  static void dropped(timer_node& n, bool) noexcept;
  void stop() noexcept;
  void depart(int parties) noexcept;

  // 0: nobody holds it. Else the holder's thread, plus `stop_requested` if somebody wants it stopped meanwhile. Taking
  // it acquires what the one before released; only a request to stop is written by others than the holder. When the
  // operation is over, it stays held.
  std::atomic<std::uintptr_t> holder_{0};
  unsigned depth_ = 0;  // how often the holder has entered. This and `over_` are the holder's
  bool over_ = false;
  // Set by `cancel`; read after the end, which comes later than that by the same word or by parties_.
  std::atomic<bool> cancelled_{false};
  // One for the completion, one for the timer node if there is one. The last to leave wakes; acq_rel, as that ends all.
  std::atomic<int> parties_{1};
  scheduler* owner_ = nullptr;  // of the task that waits; null elsewhere
  resumer* waiter_ = nullptr;
  boost::asio::cancellation_signal signal_;
};

/// Runs the steps of an operation at once, wherever they come up, one at a time.
class io_executor {
 public:
  explicit io_executor(io_operation_base& op) noexcept : operation_(&op) {}

  template <class F>
  void execute(F&& f) const {
    struct held {
      explicit held(io_operation_base& o) noexcept : op(o) { op.enter(); }
      ~held() { op.leave(); }
      io_operation_base& op;
    } const here(*operation_);
    std::decay_t<F> step(std::forward<F>(f));
    step();
  }

  friend bool operator==(io_executor, io_executor) noexcept = default;

 private:
  io_operation_base* operation_;
};

static_assert(boost::asio::execution::is_executor_v<io_executor>);

/// What an operation of Asio's leaves behind, by the arguments of its completion.
template <class... Args>
class io_result : public io_operation_base {
 public:
  /// False if it has been aborted because `cancel` was called.
  [[nodiscard]] bool complete() const noexcept { return !was_cancelled() || (arguments_ && !is_aborted(*arguments_)); }

  /// The completion's arguments: none, one, or a tuple of them. A leading error_code or exception_ptr is thrown.
  auto result() {
    if (not_started_) std::rethrow_exception(not_started_);
    if (!arguments_) throw cancelled();  // its context has ended first
    if constexpr (sizeof...(Args) == 0) {
      return;
    } else {
      auto& first = std::get<0>(*arguments_);
      using first_type = std::remove_reference_t<decltype(first)>;
      if constexpr (std::is_same_v<first_type, boost::system::error_code>) {
        if (redirect_ != nullptr)
          *redirect_ = first;
        else if (first)
          throw boost::system::system_error(first);
        return take<1>();
      } else if constexpr (std::is_same_v<first_type, std::exception_ptr>) {
        if (first) std::rethrow_exception(first);
        return take<1>();
      } else {
        return take<0>();
      }
    }
  }

  template <class... As>
  void set(As&&... values) {
    arguments_.emplace(std::forward<As>(values)...);
  }

 protected:
  explicit io_result(boost::system::error_code* redirect) noexcept : redirect_(redirect) {}
  io_result(io_result const& other) noexcept : io_result(other.redirect_) {}  // before it is started

  std::exception_ptr not_started_;

 private:
  using arguments = std::tuple<std::decay_t<Args>...>;

  template <std::size_t From>
  auto take() {
    if constexpr (sizeof...(Args) == From) {
      return;
    } else if constexpr (sizeof...(Args) == From + 1) {
      return std::move(std::get<From>(*arguments_));
    } else {
      return [this]<std::size_t... I>(std::index_sequence<I...>) {
        return std::tuple(std::move(std::get<From + I>(*arguments_))...);
      }(std::make_index_sequence<sizeof...(Args) - From>());
    }
  }

  template <class T>
  static bool is_aborted(T const&) noexcept {
    return false;
  }
  static bool is_aborted(boost::system::error_code const& e) noexcept {
    return e == boost::asio::error::operation_aborted;
  }
  template <class First, class... Rest>
  static bool is_aborted(std::tuple<First, Rest...> const& t) noexcept {
    return is_aborted(std::get<0>(t));
  }

  boost::system::error_code* redirect_;  // where a leading error_code goes instead of being thrown; null for nowhere
  std::optional<arguments> arguments_;
};

/// The completion handler: writes the result. If it goes without being called, its operation is over without one.
template <class... Args>
class io_handler {
 public:
  explicit io_handler(io_result<Args...>& op) noexcept : operation_(&op) {}
  io_handler(io_handler&& other) noexcept : operation_(std::exchange(other.operation_, nullptr)) {}
  io_handler& operator=(io_handler&&) = delete;
  ~io_handler() {
    if (operation_ != nullptr) end([](auto&) {});
  }

  template <class... As>
  void operator()(As&&... arguments) {
    end([&](io_result<Args...>& op) { op.set(std::forward<As>(arguments)...); });
  }

  using executor_type = io_executor;
  [[nodiscard]] io_executor get_executor() const noexcept { return io_executor(*operation_); }

  using allocator_type = frame_allocator<std::byte>;
  [[nodiscard]] allocator_type get_allocator() const noexcept { return {}; }

  using cancellation_slot_type = boost::asio::cancellation_slot;
  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return operation_->slot(); }

 private:
  template <class Write>
  void end(Write write) {
    auto& op = *std::exchange(operation_, nullptr);
    op.enter();
    write(op);
    op.set_over();
    op.leave();
  }

  io_result<Args...>* operation_;  // null once it has been called
};

/// An operation of Asio's that starts when it is waited for.
template <class Initiation, class Inputs, class... Args>
class io_operation : public io_result<Args...> {
 public:
  template <class I, class... In>
  explicit io_operation(boost::system::error_code* redirect, I&& initiation, In&&... inputs)
      : io_result<Args...>(redirect), initiation_(std::forward<I>(initiation)), inputs_(std::forward<In>(inputs)...) {}
  /// Before it is started.
  io_operation(io_operation&& other)
      : io_result<Args...>(other), initiation_(std::move(other.initiation_)), inputs_(std::move(other.inputs_)) {}

  [[nodiscard]] bool ready() const noexcept { return false; }
  static constexpr wait_kind waits_for{"input or output", true};
  static bool ends_at_drop() noexcept { return this_worker() != nullptr; }  // it watches for that itself

  bool start(resumer& r) noexcept {
    this->begin(r);
    try {
      std::apply([this](auto&... inputs) { std::move(initiation_)(io_handler<Args...>(*this), std::move(inputs)...); },
                 inputs_);
    } catch (...) {
      this->not_started_ = std::current_exception();
      this->set_over();
    }
    this->watch_for_drop();
    this->leave();  // from here on it may be over
    return true;
  }

 private:
  Initiation initiation_;
  Inputs inputs_;
};

}  // namespace mobula::detail
