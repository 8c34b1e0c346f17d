#pragma once

#include <mobula/actor/make_actor.hpp>
#include <mobula/actor/pool_members.hpp>
#include <mobula/future/promise.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace mobula::detail {

/// A call of whichever member of an actor pool is free.
template <class T, class F, class R, class... Args>
class pool_call final : public pool_request<T> {
 public:
  template <class... As>
  explicit pool_call(F f, As&&... args) : function_(std::move(f)), arguments_(std::forward<As>(args)...) {}

  [[nodiscard]] future<R> result() { return result_.get_future(); }

  void start(std::shared_ptr<pool_request<T>> me, pool_loan<T> member) noexcept override {
    try {
      scheduler& s = actor_access::cell(*member).owner();
      // Made here, where it is known whom to tell that there is no memory for it.
      auto begin = [t = run(std::static_pointer_cast<pool_call>(std::move(me)), std::move(member))]() mutable {
        return std::move(t);
      };
      static_cast<void>(remote_function<decltype(begin)>(std::move(begin), s.shared_from_this())());
    } catch (...) { fail(std::current_exception()); }
  }
  void fail(std::exception_ptr why) noexcept override { result_.set_exception(std::move(why)); }

 private:
  static task<> run(std::shared_ptr<pool_call> me, pool_loan<T> member) {
    try {
      future<R> f = call(*member, *me);
      state_operation until_ready(future_access::state(f));
      co_await until_ready;
      if (future_access::state(f).result.has_failure()) {
        failure_ptr const why = future_access::state(f).result.failure_pointer();
        static_cast<void>(why.read());
        co_return co_await failed(me, std::move(member), why);
      }
      member.end();
      if constexpr (std::is_void_v<R>)
        me->result_.set_value();
      else
        me->result_.set_value(future_access::read(std::move(f)));
    } catch (...) { me->fail(std::current_exception()); }
  }

  // Any failure may be the end of the member: it is dead if nothing can be called any more.
  static task<> failed(std::shared_ptr<pool_call> me, pool_loan<T> member, failure_ptr why) {
    future<void> alive = (*member).call([](T&) {});
    state_operation until_told(future_access::state(alive));
    co_await until_told;
    if (alive.failure()) {
      auto const pool = member.pool();
      member.lose(why);
      if (!me->begun_) co_return pool->enqueue(std::move(me), true);
    }
    member.end();
    me->fail(why.exception());
  }

  // The arguments stay here until the call begins, so that another member can have them.
  static future<R> call(actor<T> const& member, pool_call& me) {
    return member.call([p = &me](T& object) -> decltype(auto) {
      p->begun_ = true;
      return std::apply(
          [&](Args&... args) -> decltype(auto) { return std::invoke(p->function_, object, std::move(args)...); },
          p->arguments_);
    });
  }

  F function_;
  std::tuple<Args...> arguments_;
  promise<R> result_;
  bool begun_ = false;
};

/// What makes such a call of arguments, when they are there.
template <class T, class F>
struct pool_entry {
  std::shared_ptr<pool_members<T>> members;
  F function;

  template <class... Args>
    requires std::is_invocable_v<F&, T&, std::decay_t<Args>...>
  auto operator()(Args&&... args) {
    using result = typename flat<std::remove_cvref_t<std::invoke_result_t<F&, T&, std::decay_t<Args>...>>>::type;
    auto c = std::make_shared<pool_call<T, F, result, std::decay_t<Args>...>>(std::move(function),
                                                                              std::forward<Args>(args)...);
    future<result> f = c->result();
    members->enqueue(std::move(c), false);
    return f;
  }
};

template <class T, class F, class... Args>
auto submit_to_pool(std::shared_ptr<pool_members<T>> members, F&& f, Args&&... args) {
  using entry = pool_entry<T, std::decay_t<F>>;
  using plan = plan_for<entry&, std::decay_t<Args>...>;
  if constexpr (!plan::found) {
    return say_why_not_called_on<std::decay_t<F>, T, std::decay_t<Args>...>();
  } else if constexpr (!can_be_submitted<plan, F, Args...>) {
    return say_why_not_submitted<plan, F, Args...>();
  } else {
    entry e{std::move(members), std::forward<F>(f)};
    if constexpr (bound_call<entry, plan, std::decay_t<Args>...>::has_dependencies)
      return remote(std::move(e))(std::forward<Args>(args)...);
    else
      return e(std::forward<Args>(args)...);
  }
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
