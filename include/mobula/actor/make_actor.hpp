#pragma once

#include <mobula/actor/actor.hpp>
#include <mobula/actor/actor_options.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace mobula {
namespace detail {

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
  /// Errors: throws no_runtime, and mobula::error for options that are not allowed. What the constructor throws comes out
  ///         of every call.
  template <class... Args>
  [[nodiscard]] actor<T> operator()(Args&&... args) const {
    return make(nullptr, std::forward<Args>(args)...);
  }

  /// The same with options.
  ///
  ///     auto c = mb::make_actor<cache>.options({.concurrency = mb::reentrant})(1000);
  [[nodiscard]] auto options(actor_options<T> o) const {
    return [o = std::move(o)]<class... Args>(Args&&... args) { return make(&o, std::forward<Args>(args)...); };
  }

 private:
  template <class... Args>
  [[nodiscard]] static actor<T> make(actor_options<T> const* options, Args&&... args) {
    using function = detail::construct_in<T>;
    using plan = detail::plan_for<function&, std::decay_t<Args>...>;
    static_assert(plan::found,
                  "mobula::make_actor: the class can't be constructed from these arguments, nor from the values "
                  "of those that are futures");
    if constexpr (plan::found) {
      using message =
          detail::actor_message<detail::call_state, T, detail::bound_call<function, plan, std::decay_t<Args>...>>;
      detail::scheduler& s = detail::current_scheduler();
      auto cell = std::make_unique<detail::object_cell<T>>(s.shared_from_this());
      if (options != nullptr) {
        detail::set_up(*cell, options->concurrency, options->concurrency_groups, options->methods);
        detail::bound_mailbox(*cell, options->mailbox, options->when_full);
      }
      auto m = std::make_unique<message>(detail::route{cell.get()}, detail::call_site(), function{cell.get()},
                                         std::forward<Args>(args)...);
      void (*wait)(detail::job&, detail::scheduler&, detail::job&) noexcept = nullptr;
      if constexpr (message::has_dependencies) {
        wait = &message::wait;
        m->prepare();
        s.admit_task();
      } else {
        cell->check_open();
      }
      message& constructor = *m.release();
      actor<T> handle = detail::actor_access::adopt(*cell.release());
      auto const done = detail::future_access::make(constructor);  // nobody reads it: each call tells its error
      detail::actor_access::cell(handle).begin(constructor, wait);
      return handle;
    }
  }
};

/// Makes an actor of class T.
///
///     mb::actor<counter> c = mb::make_actor<counter>(0);
///     mb::actor<cache> d = mb::make_actor<cache>.options({.concurrency = mb::reentrant})(1000);
template <class T>
inline constexpr actor_maker<T> make_actor{};

}  // namespace mobula
