#pragma once

#include <mobula/core/task_context.hpp>
#include <mobula/remote/attempts.hpp>
#include <mobula/remote/call.hpp>
#include <mobula/remote/call_operators.hpp>
#include <mobula/remote/submission.hpp>
#include <mobula/remote/task_options.hpp>

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace mobula {
namespace detail {

/// A function with the name that its task's options give it.
template <class F>
struct named_function {
  template <class... Args>
    requires std::is_invocable_v<F&, Args...>
  decltype(auto) operator()(Args&&... args) {
    return std::invoke(function, std::forward<Args>(args)...);
  }
  [[nodiscard]] std::string task_name() const { return options->name.empty() ? name_of(function) : options->name; }

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
  configured_function(F f, std::shared_ptr<task_options const> o, detail::scheduler* s)
      : base(function{std::move(f), std::move(o)}), scheduler_(s) {}

  /// The same function with these options instead.
  [[nodiscard]] configured_function options(task_options o) const {
    return {this->function_.function, detail::checked(std::move(o)), scheduler_};
  }

 private:
  friend base;

  template <class G, class... Args>
  auto submit(detail::call_site const& where, G&& f, Args&&... args) const {
    auto const o = this->function_.options;  // `f` may be moved from when they are needed
    return detail::submit_call(
        [&]<class Plan, class H, class... As>(Plan, H&& h, As&&... as) {
          return start<Plan>(o, where, std::forward<H>(h), std::forward<As>(as)...);
        },
        o->stream_capacity, std::forward<G>(f), std::forward<Args>(args)...);
  }

  template <class Plan, class G, class... Args>
  auto start(std::shared_ptr<task_options const> const& o, detail::call_site const& where, G&& f,
             Args&&... args) const {
    using call = detail::flattened<detail::bound_call<std::decay_t<G>, Plan, std::decay_t<Args>...>>;
    if constexpr (detail::is_task<typename call::result>)
      if (o->blocking) detail::throw_must_not_block(name_of(f));
    detail::scheduler const& s = scheduler_ != nullptr ? *scheduler_ : detail::current_scheduler();
    detail::placement const place = detail::placement_for(*o, s);
    if (!detail::attempts_base::wanted_by(*o))
      return detail::submit_task_call<call>(scheduler_, context(*o, place), where, std::forward<G>(f),
                                            std::forward<Args>(args)...);
    if constexpr (!detail::can_be_kept<call>)
      if (o->max_retries != 0 || o->hedge_after) detail::throw_not_kept_for_retry(name_of(f));
    auto own = std::make_unique<detail::task_context>(nullptr, o->detached ? nullptr : detail::this_task_context(),
                                                      detail::attempts_base::limit_of(*o, s.now()),
                                                      detail::placement{.level = place.level});
    return detail::submit_task_call<detail::attempts<call>>(scheduler_, std::move(own), where, o, place, where,
                                                            std::forward<G>(f), std::forward<Args>(args)...);
  }

  // Null for what it is by itself: its parent's child, if that can be stopped.
  static std::unique_ptr<detail::task_context> context(task_options const& o, detail::placement const& place) {
    if (!o.detached && !o.cancellable && !o.priority && place.plain()) return nullptr;
    return std::make_unique<detail::task_context>(nullptr, o.detached ? nullptr : detail::this_task_context(),
                                                  detail::time_point::max(), place);
  }

  detail::scheduler* scheduler_;  // null for the current one
};

}  // namespace mobula
