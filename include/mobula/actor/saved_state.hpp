#pragma once

#include <mobula/core/error.hpp>

#include <memory>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace mobula {

class saved_state;

namespace detail {

[[noreturn]] void throw_wrong_state(std::type_info const* saved, std::type_info const& wanted);

/// Keeps it for the next life of the actor whose method runs here.
void save(saved_state s);

}  // namespace detail

/// What an actor has saved for its next life: a value of any type, or nothing. A cheap handle.
class saved_state {
 public:
  saved_state() noexcept = default;
  /// Of a copy of the value.
  template <class S>
    requires(!std::is_same_v<std::remove_cvref_t<S>, saved_state>)
  explicit saved_state(S&& value)
      : value_(std::make_shared<std::decay_t<S> const>(std::forward<S>(value))), type_(&typeid(std::decay_t<S>)) {}

  [[nodiscard]] bool empty() const noexcept { return value_ == nullptr; }

  /// The value. Throws mobula::error, which names the types, if there is none of that very type.
  template <class S>
  [[nodiscard]] S const& get() const {
    if (type_ == nullptr || *type_ != typeid(S)) detail::throw_wrong_state(type_, typeid(S));
    return *static_cast<S const*>(value_.get());
  }

 private:
  std::shared_ptr<void const> value_;
  std::type_info const* type_ = nullptr;
};

/// Within a method: keeps a copy of a state for the next life of this actor, instead of what was kept before. Its
/// actor_options::on_restart gets it.
///
///     void account::deposit(int n) { mb::save_state(balance_ += n); }
///
/// Nothing happens if the actor has one life only.
/// Errors: throws mobula::error outside of methods of an actor.
template <class S>
void save_state(S&& state) {
  detail::save(saved_state(std::forward<S>(state)));
}

}  // namespace mobula
