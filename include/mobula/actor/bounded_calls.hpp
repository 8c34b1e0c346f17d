#pragma once

#include <mobula/actor/sending.hpp>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace mobula::detail {

/// Waits until there is room in an actor's mailbox, and then sends a call; gives its future, if it is one with a result.
template <class T, class Message>
class [[nodiscard("nothing is sent until it is awaited: co_await it, or give it to get")]] call_operation {
 public:
  call_operation(kept_handle<T> handle, mailbox_room* room, route const& r, std::unique_ptr<Message> m) noexcept
      : handle_(std::move(handle)), room_(room), route_(r), message_(std::move(m)) {
    if (room != nullptr) place_.emplace(*room);
  }

  [[nodiscard]] bool ready() noexcept {
    if (room_ == nullptr || place_->ready()) return true;
    return refused_ = may_not_wait(route_.context->actor(), *room_);
  }
  bool start(resumer& r) noexcept { return place_->start(r); }
  static constexpr auto waits_for = "room in a mailbox";
  bool cancel() noexcept { return place_->cancel(); }
  auto result() {
    actor_cell_base const& a = route_.context->actor();
    if (refused_) throw_full(a, *room_);
    if (place_) place_->result();
    mailbox_place place(room_);
    a.check_open();
    return sending::depart(handle_, route_, std::move(message_), std::move(place));
  }

 private:
  kept_handle<T> handle_;
  mailbox_room* room_;
  route route_;
  std::unique_ptr<Message> message_;
  std::optional<place_operation> place_;  // without a limit, none
  bool refused_ = false;
};

/// Sends if there is room.
struct send_trying {
  template <class Handle, class Make>
  auto operator()(Handle const& handle, route const& r, Make make) const {
    using result = decltype(sending::depart(handle, r, make(), mailbox_place(nullptr)));
    mailbox_room* const room = sending::room_of(handle.get());
    bool const sends = room == nullptr || room->try_take();
    mailbox_place place(sends ? room : nullptr);
    if constexpr (std::is_void_v<result>) {
      if (sends) sending::depart(handle, r, make(), std::move(place));
      return sends;
    } else {
      std::optional<result> f;
      if (sends) f = sending::depart(handle, r, make(), std::move(place));
      return f;
    }
  }
};

/// Makes the operation that sends.
struct send_awaiting {
  template <class Handle, class Make>
  auto operator()(Handle const& handle, route const& r, Make make) const {
    return send(handle.kept(), sending::room_of(handle.get()), r, make());
  }

 private:
  template <class T, class Message>
  static auto send(kept_handle<T> a, mailbox_room* room, route const& r, std::unique_ptr<Message> m) noexcept {
    return call_operation<T, Message>(std::move(a), room, r, std::move(m));
  }
};

