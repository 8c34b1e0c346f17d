#pragma once

#include <mobula/actor/actor_cell.hpp>
#include <mobula/core/runtime_parts.hpp>

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

namespace mobula::detail {

/// The actors of one runtime that have names. It knows them without keeping them alive, but for detached ones.
///
/// An actor is found from when it is made until it is told to end, or ends by itself, or its last handle is gone; whoever
/// finds it gets a handle.
/// Threads: any. No lock is held while a handle is given back.
class actor_names final : public runtime_part {
 public:
  /// The actor of that name, which is of that class, with a handle counted; null if there is none.
  /// Throws mobula::error if it is of another class.
  [[nodiscard]] actor_cell_base* find(std::string_view name, std::string_view name_space, std::type_info const& type);

  /// Enters an actor, which nobody knows yet, by the name in its extras, and gives null; from then on others may send to
  /// it, so it has to `begin`. If the name is taken, by an actor of the same class, and `or_other`, gives that one, with
  /// a handle counted, instead. Else throws mobula::error if it is taken.
  [[nodiscard]] actor_cell_base* enter(actor_cell_base& a, bool detached, bool or_other);

  /// Takes it out, if it is still the one of that name. By who keeps the actor alive.
  void leave(actor_cell_base& a) noexcept;

  [[nodiscard]] std::vector<std::string> names(std::string_view name_space);
  /// Throws actor_not_found, which tells what there is.
  [[noreturn]] void throw_not_found(std::string_view name, std::string_view name_space);

  void let_go() noexcept override;

 private:
  struct entry {
    actor_cell_base* cell;
    bool keeps;  // a handle is counted for it
  };
  // The namespace first.
  using full_name = std::pair<std::string, std::string>;
  using name_view = std::pair<std::string_view, std::string_view>;
  struct before {
    using is_transparent = void;
    bool operator()(name_view a, name_view b) const noexcept { return a < b; }
  };

  std::mutex mutex_;
  std::map<full_name, entry, before> entries_;
  bool lets_go_ = false;  // the runtime ends: nothing is kept any more
};

/// Nobody finds an actor by its name any more, if it has one. By who keeps it alive. Again is harmless.
void leave_name(actor_cell_base& a) noexcept;

/// The names of a scheduler's actors.
[[nodiscard]] actor_names& names_of(scheduler& s);

}  // namespace mobula::detail
