#include <mobula/task/condition_variable.hpp>

#include <cstdio>
#include <exception>
#include <mutex>

namespace mobula {
namespace detail {
namespace {

mutex& held_by(mutex* m) noexcept {
  if (m != nullptr) return *m;
  std::fputs("mobula: a condition_variable was asked to wait with a guard that holds no mutex.\n", stderr);
  std::terminate();
}

}  // namespace

condition_wait::condition_wait(condition_variable& c, mutex::guard& g) noexcept
    : resumer{[](resumer& r) noexcept {
        auto& me = static_cast<condition_wait&>(r);
        me.relocked();
        me.waiter_->wake(*me.waiter_);
      }},
      condition_(&c),
      guard_(&g),
      mutex_(&held_by(g.mutex_)),
      relock_(*mutex_) {}

// If whoever waits ends while it waits; the guard holds nothing then.
condition_wait::~condition_wait() {
  if (!queued()) return;
  std::lock_guard const locked(condition_->lock_);
  static_cast<void>(condition_->waiting_.remove(*this));
}

// First in line, and then the mutex is given back: who changes what it guards finds this in line.
bool condition_wait::start(resumer& r) noexcept {
  waiter_ = &r;
  notified_ = given_up_ = false;
  mutex& m = held_by(std::exchange(guard_->mutex_, nullptr));
  {
    std::lock_guard const locked(condition_->lock_);
    condition_->waiting_.push(*this, r);
  }
  m.unlock();  // from here on it may be over on another thread
  return true;
}

bool condition_wait::cancel() noexcept {
  {
    std::lock_guard const locked(condition_->lock_);
    if (!condition_->waiting_.remove(*this) || given_up_) return false;
    given_up_ = true;
  }
  return relock();
}

// When no lock is held. True if it has the mutex at once; else it is woken when it has it.
bool condition_wait::relock() noexcept {
  if (relock_.start(*this)) return false;
  relocked();
  return true;
}

void condition_wait::relocked() noexcept {
  relock_.result();
  guard_->mutex_ = mutex_;
}

}  // namespace detail

// Under the lock. False if nobody waits.
bool condition_variable::choose(detail::wake_list& notified) noexcept {
  detail::queue_node* const n = waiting_.choose();
  if (n == nullptr) return false;
  static_cast<detail::condition_wait&>(*n).notified_ = true;
  notified.add(*n);
  return true;
}

void condition_variable::relock(detail::wake_list& notified) noexcept {
  while (detail::queue_node* const n = notified.pop()) {
    auto& w = static_cast<detail::condition_wait&>(*n);
    if (w.relock()) w.waiter_->wake(*w.waiter_);
  }
}

void condition_variable::notify_one() noexcept {
  detail::wake_list notified;
  {
    std::lock_guard const locked(lock_);
    static_cast<void>(choose(notified));
  }
  relock(notified);
}

void condition_variable::notify_all() noexcept {
  detail::wake_list notified;
  {
    std::lock_guard const locked(lock_);
    while (choose(notified)) {}
  }
  relock(notified);
}

}  // namespace mobula
