#pragma once

#include <mobula/actor/actor_options.hpp>
#include <mobula/actor/call_line.hpp>
#include <mobula/actor/message.hpp>
#include <mobula/actor/object_cell.hpp>
#include <mobula/remote/remote.hpp>

#include <atomic>
#include <list>
#include <memory>
#include <type_traits>
#include <utility>

namespace mobula {

template <class T>
class actor;

namespace detail {

struct actor_access;

/// The ways to call an actor, for a handle and for a handle with options. Handle has `prepare_route(key)` and `line()`.
template <class Handle, class T>
class actor_calls {
 public:
  /// Sends a call of a method and returns at once with the future of its result. Arguments are passed as to a remote
  /// function: futures wherever their values go.
  ///
  ///     mb::future<int> i = c.call<&counter::increment>(5);
  ///     mb::future<int> j = c.call([](counter& x, int by) { return x.value += by; }, 5);
  ///
  /// The function is owned by the call. Of an overloaded method, mobula::overload chooses one.
  /// Errors: throws no_runtime if the actor's runtime has been shut down, mobula::error for a handle to nothing. What the
  ///         method throws comes out of the future, and so does actor_died, and what the constructor threw.
  template <auto Method, class A = absent, class B = absent, class C = absent, class D = absent>
  auto call(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {}, call_site where = call_site::current()) const {
    return with_given([&](auto&&... args) { return call_method<Method>(where, std::forward<decltype(args)>(args)...); },
                      std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), std::forward<D>(d));
  }
  template <auto Method, class... Args>
    requires(sizeof...(Args) > 4)
  auto call(Args&&... args) const {
    return call_method<Method>({}, std::forward<Args>(args)...);
  }
  template <class F, class A = absent, class B = absent, class C = absent, class D = absent>
    requires(!std::is_same_v<std::remove_cvref_t<F>, absent>)
  auto call(F&& f, A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {}, call_site where = call_site::current()) const {
    return with_given(
        [&](auto&&... args) {
          return send<call_state>(nullptr, where, function_on<T, std::decay_t<F>>{cell(), std::forward<F>(f)},
                                  std::forward<decltype(args)>(args)...);
        },
        std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), std::forward<D>(d));
  }

  /// The same without a future, which is cheaper. A failure is reported as one that nobody has read.
  template <auto Method, class A = absent, class B = absent, class C = absent, class D = absent>
  void post(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {}, call_site where = call_site::current()) const {
    with_given([&](auto&&... args) { post_method<Method>(where, std::forward<decltype(args)>(args)...); },
               std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), std::forward<D>(d));
  }
  template <auto Method, class... Args>
    requires(sizeof...(Args) > 4)
  void post(Args&&... args) const {
    post_method<Method>({}, std::forward<Args>(args)...);
  }
  template <class F, class A = absent, class B = absent, class C = absent, class D = absent>
    requires(!std::is_same_v<std::remove_cvref_t<F>, absent>)
  void post(F&& f, A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {}, call_site where = call_site::current()) const {
    with_given(
        [&](auto&&... args) {
          send<post_state>(nullptr, where, function_on<T, std::decay_t<F>>{cell(), std::forward<F>(f)},
                           std::forward<decltype(args)>(args)...);
        },
        std::forward<A>(a), std::forward<B>(b), std::forward<C>(c), std::forward<D>(d));
  }

 private:
  object_cell<T>* cell() const { return &static_cast<Handle const&>(*this).get(); }

  template <auto Method, class... Args>
  auto call_method(call_site const& where, Args&&... args) const {
    return send<call_state>(&method_key<Method>::it, where, method_of<T, Method>{cell()}, std::forward<Args>(args)...);
  }
  template <auto Method, class... Args>
  void post_method(call_site const& where, Args&&... args) const {
    send<post_state>(&method_key<Method>::it, where, method_of<T, Method>{cell()}, std::forward<Args>(args)...);
  }

  template <template <class, class> class State, class F, class... Args>
  auto send(void const* key, call_site const& where, F&& function, Args&&... args) const {
    using plan = plan_for<F&, std::decay_t<Args>...>;
    static_assert(plan::found,
                  "mobula::actor: the method can't be called with these arguments, nor with the values of those that "
                  "are futures. Arguments are moved into the message: a parameter `U&` needs std::ref.");
    if constexpr (plan::found) {
      using message = actor_message<State, T, bound_call<F, plan, std::decay_t<Args>...>>;
      auto const& handle = static_cast<Handle const&>(*this);
      object_cell<T>& to = *cell();
      to.check_open();
      route const r = handle.route_to(key);
      auto m = std::make_unique<message>(r, where, std::forward<F>(function), std::forward<Args>(args)...);
      std::list<departing_call> line_entry = prepare(handle, to, r, *m);
      message& sent = *m.release();
      if constexpr (std::is_base_of_v<shared_state_base, message>) {
        auto result = future_access::make(sent);
        depart(handle, line_entry, r, sent);
        return flattened_result(std::move(result));
      } else {
        depart(handle, line_entry, r, sent);
      }
    }
  }

  // All that can fail, before the message departs: a call with dependencies is a task while it waits for them, and what
  // is sent through a handle that has ever had such a call may have to stand in line behind it.
  template <class Message>
  static std::list<departing_call> prepare(Handle const& handle, object_cell<T>& to, route const& r, Message& m) {
    departing_call c{&m, &r.to(), r.kind};
    std::list<departing_call> entry;
    if constexpr (Message::has_dependencies) {
      c.wait = &Message::wait;
      m.prepare();
      static_cast<void>(handle.need_line());
    }
    if (handle.line() != nullptr) entry.push_back(c);
    if constexpr (Message::has_dependencies) to.owner().admit_task();
    return entry;
  }
  template <class Message>
  static void depart(Handle const& handle, std::list<departing_call>& line_entry, route const& r, Message& m) noexcept {
    if (line_entry.empty())
      r.to().deliver(m, r.kind);
    else
      handle.line()->pass(line_entry);
  }

  // A future of a future is one future.
  template <class R>
  static future<typename flat<R>::type> flattened_result(future<R>&& f) {
    if constexpr (is_flat<R>)
      return std::move(f);
    else
      return remote([](future<R> layers) { return flatten(std::move(layers)); })(std::move(f));
  }
};

}  // namespace detail

