#pragma once

#include <mobula/actor/actor.hpp>
#include <mobula/actor/actor_lives.hpp>
#include <mobula/actor/actor_names.hpp>
#include <mobula/actor/actor_options.hpp>
#include <mobula/core/submission_hold.hpp>
#include <mobula/remote/copyable.hpp>

#include <memory>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace mobula {
namespace detail {

/// The right to begin with an actor, which its runtime knows from then on; a task is counted if its constructor waits for
/// something. Throws no_runtime.
class admission {
 public:
  admission(actor_cell_base& a, bool with_task) : actor_(&a) {
    auto& living = a.owner().parts.get<living_actors>();
    living.add(a);
    try {
      if (with_task)
        a.owner().admit_task();
      else
        a.check_open();
    } catch (...) {
      living.remove(a);
      throw;
    }
    with_task_ = with_task;
  }
  admission(admission const&) = delete;
  ~admission() {
    if (actor_ == nullptr) return;
    scheduler& s = actor_->owner();
    s.parts.get<living_actors>().remove(*actor_);
    if (!with_task_) return;
    if (worker* const w = this_worker(); w != nullptr && &w->owner == &s)
      w->count_finished();
    else
      s.finish_from_outside();
  }
  void keep() noexcept { actor_ = nullptr; }

 private:
  actor_cell_base* actor_;
  bool with_task_ = false;
};

/// How the library makes handles.
struct actor_access {
  template <class T>
  static actor<T> adopt(object_cell<T>& cell) noexcept {
    return actor<T>(&cell);
  }
  template <class T>
  static object_cell<T>& cell(actor<T> const& a) {
    return a.get();
  }
};

}  // namespace detail

/// Makes actors of class T; see make_actor.
template <class T>
class actor_maker {
 public:
  constexpr actor_maker() noexcept = default;

  /// Makes an actor on the current runtime and returns at once. The constructor runs as its first message; arguments are
  /// passed as to a remote function.
  ///
  /// Errors: throws no_runtime, and mobula::error for options that are not allowed and names that are taken. What the constructor throws comes out
  ///         of every call.
  template <class... Args>
  [[nodiscard]] actor<T> operator()(Args&&... args) const {
    return make(nullptr, std::forward<Args>(args)...);
  }

  /// The same with options.
  ///
  ///     auto c = mb::make_actor<cache>.options({.name = "pages", .mailbox = 100})(1000);
  [[nodiscard]] auto options(actor_options<T> o) const {
    return [o = std::move(o)]<class... Args>(Args&&... args) { return make(&o, std::forward<Args>(args)...); };
  }

 private:
  using cell = detail::object_cell<T>;

  template <class... Args>
  [[nodiscard]] static auto make(actor_options<T> const* options, Args&&... args) {
    using function = detail::construct_in<T>;
    if constexpr (!detail::plan_for<function&, std::decay_t<Args>...>::found) {
      static_assert(
          detail::never<T>,
          "mobula::make_actor: the class can't be constructed from these arguments, nor from the values of those "
          "that are futures. They are moved into the actor: a parameter `U&` needs std::ref(x)");
      return detail::mistake();
    } else if constexpr (!(detail::can_be_kept_of<Args> && ...)) {
      return detail::say_why_not_submitted<detail::no_plan, function, Args...>();
    } else {
      using plan = detail::plan_for<function&, std::decay_t<Args>...>;
      using message =
          detail::actor_message<detail::call_state, T, detail::bound_call<function, plan, std::decay_t<Args>...>>;
      detail::submission_hold const hold;
      detail::scheduler& s = *hold;
      if (options != nullptr)
        if (detail::actor_cell_base* const there = existing(s, *options)) return adopt(*there);
      std::unique_ptr<cell> made = make_cell(s, options);
      detail::route to{made.get()};
      if (options != nullptr && options->blocking) to.blocks = detail::blocking_kind::if_plain;
      auto m = std::make_unique<message>(to, detail::call_site(), function{made.get()}, std::forward<Args>(args)...);
      if (options != nullptr) set_up_lives(*options, *made, m->call());
      void (*wait)(detail::job&, detail::scheduler&, detail::job&) noexcept = nullptr;
      if constexpr (message::has_dependencies) {
        wait = &message::wait;
        m->prepare();
      }
      if (m->waits() || made->waits_for_resources()) made->need_extras().constructor = m.get();
      detail::admission admitted(*made, message::has_dependencies || made->waits_for_resources());
      if (options != nullptr && !options->name->empty())
        if (detail::actor_cell_base* const there =
                detail::names_of(s).enter(*made, options->lifetime == lifetime::detached, options->get_if_exists))
          return adopt(*there);
      admitted.keep();
      if (options != nullptr) detail::join_supervisor(*made);
      message& constructor = *m.release();
      actor<T> handle = adopt(*made.release());
      auto const done = detail::future_access::make(constructor);  // nobody reads it: each call tells its error
      detail::actor_access::cell(handle).begin(constructor, wait);
      return handle;
    }
  }

  static detail::actor_cell_base* existing(detail::scheduler& s, actor_options<T> const& o) {
    detail::check_name(o.name, o.name_space, o.get_if_exists, o.lifetime);
    return o.get_if_exists ? detail::names_of(s).find(*o.name, *o.name_space, typeid(T)) : nullptr;
  }
  static std::unique_ptr<cell> make_cell(detail::scheduler& s, actor_options<T> const* o) {
    auto made = std::make_unique<cell>(s.shared_from_this());
    if (o == nullptr) return made;
    detail::set_name(*made, o->name, o->name_space);
    detail::set_up(*made, o->concurrency, o->blocking, o->concurrency_groups, o->methods);
    detail::set_resources(*made, o->num_cpus, o->num_gpus, o->memory, o->resources);
    detail::bound_mailbox(*made, o->mailbox, o->when_full);
    return made;
  }
  static actor<T> adopt(detail::actor_cell_base& c) noexcept {
    return detail::actor_access::adopt(static_cast<cell&>(c));
  }

  // What is needed of an actor that may die of its methods, or be restarted.
  template <class Call>
  static void set_up_lives(actor_options<T> const& o, detail::object_cell<T>& cell, Call const& constructor) {
    auto const& supervisor = detail::supervisor_access::core(o.supervisor);
    bool const restarts = o.max_restarts != 0 || supervisor != nullptr;
    if (!restarts && o.max_task_retries == 0 && !*o.dies_on) return;
    auto lives = std::make_unique<detail::actor_lives>(
        cell, detail::life_options{o.max_restarts, o.max_task_retries, o.dies_on, supervisor});
    detail::construct_again again;
    if (restarts) {
      if constexpr (detail::can_be_kept<Call>)
        again = [kept = std::make_shared<Call const>(constructor), on_restart = *o.on_restart,
                 &cell](saved_state const& last) {
          Call call(*kept);
          call();
          if (on_restart) cell.call_with_object(on_restart, last);
        };
      else
        detail::throw_not_kept(name_of(constructor.function()));
    }
    if (o.max_task_retries != 0) cell.keep_calls();
    detail::actor_lives& kept = *lives;
    cell.need_extras().lives = std::move(lives);
    kept.begin(std::move(again));
  }
};

/// Makes an actor of class T.
///
///     mb::actor<counter> c = mb::make_actor<counter>(0);
///     mb::actor<cache> d = mb::make_actor<cache>.options({.concurrency = mb::reentrant})(1000);
template <class T>
inline constexpr std::conditional_t<detail::can_be_actor<T>, actor_maker<T>, detail::no_actor_maker<T>> make_actor{};

}  // namespace mobula
