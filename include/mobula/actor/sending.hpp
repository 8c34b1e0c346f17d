#pragma once

#include <mobula/actor/actor_extras.hpp>
#include <mobula/actor/actor_mistakes.hpp>
#include <mobula/actor/call_line.hpp>
#include <mobula/actor/message.hpp>
#include <mobula/actor/object_cell.hpp>
#include <mobula/core/task_context.hpp>
#include <mobula/remote/remote.hpp>

#include <list>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace mobula {

template <class T>
class actor;

namespace detail {

/// A handle as those keep it that send calls later: it makes them in the order of the handle that it comes from.
template <class T>
class kept_handle {
 public:
  explicit kept_handle(call_line& l) noexcept : line_(l) {}

  [[nodiscard]] object_cell<T>& get() const {
    if (line_.get() == nullptr) throw_no_actor();
    return static_cast<object_cell<T>&>(line_.get()->cell());
  }
  [[nodiscard]] call_line* line() const noexcept { return line_.get(); }
  [[nodiscard]] call_line& need_line() const noexcept { return *line_.get(); }

 private:
  line_share line_;
};

/// What sends calls through handles. A handle has `get()`, its cell; `kept()`, a kept_handle; `route_to(key)`, `line()` and
/// `need_line()`.
struct sending {
  /// Sends a call of a method; How says what happens if the mailbox is full, State whether somebody wants the result.
  template <template <class, class> class State, auto Method, class T, class How, class Handle, class... Args>
  static auto method(How how, Handle const& handle, call_site const& where, Args&&... args) {
    return call<State, T>(how, handle, &method_key<Method>::it, where, method_of<T, Method>{&handle.get()},
                          std::forward<Args>(args)...);
  }
  /// The same with a function on the object.
  template <template <class, class> class State, class T, class How, class Handle, class F, class... Args>
  static auto function(How how, Handle const& handle, call_site const& where, F&& f, Args&&... args) {
    return call<State, T>(how, handle, nullptr, where,
                          function_on<T, std::decay_t<F>>{&handle.get(), std::forward<F>(f)},
                          std::forward<Args>(args)...);
  }

  /// The places of a bounded mailbox; null without a limit.
  static mailbox_room* room_of(actor_cell_base const& a) noexcept {
    actor_extras* const e = a.extras();
    return e != nullptr && e->room ? &*e->room : nullptr;
  }

  /// Sends a message, which has its place in the mailbox; gives the future, if there is one.
  template <class Handle, class Message>
  static auto depart(Handle const& handle, route const& r, std::unique_ptr<Message> m, mailbox_place place) {
    constexpr bool has_result = std::is_base_of_v<shared_state_base, Message>;
    std::unique_ptr<task_context> own;
    if constexpr (has_result)
      if (can_be_stopped(r, handle.get().owner())) own = m->stoppable(r);
    std::list<departing_call> line_entry = prepare(handle, r, *m);
    place.keep();
    Message& sent = *m.release();
    if constexpr (has_result) {
      if (own != nullptr) {
        task_record* const record = own->record();
        sent.set_context(std::move(own));
        if (record != nullptr) [[unlikely]]
          record->set_waits_to_begin("its turn");
      }
      auto result = future_access::make(sent);
      go(handle, line_entry, r, sent);
      return flattened_result(std::move(result));
    } else {
      go(handle, line_entry, r, sent);
    }
  }

 private:
  static bool can_be_stopped(route const& r, scheduler const& s) noexcept {
    worker* const w = this_worker();
    if (w == nullptr) return r.cancellable || s.cancellable || this_task_context() != nullptr;
    return r.cancellable || (w->context != nullptr && (w->context->task() != nullptr || s.tracks));
  }

  template <template <class, class> class State, class T, class How, class Handle, class F, class... Args>
  static auto call(How how, Handle const& handle, void const* key, call_site const& where, F&& f, Args&&... args) {
    using plan = plan_for<F&, std::decay_t<Args>...>;
    if constexpr (!plan::found) {
      return say_why_not_called_on<F, T, std::decay_t<Args>...>();
    } else if constexpr (!can_be_submitted<plan, F, Args...>) {
      return say_why_not_submitted<plan, F, Args...>();
    } else if constexpr (!has_future<plan>) {
      static_assert(never<F>,
                    "mobula::actor: a method can't give a generator, which would run in whoever reads it, outside of "
                    "the actor: have it send the elements to a channel.");
      return mistake();
    } else {
      using message = actor_message<State, T, bound_call<F, plan, std::decay_t<Args>...>>;
      handle.get().check_open();
      route const r = handle.route_to(key);
      if constexpr (is_task<typename plan::result>)
        if (r.blocks == blocking_kind::asked) throw_must_not_block(name_of(f));
      if constexpr (!can_be_kept<typename message::call_type>)
        if (handle.get().keeps_calls()) throw_not_kept(name_of(f));
      return how(handle, r,
                 [&] { return std::make_unique<message>(r, where, std::forward<F>(f), std::forward<Args>(args)...); });
    }
  }

  // All that can fail, before the message departs: a call with dependencies is a task while it waits for them, and what
  // is sent through a handle meanwhile stands in line behind it.
  template <class Handle, class Message>
  static std::list<departing_call> prepare(Handle const& handle, route const& r, Message& m) {
    departing_call c{&m, &r.to(), r.kind};
    std::list<departing_call> entry;
    if constexpr (Message::has_dependencies) {
      c.wait = &Message::wait;
      c.stop_waiting = &Message::stop_waiting;
      m.prepare();
      static_cast<void>(handle.need_line());
    }
    if (Message::has_dependencies || (handle.line() != nullptr && handle.line()->is_held_up())) entry.push_back(c);
    if constexpr (Message::has_dependencies) handle.get().owner().admit_task();
    return entry;
  }
  template <class Handle, class Message>
  static void go(Handle const& handle, std::list<departing_call>& line_entry, route const& r, Message& m) noexcept {
    if (!line_entry.empty()) return handle.line()->pass(line_entry);
    r.to().deliver(m, r.kind);
    if (handle.get().refuses_calls()) [[unlikely]]
      handle.get().refuse_queued();
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

/// Sends, and waits for room before if the mailbox is full.
struct send_waiting {
  template <class Handle, class Make>
  auto operator()(Handle const& handle, route const& r, Make make) const {
    mailbox_room* const room = sending::room_of(handle.get());
    mailbox_place place = room != nullptr ? wait_for_place(handle.get(), *room) : mailbox_place(nullptr);
    return sending::depart(handle, r, make(), std::move(place));
  }
};

}  // namespace detail
}  // namespace mobula