/// A handle to an actor with settings for calls.
template <class T>
class configured_actor;

/// A handle to an object of class T that lives by itself and is called by messages, one at a time.
///
///     mb::actor<counter> c = mb::make_actor<counter>(0);
///     mb::future<int> i = c.call<&counter::increment>(5);
///
/// Calls are handled one after the other, so the class needs no locks: those that are made through one handle in
/// the order in which they were made, also when an earlier one still waits for a dependency. A method that is a
/// coroutine keeps the actor until it ends, unless actor_options say otherwise.
///
/// Threads:  handles may be copied and used by any thread, also the same one at once.
/// Lifetime: the object lives until the last handle is gone and every call has been handled, or until `stop`, `kill` or
///           exit_actor. Its destructor runs on a worker, after everything else. Calls keep it alive, futures of their
///           results don't. An actor that keeps a handle to itself never ends by itself.
template <class T>
class actor : public detail::actor_calls<actor<T>, T> {
 public:
  /// A handle to nothing, to be assigned to.
  actor() noexcept = default;
  actor(actor const& other) noexcept : cell_(other.cell_) {
    if (cell_ != nullptr) cell_->add_handle();
  }
  actor(actor&& other) noexcept
      : cell_(std::exchange(other.cell_, nullptr)), line_(other.line_.exchange(nullptr, std::memory_order_relaxed)) {}
  actor& operator=(actor other) noexcept {
    std::swap(cell_, other.cell_);
    auto* const mine = line_.load(std::memory_order_relaxed);
    line_.store(other.line_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    other.line_.store(mine, std::memory_order_relaxed);
    return *this;
  }
  ~actor() {
    if (auto* const l = line_.load(std::memory_order_acquire)) l->release();
    if (cell_ != nullptr) cell_->release_handle();
  }

  /// Tells whether this is a handle to anything.
  [[nodiscard]] bool valid() const noexcept { return cell_ != nullptr; }

  /// Tells whether two are handles to the same actor.
  friend bool operator==(actor const& a, actor const& b) noexcept { return a.cell_ == b.cell_; }

  /// This handle with settings for the calls that are made through the result, which uses this one.
  ///
  ///     c.options({.high_priority = true}).post<&server::reload>();
  ///
  /// Errors: throws mobula::error if the actor has no such concurrency group.
  [[nodiscard]] configured_actor<T> options(call_options const& o) const;

  /// Ends the actor when what was sent before has been handled: its object is destroyed, and what is sent later ends with
  /// actor_died. Again is harmless.
  void stop() const { end(end_reason::stopped); }

  /// Ends the actor as soon as no call of it runs: those that wait end with actor_died. Again is harmless.
  void kill() const { end(end_reason::killed); }

 private:
  friend detail::actor_access;
  template <class Handle, class U>
  friend class detail::actor_calls;
  friend configured_actor<T>;

  explicit actor(detail::object_cell<T>* c) noexcept : cell_(c) {}

  detail::object_cell<T>& get() const {
    if (cell_ == nullptr)
      throw error("mobula: this actor handle is a handle to nothing: it was default-constructed or moved from");
    return *cell_;
  }

  detail::route route_to(void const* key) const noexcept {
    detail::actor_extras* const e = cell_->extras();
    return e == nullptr ? detail::route{cell_} : e->route_of(key);
  }
  detail::call_line* line() const noexcept { return line_.load(std::memory_order_acquire); }
  detail::call_line& need_line() const {
    if (detail::call_line* const l = line()) return *l;
    auto* const fresh = new detail::call_line(*cell_);
    detail::call_line* l = nullptr;
    if (line_.compare_exchange_strong(l, fresh, std::memory_order_acq_rel, std::memory_order_acquire)) return *fresh;
    fresh->release();
    return *l;
  }
  void end(end_reason r) const {
    get().check_open();
    detail::send_end(get(), r);
  }

  detail::object_cell<T>* cell_ = nullptr;
  // Made by the first call that has dependencies; written once (release), read by every call (acquire).
  mutable std::atomic<detail::call_line*> line_{nullptr};
};

template <class T>
class configured_actor : public detail::actor_calls<configured_actor<T>, T> {
 private:
  friend actor<T>;
  template <class Handle, class U>
  friend class detail::actor_calls;

  configured_actor(actor<T> const& a, call_options const& o) : actor_(a), high_(o.high_priority) {
    if (o.concurrency_group.empty()) return;
    group_ = &detail::find_group(a.get().extras(), o.concurrency_group);
  }

  detail::object_cell<T>& get() const { return actor_.get(); }
  detail::route route_to(void const* key) const noexcept {
    detail::route r = group_ != nullptr ? detail::route{group_, concurrency::kind::parallel} : actor_.route_to(key);
    if (high_) r.kind = detail::message_kind::high;
    return r;
  }
  detail::call_line* line() const noexcept { return actor_.line(); }
  detail::call_line& need_line() const { return actor_.need_line(); }

  actor<T> const& actor_;
  detail::parallel_lane* group_ = nullptr;
  bool high_;
};

template <class T>
configured_actor<T> actor<T>::options(call_options const& o) const {
  return configured_actor<T>(*this, o);
}

}  // namespace mobula
