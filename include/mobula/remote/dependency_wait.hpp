#pragma once

#include <mobula/core/scheduler.hpp>
#include <mobula/core/spin_lock.hpp>
#include <mobula/core/task_context.hpp>
#include <mobula/future/shared_state.hpp>

#include <mutex>
#include <vector>

namespace mobula::detail {

/// Waits until the dependencies of a job are ready, one after the other with one node, then submits the job, once.
class dependency_wait : waiter {
 public:
  dependency_wait() noexcept
      : waiter([](waiter& w) noexcept {
          auto& me = static_cast<dependency_wait&>(w);
          me.go_on();
        }) {}

  /// First: looks for those that aren't ready. Throws std::bad_alloc.
  template <class Call>
  void collect(Call const& call) {
    call.for_each_dependency([this](shared_state_base& d) {
      if (!d.ready()) pending_.push_back(&d);
    });
  }

  /// Those, before it waits.
  [[nodiscard]] std::vector<shared_state_base*> const& pending() const noexcept { return pending_; }

  /// Then: waits for them, and submits `then`, which may happen at once; to where its context says, if it has one.
  void begin(scheduler& s, job& then, task_context* context = nullptr) noexcept {
    owner_ = &s;
    job_ = &then;
    context_ = context;
    go_on();
  }

  /// Submits the job now, if it hasn't been. Any thread, at any time after `collect`, while somebody keeps the job alive.
  void stop() noexcept {
    {
      std::lock_guard const lock(mutex_);
      pending_.clear();
      if (at_ == nullptr || !at_->remove(*this)) return;  // there is none, or whoever is on the way here finds no more
      at_ = nullptr;
    }
    submit();
  }

 private:
  void submit() noexcept {
    if (context_ == nullptr) return owner_->submit(*job_);
    context_->begin(*job_, *owner_);
  }

  void go_on() noexcept {
    {
      std::lock_guard const lock(mutex_);
      at_ = nullptr;
      while (!pending_.empty()) {
        shared_state_base* const d = pending_.back();
        pending_.pop_back();
        at_ = d;
        if (d->add(*this)) return;  // who is notified waits for the lock, and then all may end
        at_ = nullptr;
      }
    }
    submit();
  }

  spin_lock mutex_;  // of what follows, while it waits
  std::vector<shared_state_base*> pending_;
  shared_state_base* at_ = nullptr;  // where it waits
  scheduler* owner_ = nullptr;
  job* job_ = nullptr;
  task_context* context_ = nullptr;  // where the job runs; null for anywhere
};

/// Where tasks are tracked: what a call waits for before it begins, these results or else resources.
void note_needs(job& call, task_record& r, std::vector<shared_state_base*> const& pending, bool resources) noexcept;

}  // namespace mobula::detail
