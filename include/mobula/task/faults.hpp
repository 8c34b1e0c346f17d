#pragma once

#include <mobula/core/manual_runtime.hpp>
#include <mobula/core/operation.hpp>
#include <mobula/task/sleep.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace mobula {

/// What goes wrong at a fault_point: some of these, in this order.
struct fault {
  /// How probable it is, each time the point is passed; by the seed of the runtime.
  double probability = 1;
  /// How often it happens at most; -1 for any number.
  int times = -1;
  /// Called first: kill an actor, cancel a task, close a channel.
  std::function<void()> action = {};
  /// How long the point takes then, in virtual time.
  detail::time_span delay = detail::duration::zero();
  /// Thrown then; see fault_of.
  std::exception_ptr error = {};
  /// Whether what the point stands for is to be left out: it gives false.
  bool drop = false;
};

/// The error of a fault.
///
///     faults.at("disk", {.probability = 0.1, .error = mb::fault_of(disk_full())});
template <class E>
[[nodiscard]] std::exception_ptr fault_of(E e) {
  return std::make_exception_ptr(std::move(e));
}

namespace detail {
class fault_operation;
}

/// Lets things go wrong in what runs on a manual runtime, at named points, as long as it lives.
///
///     mb::explore([](mb::manual_options const& seeded) {
///       mb::manual_runtime rt(seeded);
///       mb::faults faults(rt);
///       faults.at("send", {.probability = 0.2, .drop = true});
///       check(mb::get(mb::remote(protocol)()));   // with a fifth of the messages lost, others for each seed
///     });
///
/// Threads: by the one that drives the runtime. Errors: throws mobula::error if there is one on this thread already.
class faults {
 public:
  explicit faults(manual_runtime const& rt);
  faults(faults const&) = delete;
  ~faults();

  /// What goes wrong at the points of that name, instead of what was said before.
  /// Errors: throws mobula::error for a probability that is none.
  void at(std::string name, fault f);
  /// How often something has gone wrong there.
  [[nodiscard]] int happened(std::string_view name) const noexcept;

 private:
  friend detail::fault_operation;

  struct planned {
    fault what;
    int happened = 0;
  };
  /// What goes wrong now; null for nothing.
  [[nodiscard]] fault const* draw(std::string_view name);

  std::mt19937_64 random_;
  std::map<std::string, planned, std::less<>> planned_;
};

namespace detail {

/// Passes a fault_point.
class fault_operation {
 public:
  explicit fault_operation(std::string_view name) noexcept : name_(name) {}
  [[nodiscard]] bool ready();
  bool start(resumer& r) noexcept { return delay_->start(r); }
  static constexpr auto waits_for = sleep_operation::waits_for;
  static bool ends_at_drop() noexcept { return true; }
  bool cancel() noexcept { return delay_->cancel(); }
  bool result() const;

 private:
  std::string_view name_;
  std::optional<sleep_operation> delay_;
  std::exception_ptr error_;
  bool drop_ = false;
};

}  // namespace detail

/// A point in a program at which a test may have something go wrong; see faults. Else nothing happens, at the cost of a
/// look at a variable.
///
///     co_await mb::fault_point("disk");                     // elsewhere mb::get(mb::fault_point("disk"))
///     if (co_await mb::fault_point("send")) link.send(m);   // false if it is to be dropped
///
/// An operation: it can have a time limit, and is interrupted with its task.
[[nodiscard("it does nothing until it is awaited: co_await it, or give it to get")]] inline detail::fault_operation
fault_point(std::string_view name) noexcept {
  return detail::fault_operation(name);
}

}  // namespace mobula
