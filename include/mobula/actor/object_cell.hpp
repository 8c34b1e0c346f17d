#pragma once

#include <mobula/actor/actor_cell.hpp>
#include <mobula/actor/method.hpp>
#include <mobula/core/frame_memory.hpp>

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace mobula::detail {

/// The actor and its object, which its first message constructs; in the object's place, when it is gone, the reason.
template <class T>
class object_cell final : public actor_cell_base {
 public:
  explicit object_cell(std::shared_ptr<scheduler> s) noexcept : actor_cell_base(std::move(s)) {}
  ~object_cell() {
    if (is_dead()) std::destroy_at(&why_dead_);
  }

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }

  /// By messages only, while the actor is alive.
  [[nodiscard]] T& object() noexcept { return object_; }

  template <class... Args>
  void construct(Args&&... args) {
    ::new (static_cast<void*>(std::addressof(object_))) T(std::forward<Args>(args)...);
  }

  /// Of a new object: if that throws, there is no object.
  template <class F, class... Args>
  void call_with_object(F& f, Args&&... args) {
    try {
      f(object_, std::forward<Args>(args)...);
    } catch (...) {
      destroy_object();
      throw;
    }
  }

  [[nodiscard]] std::type_info const& type() const noexcept override { return typeid(T); }
  [[nodiscard]] failure_ptr& why_dead() noexcept override { return why_dead_; }

 private:
  void destroy_object() noexcept override { std::destroy_at(std::addressof(object_)); }
  void free() noexcept override { delete this; }

  union {
    T object_;
    failure_ptr why_dead_;
  };
};

/// What an actor's first message calls.
template <class T>
struct construct_in {
  object_cell<T>* cell;
  template <class... Args>
    requires std::is_constructible_v<T, Args...>
  void operator()(Args&&... args) const {
    cell->construct(std::forward<Args>(args)...);
  }
  [[nodiscard]] static std::string task_name() { return readable_name(typeid(T)) + " (constructor)"; }
};

/// What a call of an actor's method calls.
template <class T, auto Method>
struct method_of {
  using wraps = decltype(Method);
  object_cell<T>* cell;
  template <class... Args>
    requires std::is_invocable_v<decltype(Method), T&, Args...>
  decltype(auto) operator()(Args&&... args) const {
    return std::invoke(Method, cell->object(), std::forward<Args>(args)...);
  }
  [[nodiscard]] static std::string task_name() { return readable_member_name(typeid(named_by<Method>)); }
};

/// The same with a function that gets the object.
template <class T, class F>
struct function_on {
  using wraps = F;
  object_cell<T>* cell;
  F function;
  template <class... Args>
    requires std::is_invocable_v<F&, T&, Args...>
  decltype(auto) operator()(Args&&... args) {
    return std::invoke(function, cell->object(), std::forward<Args>(args)...);
  }
  [[nodiscard]] static std::string task_name() {
    if constexpr (requires { F::task_name(); })
      return F::task_name();
    else
      return readable_name(typeid(F));
  }
};

}  // namespace mobula::detail
