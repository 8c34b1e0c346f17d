#pragma once

#include <mobula/core/droppable_waits.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/core/spin_lock.hpp>
#include <mobula/core/task_context.hpp>
#include <mobula/future/shared_state.hpp>

#include <atomic>
#include <vector>

namespace mobula::detail {

/// Waits until the dependencies of a job are ready, one after the other with one node, then submits the job, once.
class dependency_wait : resumer, waiter {
 public:
  dependency_wait() noexcept
      : resumer{&drop}, waiter([](waiter& w) noexcept {
          auto& me = static_cast<dependency_wait&>(w);
          me.go_on();
        }) {}

  /// First: looks for those that aren't ready. Throws std::bad_alloc, and no_runtime in the child of a fork.
  template <class Call>
  void collect(Call const& call) {
    call.for_each_dependency([this](shared_state_base& d) {
      if (d.ready()) return;
      d.check_not_lost();
      pending_.push_back(&d);
    });
  }

  /// Those, before it waits.
  [[nodiscard]] std::vector<shared_state_base*> const& pending() const noexcept { return pending_; }

  /// Then: waits for them, and submits `then`, which may happen at once; to where its context says, if it has one.
  void begin(scheduler& s, job& then, task_context* context = nullptr) noexcept;

  /// Submits the job now, if it hasn't been. Any thread, at any time after `collect`, while somebody keeps the job alive.
  void stop() noexcept;

  /// Whether it was given up, as its runtime was dropped: then not all is ready. When the job has been submitted.
  [[nodiscard]] bool dropped() const noexcept { return dropped_; }

 private:
  static void drop(resumer& r) noexcept;

  void go_on() noexcept;
  [[nodiscard]] bool give_up() noexcept;
  void end() noexcept;
  void depart(int parties) noexcept;

  spin_lock mutex_;  // of what follows, while it waits
  std::vector<shared_state_base*> pending_;
  shared_state_base* at_ = nullptr;  // where it waits
  bool dropped_ = false;
  scheduler* owner_ = nullptr;
  job* job_ = nullptr;
  task_context* context_ = nullptr;  // where the job runs; null for anywhere
  // If a promise is among them: where this stands to be dropped, and 2 parties, of which the last submits the job: whoever
  // ends the wait, and whoever drops it, if that can't be kept from it. acq_rel, as then the life of this may end.
  droppable_waits* waits_ = nullptr;
  droppable_waits::node node_;
  std::atomic<int> parties_{1};
};

/// Where tasks are tracked: what a call waits for before it begins, these results or else resources.
void note_needs(job& call, task_record& r, std::vector<shared_state_base*> const& pending, bool resources) noexcept;

}  // namespace mobula::detail
