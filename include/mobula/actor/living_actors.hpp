#pragma once

#include <mobula/core/runtime_parts.hpp>
#include <mobula/core/spin_lock.hpp>
#include <mobula/core/worker.hpp>

#include <array>
#include <cstddef>

namespace mobula::detail {

class actor_cell_base;

/// Links an actor into the list of those that its runtime has. Guarded by the lock of that list.
struct living_link {
  actor_cell_base* next = nullptr;
  actor_cell_base** at = nullptr;  // where this one is linked; null for nowhere
};

/// All actors of one runtime, which ends those that are left when everything else is over: whatever keeps handles to them,
/// their own objects or each other's, or somebody outside.
///
/// Threads: any.
class living_actors final : public runtime_part {
 public:
  /// From when an actor can be known to others. Throws no_runtime if the runtime is past ending its actors.
  void add(actor_cell_base& a);
  /// Again is harmless.
  void remove(actor_cell_base& a) noexcept;

  void let_go() noexcept override {}
  /// Ends each. What calls them from now on, in their destructors, is told so.
  void end() noexcept override;
  /// Ends those whose constructor waits for something.
  void drop() noexcept override;

 private:
  // One list for all would be wanted by every worker at once.
  struct alignas(cache_line) shard {
    spin_lock lock;
    bool closed = false;
    actor_cell_base* first = nullptr;
    actor_cell_base* told = nullptr;  // that they are to end
  };

  [[nodiscard]] shard& shard_of(actor_cell_base const& a) noexcept;
  static void link(actor_cell_base& a, actor_cell_base*& first) noexcept;
  static void unlink(actor_cell_base& a) noexcept;

  std::array<shard, 16> shards_;
};

}  // namespace mobula::detail
