#pragma once

#include <mobula/actor/make_actor.hpp>
#include <mobula/actor/pool_members.hpp>
#include <mobula/future/promise.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace mobula::detail {

/// A call of whichever member of an actor pool is free.
template <class T, class F, class R, class... Args>
class pool_call final : public pool_request<T> {
 public:
  template <class... As>
  explicit pool_call(call_site const& where, F f, As&&... args)
      : function_(std::move(f)), arguments_(std::forward<As>(args)...), where_(where), state_(make_state(where)) {}
  pool_call(pool_call const&) = delete;
  // Dropped, by a runtime that ends.
  ~pool_call() {
    if (state_ != nullptr) fail(cancellation(false, {}).exception());
  }

  /// Once.
  [[nodiscard]] future<R> result() noexcept { return future_access::make<R>(*state_); }

  // A task of its own: it belongs to nobody who gives a member back, or has submitted it.
  void start(std::shared_ptr<pool_request<T>> me, pool_loan<T> member) noexcept override {
    member_.emplace(std::move(member));
    try {
      scheduler& s = actor_access::cell(**member_).owner();
      // Made here, where it is known whom to tell that there is no memory for it.
      auto begin = [t = run(std::static_pointer_cast<pool_call>(me))]() mutable { return std::move(t); };
      no_context const here;
      static_cast<void>(remote_function<decltype(begin)>(std::move(begin), s.shared_from_this())());
    } catch (no_runtime const&) { try_another(std::move(me), std::current_exception()); } catch (...) {
      fail(std::current_exception());
    }
  }
  void fail(std::exception_ptr why) noexcept override {
    auto& s = *std::exchange(state_, nullptr);
    s.result.set_error(std::move(why));
    s.finish();
  }

 private:
  using state = promise_state<R>;

  // In the child of a fork the result will not come.
  static state* make_state(call_site const& where) {
    auto* const s = new state(where, [](void const*) { return handed_over::task_name(); });
    s->set_of_process();
    return s;
  }

  // The arguments stay here until the call begins, so that another member can have them; and then too, if the member may
  // make it again (max_task_retries).
  struct handed_over {
    pool_call* call;
    bool again;
    decltype(auto) operator()(T& object) const {
      call->begun_ = true;
      if (!again) return call->on(object, call->arguments_);
      if constexpr ((std::is_copy_constructible_v<Args> && ...)) {
        auto copies = call->arguments_;
        return call->on(object, copies);
      } else {
        throw_not_kept(task_name());
        return call->on(object, call->arguments_);
      }
    }
    [[nodiscard]] static std::string task_name() { return function_on<T, F>::task_name(); }
  };

  decltype(auto) on(T& object, std::tuple<Args...>& arguments) {
    return std::apply(
        [&](Args&... args) -> decltype(auto) { return std::invoke(function_, object, std::move(args)...); }, arguments);
  }

  static task<> run(std::shared_ptr<pool_call> me) {
    try {
      handed_over const it{me.get(), actor_access::cell(**me->member_).keeps_calls()};
      future<R> f = (**me->member_).call(it, {}, {}, {}, {}, me->where_);
      state_operation until_ready(future_access::state(f));
      co_await until_ready;
      if (future_access::state(f).result.has_failure())
        co_return co_await failed(me, future_access::state(f).result.failure_pointer());
      me->member_.reset();
      me->succeed(f);
    } catch (...) { me->fail(std::current_exception()); }
  }

  void succeed(future<R>& f) {
    if constexpr (std::is_void_v<R>)
      state_->result.set_value();
    else
      state_->result.set_value(future_access::read(std::move(f)));
    std::exchange(state_, nullptr)->finish();
  }

