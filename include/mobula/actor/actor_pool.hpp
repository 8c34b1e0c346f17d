#pragma once

#include <mobula/actor/pool_batch.hpp>
#include <mobula/future/outcomes.hpp>

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace mobula {

/// Actors that share work: each call goes to whichever is free.
///
///     mb::actor_pool<parser> pool({mb::make_actor<parser>(), mb::make_actor<parser>()});
///     mb::future<tree> one = pool.submit<&parser::parse>("a.cpp");
///     std::vector<tree> all = pool.map<&parser::parse>(files);
///
/// A member handles one call of the pool at a time, so calls that wait do so here, in the order of their submission.
/// Members are handles: other calls can be made through other handles meanwhile.
///
/// A member that has died (or could not be constructed), or whose runtime is over, leaves the pool. A call that it had not
/// begun goes to another member; one that it had begun fails with what it ended with, as it may have had effects. When the
/// last member has left so, calls fail with mobula::error (no_runtime for a runtime's end), until there is a new one by `push`.
/// Calls end with `cancelled` if the runtime of their member drops them, and, where there is no member, with the end of the
/// runtime that they were made in. They are not cancelled with the task that makes them.
///
/// Threads:  any, also at once. Lifetime: what was submitted goes on when the pool has gone.
/// Cost:     a task for each call, beside the message.
template <class T>
class actor_pool {
 public:
  /// With no members, calls wait until one is pushed.
  actor_pool() : members_(std::make_shared<detail::pool_members<T>>()) {}
  actor_pool(std::initializer_list<actor<T>> members) : actor_pool() {
    for (auto const& a : members) push(a);
  }
  explicit actor_pool(std::vector<actor<T>> members) : actor_pool() {
    for (auto& a : members) push(std::move(a));
  }
  actor_pool(actor_pool&&) noexcept = default;
  actor_pool& operator=(actor_pool other) noexcept {
    std::swap(members_, other.members_);
    return *this;
  }
  ~actor_pool() {
    if (members_ != nullptr) members_->close();
  }

  /// Submits a call, which starts when a member is free and its arguments are there; gives its future at once. Arguments
  /// are passed as to a remote function. A callable gets the object: `pool.submit([](parser& p) { ... })`.
  ///
  /// Errors: what the method throws comes out of the future; for the death of members see above.
  template <auto Method, class A = detail::absent, class B = detail::absent, class C = detail::absent,
            class D = detail::absent>
  auto submit(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {},
              detail::call_site where = detail::call_site::current()) const {
    return detail::submit_given(members_, where, detail::pool_method<Method>(), std::forward<A>(a), std::forward<B>(b),
                                std::forward<C>(c), std::forward<D>(d));
  }
  template <auto Method, class... Args>
    requires(sizeof...(Args) > 4)
  auto submit(Args&&... args) const {
    return detail::submit_to_pool(members_, {}, detail::pool_method<Method>(), std::forward<Args>(args)...);
  }
  template <class F, class A = detail::absent, class B = detail::absent, class C = detail::absent,
            class D = detail::absent>
    requires(!std::is_same_v<std::remove_cvref_t<F>, detail::absent>)
  auto submit(F&& f, A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {},
              detail::call_site where = detail::call_site::current()) const {
    return detail::submit_given(members_, where, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b),
                                std::forward<C>(c), std::forward<D>(d));
  }
  template <class F, class... Args>
    requires(sizeof...(Args) > 4)
  auto submit(F&& f, Args&&... args) const {
    return detail::submit_to_pool(members_, {}, std::forward<F>(f), std::forward<Args>(args)...);
  }

  /// Calls to be submitted whose results, of type R, are read in order or as they come.
  template <class R>
  [[nodiscard]] pool_batch<T, R> batch() const {
    return pool_batch<T, R>(members_);
  }

  /// Calls a method (or a callable on the object) with each element of a range, and gives the results in order.
  ///
  /// Blocks: in a task its fiber, elsewhere the thread. Errors: throws what the first failed call in order did, after all
  /// are over.
  template <auto Method, class R>
  auto map(R&& range, detail::call_site where = detail::call_site::current()) const {
    return get(submit_each(detail::pool_method<Method>(), range, where));
  }
  template <class F, class R>
  auto map(F const& f, R&& range, detail::call_site where = detail::call_site::current()) const {
    return get(submit_each(f, range, where));
  }
  /// The same, and gives each outcome, value or failure: one failure hides nothing.
  template <auto Method, class R>
  [[nodiscard]] auto map_outcomes(R&& range, detail::call_site where = detail::call_site::current()) const {
    return get_outcomes(submit_each(detail::pool_method<Method>(), range, where));
  }
  template <class F, class R>
  [[nodiscard]] auto map_outcomes(F const& f, R&& range, detail::call_site where = detail::call_site::current()) const {
    return get_outcomes(submit_each(f, range, where));
  }

  /// The same, and gives each result when it is there, with the index of its element. What a call throws comes out of the
  /// step that reads it, so of the loop, past a `try` in it; the others still come, by `next()`. Where calls may fail, use
  /// map_unordered_outcomes.
  ///
  ///     for (auto [i, t] : pool.map_unordered<&parser::parse>(files)) ...
  template <auto Method, class R>
  [[nodiscard]] auto map_unordered(R&& range, detail::call_site where = detail::call_site::current()) const {
    return map_unordered(detail::pool_method<Method>(), range, where);
  }
  template <class F, class R>
  [[nodiscard]] auto map_unordered(F const& f, R&& range,
                                   detail::call_site where = detail::call_site::current()) const {
    return unordered<detail::item_value>(f, range, where);
  }
  /// The same, and gives the index and the outcome of each, value or failure: no call ends the loop.
  ///
  ///     for (auto&& [i, t] : pool.map_unordered_outcomes<&parser::parse>(files)) ...
  template <auto Method, class R>
  [[nodiscard]] auto map_unordered_outcomes(R&& range, detail::call_site where = detail::call_site::current()) const {
    return unordered<detail::item_outcome>(detail::pool_method<Method>(), range, where);
  }
  template <class F, class R>
  [[nodiscard]] auto map_unordered_outcomes(F const& f, R&& range,
                                            detail::call_site where = detail::call_site::current()) const {
    return unordered<detail::item_outcome>(f, range, where);
  }

  /// A new member, or one that was popped.
  void push(actor<T> a) const { members_->add(std::move(a)); }
  /// Takes a member out that is free, if there is one.
  [[nodiscard]] std::optional<actor<T>> pop_idle() const { return members_->pop_idle(); }

  /// Tells whether a call could start at once; others may change that at any time.
  [[nodiscard]] bool has_free() const noexcept { return members_->has_idle(); }
  /// How many members there are, free or not.
  [[nodiscard]] std::size_t size() const noexcept { return members_->size(); }

 private:
  // What a call with an element of a range gives.
  template <class F, class R>
  static auto submit_first(actor_pool const& pool, F const& f, R& range) {
    if constexpr (!std::ranges::input_range<R>)
      return detail::say_why_not_mapped<F, R>();
    else
      return pool.submit(f, *std::ranges::begin(range));
  }
  template <class F, class R>
  using submitted =
      decltype(submit_first(std::declval<actor_pool const&>(), std::declval<F const&>(), std::declval<R&>()));

  template <class Reader, class F, class R>
  auto unordered(F const& f, R& range, detail::call_site const& where) const {
    if constexpr (std::is_same_v<submitted<F, R>, detail::mistake>) {
      return detail::mistake();
    } else {
      using result = typename submitted<F, R>::value_type;
      pool_batch<T, result> all(members_);
      for (auto&& x : range) all.submit(f, std::forward<decltype(x)>(x), {}, {}, {}, where);
      return unordered_pool_results<T, result, Reader>(std::move(all));
    }
  }

  template <class F, class R>
  auto submit_each(F const& f, R& range, detail::call_site const& where) const {
    if constexpr (std::is_same_v<submitted<F, R>, detail::mistake>) {
      return detail::mistake();
    } else {
      std::vector<submitted<F, R>> futures;
      if constexpr (std::ranges::sized_range<R>) futures.reserve(static_cast<std::size_t>(std::ranges::size(range)));
      for (auto&& x : range) futures.push_back(submit(f, std::forward<decltype(x)>(x), {}, {}, {}, where));
      return futures;
    }
  }

  std::shared_ptr<detail::pool_members<T>> members_;
};

}  // namespace mobula
