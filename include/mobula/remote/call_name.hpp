#pragma once

#include <mobula/core/failure.hpp>

#include <string>
#include <type_traits>
#include <typeinfo>

namespace mobula::detail {

/// The name of a task by its function: what that says (see named_function), else its own or that of its type.
template <class F>
[[nodiscard]] std::string name_of(F const& f) {
  if constexpr (requires { f.task_name(); })
    return f.task_name();
  else if constexpr (std::is_pointer_v<F>)
    return readable_name(typeid(F), reinterpret_cast<void const*>(f));
  else
    return readable_name(typeid(F));
}

}  // namespace mobula::detail
