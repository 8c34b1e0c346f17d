#pragma once

#include <mobula/core/block.hpp>
#include <mobula/core/select.hpp>
#include <mobula/future/cancel.hpp>
#include <mobula/future/when_any.hpp>
#include <mobula/remote/copyable.hpp>
#include <mobula/remote/lease.hpp>
#include <mobula/remote/submission.hpp>
#include <mobula/remote/task_options.hpp>
#include <mobula/task/sleep.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace mobula::detail {

/// What all attempts have, whatever they call: the options, the limit of all, and how those before have failed, of which
/// the first and the last are kept.
class attempts_base {
 public:
  /// Whether the options ask for attempts: for a limit of time, a retry or a second copy.
  [[nodiscard]] static bool wanted_by(task_options const& o) noexcept;
  /// The time limit of a call that is submitted now.
  [[nodiscard]] static time_point limit_of(task_options const& o, time_point now) noexcept;

 protected:
  explicit attempts_base(std::shared_ptr<task_options const> o) noexcept : options_(std::move(o)) {}

  [[nodiscard]] static time_point now() noexcept { return deadline_after(duration::zero()); }
  [[nodiscard]] bool may_follow() const noexcept;

  /// When the attempt that begins now has to be over, and when a copy of it is to begin; time_point::max() for never.
  [[nodiscard]] time_point attempt_limit() const noexcept;
  [[nodiscard]] time_point hedge_time() const noexcept;

  /// Notes how an attempt has failed. Throws that, with all before, unless there is to be another; else gives how long to
  /// wait before.
  [[nodiscard]] duration failed(failure_ptr why);
  /// The failure of an attempt that was not over in time. Throws, with all before, if the time of all is over.
  [[nodiscard]] failure_ptr late();

  std::shared_ptr<task_options const> const options_;
  time_point limit_ = time_point::max();
  bool for_good_ = false;  // each attempt will fail, as what it depends on has

 private:
  [[noreturn]] void give_up(failure_ptr const& why);
  void keep(failure_ptr const& why);

  std::vector<failure_ptr> failures_;  // the first and the last
  std::size_t failed_ = 0;             // how many attempts have
};

/// Waits for an operation, but no longer than until a point in time; tells whether it has happened.
template <operation Op>
task<bool> happens_by(Op& op, time_point limit) {
  if (limit == time_point::max()) {
    static_cast<void>(co_await op);
    co_return true;
  }
  auto either = select(op, sleep_for(time_between(deadline_after(duration::zero()), limit)));
  auto const first = co_await either;
  co_return first.index() == 0;
}

/// A call with limits, retries or a second copy: a coroutine that makes the call again and again, as tasks of their own,
/// until one gives a value in time. What it stands for can be kept, unless it is made once only.
template <class Call>
class attempts : attempts_base {
 public:
  using function_type = typename Call::function_type;
  using value = typename value_of_call<typename Call::result>::type;
  using result = task<value>;
  static constexpr bool has_dependencies = false;  // it waits for them itself, as its time runs meanwhile

  template <class... Args>
  explicit attempts(std::shared_ptr<task_options const> o, placement const& at, std::shared_ptr<pending_place> place,
                    call_site const& where, Args&&... args)
      : attempts_base(std::move(o)),
        at_(at),
        place_(std::move(place)),
        where_(where),
        call_(std::forward<Args>(args)...) {}

  result operator()() { return run(); }
  [[nodiscard]] auto const& function() const noexcept { return call_.function(); }
  template <class V>
  void for_each_dependency(V) const {}

 private:
  using copies = std::vector<future<value>>;

  result run() {
    limit_ = this_task_context()->deadline();
    co_await wait_for_dependencies();
    for (;;) {
      failure_ptr why;
      future<value> answer = co_await attempt(why);
      if (answer.valid()) co_return future_access::read(std::move(answer));
      duration const pause = failed(std::move(why));
      co_await sleep_for(pause);
    }
  }

  task<> wait_for_dependencies() {
    std::vector<shared_state_base*> states;
    call_.for_each_dependency([&](shared_state_base& s) { states.push_back(&s); });
    if (states.empty()) co_return;
    group_operation all(std::move(states));
    bool const in_time = co_await happens_by(all, limit_);
    if (!in_time) late().rethrow();
    for_good_ = call_.has_failed_dependency();
  }

  // The first copy that has a value, in time; else none, and why. The others are cancelled.
  task<future<value>> attempt(failure_ptr& why) {
    time_point const limit = attempt_limit();
    time_point hedge_at = hedge_time();
    copies running;
    cancelling const rest{running};
    running.push_back(start(limit, hedge_at != time_point::max()));
    while (!running.empty()) {
      bool answered = false;
      {
        auto some = when_any(running);  // it looks at their states when it goes: before those may
        answered = co_await happens_by(some, std::min(limit, hedge_at));
      }
      if (now() > limit || (!answered && limit <= hedge_at)) {
        why = late();
        co_return future<value>();
      }
      if (!answered) {
        hedge_at = time_point::max();
        running.push_back(start(limit, false));
        continue;
      }
      future<value> first = take_ready(running);
      auto const& outcome = future_access::state(first).result;
      if (!outcome.has_failure()) co_return first;
      why = outcome.failure_pointer();
      static_cast<void>(why.read());  // the other copy may still answer
    }
    co_return future<value>();
  }

  // Copies the call if there may be another attempt, or a copy of this one.
  future<value> start(time_point limit, bool hedged) {
    std::shared_ptr<lease> l = lease_for(this_worker()->owner, options_);
    if (l != nullptr) l->set_place(std::move(place_));
    auto own = context_above(std::move(l), this_task_context(), limit, at_);
    if constexpr (can_be_kept<Call>)
      if (hedged || may_follow()) return submit_task_call<Call>(nullptr, std::move(own), where_, std::as_const(call_));
    // A stream is over when this is, not before, as its reader then wants to know how.
    if constexpr (requires { call_.function().lend(); }) call_.function().lend();
    return submit_task_call<Call>(nullptr, std::move(own), where_, std::move(call_));
  }

  static future<value> take_ready(copies& running) {
    auto const i = std::find_if(running.begin(), running.end(), [](auto const& f) { return f.ready(); });
    future<value> first = std::move(*i);
    running.erase(i);
    return first;
  }

  struct cancelling {
    copies& running;
    ~cancelling() {
      for (auto const& f : running) {
        if (!f.ready()) cancel(f);
        if (f.ready()) future_access::state(f).result.count_as_seen();  // nobody asks what it gives, or how it fails
      }
    }
  };

  placement const at_;
  std::shared_ptr<pending_place> place_;  // until the first attempt
  call_site const where_;
  Call call_;
};

}  // namespace mobula::detail
