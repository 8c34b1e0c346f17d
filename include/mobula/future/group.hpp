#pragma once

#include <mobula/core/operation.hpp>
#include <mobula/future/shared_state.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace mobula::detail {

/// Waits until some of many results are there.
class group_operation {
 public:
  /// The states outlive it; `needed` is at most their number.
  group_operation(std::vector<shared_state_base*> states, std::size_t needed) noexcept
      : pending_(std::move(states)), needed_(needed) {}
  /// Until all are there.
  explicit group_operation(std::vector<shared_state_base*> states) noexcept
      : pending_(std::move(states)), needed_(pending_.size()) {}
  /// Before it is started.
  group_operation(group_operation&& other) noexcept
      : pending_(std::move(other.pending_)),
        needed_(other.needed_),
        group_(std::exchange(other.group_, nullptr)),
        by_tasks_(other.by_tasks_) {}
  ~group_operation();

  /// Throws std::bad_alloc.
  [[nodiscard]] bool ready();
  bool start(resumer& r) noexcept;
  bool cancel() noexcept;
  [[nodiscard]] bool ends_at_drop() const noexcept { return by_tasks_; }
  void result() const noexcept {}
  void describe_wait(wait_description& d) const {
    d.targets.push_back({needed_ < pending_.size() ? std::to_string(needed_).append(" of the results") : "the results",
                         {pending_.begin(), pending_.end()}});
  }

 private:
  class group;

  void check_not_lost() const;

  std::vector<shared_state_base*> pending_;  // those not seen ready yet
  std::size_t needed_;                       // so many of them
  group* group_ = nullptr;
  bool by_tasks_ = true;  // those are results of tasks
};

}  // namespace mobula::detail