/// The ways to call an actor that may have a bounded mailbox without blocking. Handle is what `sending` says.
template <class Handle, class T>
class bounded_calls {
 public:
  /// As `call`, if there is room in the mailbox; else nothing is sent and the arguments are left as they were.
  ///
  ///     if (auto f = c.try_call<&cache::load>(key)) use(co_await *f); else shed(key);
  template <auto Method, class A = absent, class B = absent, class C = absent, class D = absent>
  [[nodiscard]] auto try_call(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {},
                              call_site where = call_site::current()) const {
    return method<call_state, Method>(send_trying(), where, std::forward<A>(a), std::forward<B>(b), std::forward<C>(c),
                                      std::forward<D>(d));
  }
  template <auto Method, class... Args>
    requires(sizeof...(Args) > 4)
  [[nodiscard]] auto try_call(Args&&... args) const {
    return method<call_state, Method>(send_trying(), call_site(), std::forward<Args>(args)...);
  }
  template <class F, class A = absent, class B = absent, class C = absent, class D = absent>
    requires(!std::is_same_v<std::remove_cvref_t<F>, absent>)
  [[nodiscard]] auto try_call(F&& f, A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {},
                              call_site where = call_site::current()) const {
    return function<call_state>(send_trying(), where, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b),
                                std::forward<C>(c), std::forward<D>(d));
  }

  /// As `post`, if there is room in the mailbox; tells whether it was sent.
  template <auto Method, class A = absent, class B = absent, class C = absent, class D = absent>
  [[nodiscard]] bool try_post(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {},
                              call_site where = call_site::current()) const {
    return method<post_state, Method>(send_trying(), where, std::forward<A>(a), std::forward<B>(b), std::forward<C>(c),
                                      std::forward<D>(d));
  }
  template <auto Method, class... Args>
    requires(sizeof...(Args) > 4)
  [[nodiscard]] bool try_post(Args&&... args) const {
    return method<post_state, Method>(send_trying(), call_site(), std::forward<Args>(args)...);
  }
  template <class F, class A = absent, class B = absent, class C = absent, class D = absent>
    requires(!std::is_same_v<std::remove_cvref_t<F>, absent>)
  [[nodiscard]] bool try_post(F&& f, A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {},
                              call_site where = call_site::current()) const {
    return function<post_state>(send_trying(), where, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b),
                                std::forward<C>(c), std::forward<D>(d));
  }

  /// As `call`, for coroutines: awaited, it suspends until there is room, and gives the future. It is sent then; so calls
  /// of one caller are in order if it awaits one after the other. An operation: it can have a time limit.
  ///
  ///     mb::future<int> f = co_await c.async_call<&counter::increment>(5);
  ///
  /// Lifetime: it keeps the actor; the handle may go.
  template <auto Method, class A = absent, class B = absent, class C = absent, class D = absent>
  [[nodiscard]] auto async_call(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {},
                                call_site where = call_site::current()) const {
    return method<call_state, Method>(send_awaiting(), where, std::forward<A>(a), std::forward<B>(b),
                                      std::forward<C>(c), std::forward<D>(d));
  }
  template <auto Method, class... Args>
    requires(sizeof...(Args) > 4)
  [[nodiscard]] auto async_call(Args&&... args) const {
    return method<call_state, Method>(send_awaiting(), call_site(), std::forward<Args>(args)...);
  }
  template <class F, class A = absent, class B = absent, class C = absent, class D = absent>
    requires(!std::is_same_v<std::remove_cvref_t<F>, absent>)
  [[nodiscard]] auto async_call(F&& f, A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {},
                                call_site where = call_site::current()) const {
    return function<call_state>(send_awaiting(), where, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b),
                                std::forward<C>(c), std::forward<D>(d));
  }

  /// The same as `post`.
  template <auto Method, class A = absent, class B = absent, class C = absent, class D = absent>
  [[nodiscard]] auto async_post(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {},
                                call_site where = call_site::current()) const {
    return method<post_state, Method>(send_awaiting(), where, std::forward<A>(a), std::forward<B>(b),
                                      std::forward<C>(c), std::forward<D>(d));
  }
  template <auto Method, class... Args>
    requires(sizeof...(Args) > 4)
  [[nodiscard]] auto async_post(Args&&... args) const {
    return method<post_state, Method>(send_awaiting(), call_site(), std::forward<Args>(args)...);
  }
  template <class F, class A = absent, class B = absent, class C = absent, class D = absent>
    requires(!std::is_same_v<std::remove_cvref_t<F>, absent>)
  [[nodiscard]] auto async_post(F&& f, A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {},
                                call_site where = call_site::current()) const {
    return function<post_state>(send_awaiting(), where, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b),
                                std::forward<C>(c), std::forward<D>(d));
  }

 protected:
  template <template <class, class> class State, auto Method, class How, class... Args>
  auto method(How how, call_site const& where, Args&&... args) const {
    return with_given(
        [&](auto&&... given) {
          return sending::method<State, Method, T>(how, static_cast<Handle const&>(*this), where,
                                                   std::forward<decltype(given)>(given)...);
        },
        std::forward<Args>(args)...);
  }
  template <template <class, class> class State, class How, class F, class... Args>
  auto function(How how, call_site const& where, F&& f, Args&&... args) const {
    return with_given(
        [&](auto&&... given) {
          return sending::function<State, T>(how, static_cast<Handle const&>(*this), where, std::forward<F>(f),
                                             std::forward<decltype(given)>(given)...);
        },
        std::forward<Args>(args)...);
  }
};

}  // namespace mobula::detail