  // Any failure may be the end of the member: it is dead if nothing can be called any more. That this was not called, as the
  // runtime ends, says nothing.
  static task<> failed(std::shared_ptr<pool_call> me, failure_ptr why) {
    future<void> alive = (**me->member_).call([](T&) {});
    state_operation until_told(future_access::state(alive));
    co_await until_told;
    outcome<void> const& told = future_access::state(alive).result;
    told.count_as_seen();
    if (told.has_failure() && !is_cancellation(told.failure_pointer().exception())) {
      if (!me->begun_) {
        static_cast<void>(why.read());
        co_return me->try_another(me, why.exception());
      }
      me->member_->lose(why.exception());
    }
    me->member_.reset();
    me->pass_on(std::move(why));
  }

  // It has its name and its place.
  void pass_on(failure_ptr why) noexcept {
    auto& s = *std::exchange(state_, nullptr);
    s.result.set_failure(std::move(why));
    s.finish_unnamed();
  }

  void try_another(std::shared_ptr<pool_request<T>> me, std::exception_ptr why_not_this) noexcept {
    auto const pool = member_->pool();
    member_->lose(std::move(why_not_this));
    member_.reset();
    pool->enqueue(std::move(me), true);
  }

  F function_;
  std::tuple<Args...> arguments_;
  call_site const where_;
  state* state_;  // null when the result has been written
  std::optional<pool_loan<T>> member_;
  bool begun_ = false;
};

/// What makes such a call of arguments, when they are there.
template <class T, class F>
struct pool_entry {
  std::shared_ptr<pool_members<T>> members;
  call_site where;
  F function;

  template <class... Args>
    requires std::is_invocable_v<F&, T&, std::decay_t<Args>...>
  auto operator()(Args&&... args) {
    using result = typename flat<std::remove_cvref_t<std::invoke_result_t<F&, T&, std::decay_t<Args>...>>>::type;
    auto c = std::make_shared<pool_call<T, F, result, std::decay_t<Args>...>>(where, std::move(function),
                                                                              std::forward<Args>(args)...);
    future<result> f = c->result();
    members->enqueue(std::move(c), false);
    return f;
  }
  [[nodiscard]] static std::string task_name() { return function_on<T, F>::task_name(); }
};

template <class T, class F, class... Args>
auto submit_to_pool(std::shared_ptr<pool_members<T>> members, call_site const& where, F&& f, Args&&... args) {
  using entry = pool_entry<T, std::decay_t<F>>;
  using plan = plan_for<entry&, std::decay_t<Args>...>;
  if constexpr (!plan::found) {
    return say_why_not_called_on<std::decay_t<F>, T, std::decay_t<Args>...>();
  } else if constexpr (!can_be_submitted<plan, F, Args...>) {
    return say_why_not_submitted<plan, F, Args...>();
  } else {
    entry e{std::move(members), where, std::forward<F>(f)};
    if constexpr (bound_call<entry, plan, std::decay_t<Args>...>::has_dependencies)
      return submit_call(
          [&]<class Plan, class E, class... As>(Plan, E&& call, As&&... as) {
            using task = flattened<bound_call<std::decay_t<E>, Plan, std::decay_t<As>...>>;
            return submit_task_call<task>(nullptr, nullptr, where, std::forward<E>(call), std::forward<As>(as)...);
          },
          default_stream_capacity, std::move(e), std::forward<Args>(args)...);
    else
      return e(std::forward<Args>(args)...);
  }
}

/// The same with those of the arguments that were given.
template <class T, class F, class... Args>
auto submit_given(std::shared_ptr<pool_members<T>> const& members, call_site const& where, F&& f, Args&&... args) {
  return with_given(
      [&](auto&&... given) {
        return submit_to_pool(members, where, std::forward<F>(f), std::forward<decltype(given)>(given)...);
      },
      std::forward<Args>(args)...);
}

/// As a function of the object.
template <auto Method>
struct pool_method {
  using wraps = decltype(Method);
  template <class T, class... Args>
    requires std::is_invocable_v<decltype(Method), T&, Args...>
  decltype(auto) operator()(T& object, Args&&... args) const {
    return std::invoke(Method, object, std::forward<Args>(args)...);
  }
  [[nodiscard]] static std::string task_name() { return readable_member_name(typeid(named_by<Method>)); }
};

}  // namespace mobula::detail
