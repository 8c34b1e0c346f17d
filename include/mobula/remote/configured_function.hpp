#pragma once

#include <mobula/core/submission_hold.hpp>
#include <mobula/core/task_context.hpp>
#include <mobula/remote/attempts.hpp>
#include <mobula/remote/call.hpp>
#include <mobula/remote/call_operators.hpp>
#include <mobula/remote/lease.hpp>
#include <mobula/remote/submission.hpp>
#include <mobula/remote/task_options.hpp>

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace mobula {
namespace detail {

/// Waits until a call may be submitted, then submits it and gives its future. An operation.
template <class Submit>
class [[nodiscard("it submits nothing until it is awaited: co_await it, or give it to get")]] submission_operation {
 public:
  submission_operation(std::shared_ptr<pending_place> p, Submit s) noexcept
      : place_(std::move(p)), submit_(std::move(s)) {}

  [[nodiscard]] bool ready() { return place_ == nullptr || place_->ready(); }
  bool start(resumer& r) noexcept { return place_->start(r); }
  static constexpr auto waits_for = pending_place::waits_for;
  bool cancel() noexcept { return place_->cancel(); }
  auto result() { return submit_(std::move(place_)); }

 private:
  std::shared_ptr<pending_place> place_;  // null without a limit
  Submit submit_;
};

/// A function with the name that its task's options give it.
template <class F>
struct named_function {
  using wraps = F;
  template <class... Args>
    requires std::is_invocable_v<F&, Args...>
  decltype(auto) operator()(Args&&... args) {
    return std::invoke(function, std::forward<Args>(args)...);
  }
  [[nodiscard]] std::string task_name() const { return options->name->empty() ? name_of(function) : *options->name; }

  F function;
  std::shared_ptr<task_options const> const options;  // there also when this was moved from, for the name
};

}  // namespace detail

/// A function whose calls are tasks with options; `remote_function::options` makes one.
template <class F>
class configured_function : public detail::call_operators<configured_function<F>, detail::named_function<F>> {
  using function = detail::named_function<F>;
  using base = detail::call_operators<configured_function, function>;

 public:
  configured_function(F f, std::shared_ptr<task_options const> o, std::shared_ptr<detail::scheduler> s)
      : base(function{std::move(f), std::move(o)}), scheduler_(s.get()), kept_(std::move(s)) {}

  /// The same function with these options instead.
  [[nodiscard]] configured_function options(task_options o) const {
    return {this->function_.function, detail::checked(std::move(o)), kept_};
  }

  /// As a call, for coroutines: awaited, it suspends while as many calls wait as max_pending allows, and gives the future.
  /// It is submitted then. An operation: it can have a time limit.
  ///
  ///     mb::future<int> f = co_await load.async_call(path);
  template <class A = detail::absent, class B = detail::absent, class C = detail::absent, class D = detail::absent>
  [[nodiscard]] auto async_call(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {},
                                detail::call_site where = detail::call_site::current()) const {
    return detail::with_given([&](auto&&... args) { return later(where, std::forward<decltype(args)>(args)...); },
                              std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), std::forward<D>(d));
  }
  template <class... Args>
    requires(sizeof...(Args) > 4)
  [[nodiscard]] auto async_call(Args&&... args) const {
    return later({}, std::forward<Args>(args)...);
  }

 private:
  friend base;

  template <class... Args>
  auto later(detail::call_site const& where, Args&&... args) const {
    if constexpr (!(detail::can_be_kept_of<F const&> && ... && detail::can_be_kept_of<Args>))
      return detail::say_why_not_submitted<detail::no_plan, F const&, Args...>();
    else
      return submit_later(where, std::forward<Args>(args)...);
  }
  template <class... Args>
  auto submit_later(detail::call_site const& where, Args&&... args) const {
    auto submit = [self = *this, where, kept = std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...)](
                      std::shared_ptr<detail::pending_place> p) mutable {
      return std::apply(
          [&](auto&... given) {
            return self.submit_with(std::move(p), where, std::move(self.function_), std::move(given)...);
          },
          kept);
    };
    return detail::submission_operation<decltype(submit)>(
        detail::pending_place_for(where_to(), this->function_.options), std::move(submit));
  }

  template <class G, class... Args>
  auto submit(detail::call_site const& where, G&& f, Args&&... args) const {
    detail::submission_hold const s(scheduler_);
    auto place = detail::wait_for_pending_place(*s, this->function_.options);
    return submit_with(std::move(place), where, std::forward<G>(f), std::forward<Args>(args)...);
  }

  template <class G, class... Args>
  auto submit_with(std::shared_ptr<detail::pending_place> place, detail::call_site const& where, G&& f,
                   Args&&... args) const {
    auto const o = this->function_.options;  // `f` may be moved from when they are needed
    return detail::submit_call(
        [&]<class Plan, class H, class... As>(Plan, H&& h, As&&... as) {
          return start<Plan>(o, std::move(place), where, std::forward<H>(h), std::forward<As>(as)...);
        },
        o->stream_capacity, std::forward<G>(f), std::forward<Args>(args)...);
  }

  template <class Plan, class G, class... Args>
  auto start(std::shared_ptr<task_options const> const& o, std::shared_ptr<detail::pending_place> place,
             detail::call_site const& where, G&& f, Args&&... args) const {
    using call = detail::flattened<detail::bound_call<std::decay_t<G>, Plan, std::decay_t<Args>...>>;
    if constexpr (detail::is_task<typename call::result>)
      if (o->blocking) detail::throw_must_not_block(name_of(f));
    detail::submission_hold const s(scheduler_);
    detail::placement const at = detail::placement_for(*o, *s);
    std::shared_ptr<detail::lease> l = detail::lease_for(*s, o);
    if (!detail::attempts_base::wanted_by(*o)) {
      if (l != nullptr) l->set_place(std::move(place));
      return detail::submit_task_call<call>(scheduler_, context(*o, std::move(l), at), where, std::forward<G>(f),
                                            std::forward<Args>(args)...);
    }
    if constexpr (!detail::can_be_kept<call>)
      if (o->max_retries != 0 || o->hedge_after) detail::throw_not_kept_for_retry(name_of(f));
    auto own = std::make_unique<detail::task_context>(nullptr, o->detached ? nullptr : detail::this_task_context(),
                                                      detail::attempts_base::limit_of(*o, s->now()),
                                                      detail::placement{.level = at.level});
    return detail::submit_task_call<detail::attempts<call>>(scheduler_, std::move(own), where, o, at, std::move(place),
                                                            where, std::forward<G>(f), std::forward<Args>(args)...);
  }

  [[nodiscard]] detail::scheduler& where_to() const {
    return scheduler_ != nullptr ? *scheduler_ : detail::current_scheduler();
  }

  // Null for what it is by itself: its parent's child, if that can be stopped.
  static std::unique_ptr<detail::task_context> context(task_options const& o, std::shared_ptr<detail::lease> l,
                                                       detail::placement const& at) {
    if (!o.detached && !o.cancellable && !o.priority && at.plain() && l == nullptr) return nullptr;
    return detail::context_above(std::move(l), o.detached ? nullptr : detail::this_task_context(),
                                 detail::time_point::max(), at);
  }

  detail::scheduler* scheduler_;  // null for the current one
  std::shared_ptr<detail::scheduler> kept_;
};

}  // namespace mobula
