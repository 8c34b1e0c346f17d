#pragma once

#include <mobula/actor/actor.hpp>

#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace mobula::detail {

template <class T>
class pool_loan;

/// A call that waits for a member of an actor pool.
template <class T>
class pool_request {
 public:
  virtual ~pool_request() = default;

  /// Goes on with a member, as a task; whatever fails is told to who waits for its result. `me` is this.
  virtual void start(std::shared_ptr<pool_request> me, pool_loan<T> member) noexcept = 0;
  /// There will be no member.
  virtual void fail(std::exception_ptr why) noexcept = 0;
};

/// The members of an actor pool, and the calls that wait for one: first come, first served.
///
/// Lifetime: shared by the pool and its calls.
template <class T>
class pool_members : public std::enable_shared_from_this<pool_members<T>> {
  using request = std::shared_ptr<pool_request<T>>;

 public:
  /// A new member, or one that is free again.
  void add(actor<T> a) {
    {
      std::lock_guard const lock(mutex_);
      ++members_;
      idle_.push_back(std::move(a));
    }
    start_what_can();
  }
  void give_back(actor<T> a) noexcept {
    {
      std::lock_guard const lock(mutex_);
      idle_.push_back(std::move(a));
    }
    start_what_can();
  }

  /// One that was given away does not come back.
  void lose(std::string const& why) {
    std::deque<request> hopeless;
    {
      std::lock_guard const lock(mutex_);
      if (--members_ != 0) return;
      why_none_ = why;
      hopeless.swap(waiting_);
    }
    for (request& r : hopeless) r->fail(no_members(why));
  }

  /// `again`: it has been started before, in vain, and comes first.
  void enqueue(request r, bool again) {
    std::unique_lock lock(mutex_);
    if (members_ == 0 && (closed_ || !why_none_.empty())) {
      std::string const why = closed_ ? "the pool is gone" : why_none_;
      lock.unlock();
      return r->fail(no_members(why));
    }
    if (again)
      waiting_.push_front(std::move(r));
    else
      waiting_.push_back(std::move(r));
    lock.unlock();
    start_what_can();
  }

  [[nodiscard]] std::optional<actor<T>> pop_idle() {
    std::lock_guard const lock(mutex_);
    if (idle_.empty()) return std::nullopt;
    std::optional<actor<T>> a(std::move(idle_.front()));
    idle_.pop_front();
    --members_;
    why_none_.clear();  // whoever has it may bring it back
    return a;
  }
  [[nodiscard]] bool has_idle() const noexcept {
    std::lock_guard const lock(mutex_);
    return !idle_.empty();
  }
  [[nodiscard]] std::size_t size() const noexcept {
    std::lock_guard const lock(mutex_);
    return members_;
  }

  /// The pool goes: nobody will bring members any more.
  void close() {
    std::deque<request> hopeless;
    {
      std::lock_guard const lock(mutex_);
      closed_ = true;
      if (members_ == 0) hopeless.swap(waiting_);
    }
    for (request& r : hopeless) r->fail(no_members("the pool is gone"));
  }

 private:
  static std::exception_ptr no_members(std::string const& why) {
    return std::make_exception_ptr(error("mobula: actor_pool: no member is left to handle this call: " + why));
  }

  // One does so for all, so that a call which ends at once, as its runtime is over, does not lie on top of the one before.
  void start_what_can() noexcept {
    std::unique_lock lock(mutex_);
    if (std::exchange(starting_, true)) return;
    while (!idle_.empty() && !waiting_.empty()) {
      actor<T> a = std::move(idle_.front());
      idle_.pop_front();
      request r = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      r->start(r, pool_loan<T>(this->shared_from_this(), std::move(a)));
      lock.lock();
    }
    starting_ = false;
  }

  mutable std::mutex mutex_;  // of all here
  std::deque<actor<T>> idle_;
  std::deque<request> waiting_;
  std::size_t members_ = 0;  // idle and given away
  std::string why_none_;     // of the last one that died, when there is none
  bool closed_ = false;
  bool starting_ = false;
};

/// A member that has been given to a call, which gives it back when this goes.
template <class T>
class pool_loan {
 public:
  pool_loan(std::shared_ptr<pool_members<T>> from, actor<T> a) noexcept
      : from_(std::move(from)), actor_(std::move(a)) {}
  pool_loan(pool_loan&& other) noexcept = default;
  pool_loan& operator=(pool_loan&&) = delete;
  ~pool_loan() { end(); }

  [[nodiscard]] actor<T> const& operator*() const noexcept { return actor_; }
  [[nodiscard]] std::shared_ptr<pool_members<T>> const& pool() const noexcept { return from_; }

  void end() noexcept {
    if (auto const pool = std::exchange(from_, nullptr)) pool->give_back(std::move(actor_));
  }
  /// It has died.
  void lose(std::string const& why) {
    if (auto const pool = std::exchange(from_, nullptr)) pool->lose(why);
  }

 private:
  std::shared_ptr<pool_members<T>> from_;
  actor<T> actor_;
};

}  // namespace mobula::detail
