#pragma once

#include <mobula/actor/actor.hpp>
#include <mobula/actor/pool_watch.hpp>
#include <mobula/core/failure.hpp>
#include <mobula/core/process_number.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace mobula::detail {

template <class T>
class pool_loan;
template <class T>
class pool_members;
template <class T>
class pool_queue;

/// A call that waits for a member of an actor pool. If it goes before its end, it ends with `cancelled`.
template <class T>
class pool_request {
 public:
  virtual ~pool_request() = default;

  /// Goes on with a member, as a task; whatever fails is told to who waits for its result. `me` is this.
  virtual void start(std::shared_ptr<pool_request> me, pool_loan<T> member) noexcept = 0;
  /// There will be no member.
  virtual void fail(std::exception_ptr why) noexcept = 0;

 private:
  friend pool_queue<T>;
  friend pool_members<T>;
  std::shared_ptr<pool_request> next_;
  scheduler const* waits_in_ = nullptr;  // with whose end it ends, if there is no member then
};

/// Calls in the order in which they get members, linked by themselves: none is lost for want of memory.
template <class T>
class pool_queue {
  using request = std::shared_ptr<pool_request<T>>;

 public:
  pool_queue() noexcept = default;
  pool_queue(pool_queue&& other) noexcept
      : first_(std::move(other.first_)), last_(std::exchange(other.last_, nullptr)) {}
  pool_queue& operator=(pool_queue other) noexcept {
    std::swap(first_, other.first_);
    std::swap(last_, other.last_);
    return *this;
  }
  // One by one: not each by the one before.
  ~pool_queue() {
    while (!empty()) static_cast<void>(pop());
  }

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  void push_back(request r) noexcept {
    auto* const last = std::exchange(last_, r.get());
    (last != nullptr ? last->next_ : first_) = std::move(r);
  }
  void push_front(request r) noexcept {
    if (first_ == nullptr) last_ = r.get();
    r->next_ = std::move(first_);
    first_ = std::move(r);
  }
  [[nodiscard]] request pop() noexcept {
    request r = std::exchange(first_, nullptr);
    first_ = std::move(r->next_);
    if (first_ == nullptr) last_ = nullptr;
    return r;
  }

  /// Those of which `belongs` says so, in order; the others stay.
  template <class F>
  [[nodiscard]] pool_queue take_if(F belongs) noexcept {
    pool_queue taken, left;
    while (!empty()) {
      request r = pop();
      (belongs(*r) ? taken : left).push_back(std::move(r));
    }
    *this = std::move(left);
    return taken;
  }

 private:
  request first_;
  pool_request<T>* last_ = nullptr;
};

/// That nobody can handle a call, as the last member has gone for that reason; null if the pool has gone. A runtime's end is
/// told as such.
[[nodiscard]] std::exception_ptr no_pool_members(std::exception_ptr const& why) noexcept;

/// The members of an actor pool, and the calls that wait for one: first come, first served.
///
/// Lifetime: shared by the pool and its calls.
template <class T>
class pool_members : public std::enable_shared_from_this<pool_members<T>> {
  using request = std::shared_ptr<pool_request<T>>;

 public:
  using place = std::list<actor<T>>;  // a member, and what it takes to put it back

  pool_members() noexcept = default;
  pool_members(pool_members const&) = delete;
  ~pool_members() {
    for (auto const& w : watches_) w->leave();
  }

  /// A new member.
  void add(actor<T> a) {
    place one;
    one.push_back(std::move(a));
    {
      std::lock_guard const lock(mutex_);
      ++members_;
      idle_.splice(idle_.end(), one);
    }
    start_what_can();
  }
  /// One that is free again.
  void give_back(place one) noexcept {
    {
      std::lock_guard const lock(mutex_);
      idle_.splice(idle_.end(), one);
    }
    start_what_can();
  }

  /// One that was given away does not come back.
  void lose(std::exception_ptr why) noexcept {
    pool_queue<T> hopeless;
    {
      std::lock_guard const lock(mutex_);
      if (--members_ != 0) return;
      why_none_ = why;
      hopeless = std::move(waiting_);
    }
    while (!hopeless.empty()) hopeless.pop()->fail(no_pool_members(why));
  }

  /// `again`: it has been started before, in vain, and comes first.
  void enqueue(request r, bool again) noexcept {
    std::unique_lock lock(mutex_);
    if (process_ != process_number) [[unlikely]]
      forget_lent();
    if (members_ == 0 && (closed_ || why_none_ != nullptr)) {
      std::exception_ptr const why = closed_ ? nullptr : why_none_;
      lock.unlock();
      return r->fail(no_pool_members(why));
    }
    std::shared_ptr<pool_watch> watch;
    if (members_ == 0) {
      try {
        watch = watch_runtime(*r);
      } catch (...) {
        lock.unlock();
        return r->fail(std::current_exception());
      }
    }
    if (again)
      waiting_.push_front(std::move(r));
    else
      waiting_.push_back(std::move(r));
    lock.unlock();
    if (watch != nullptr) watch->begin();  // which may tell at once
    start_what_can();
  }

  [[nodiscard]] std::optional<actor<T>> pop_idle() {
    std::lock_guard const lock(mutex_);
    if (idle_.empty() || !waiting_.empty()) return std::nullopt;
    std::optional<actor<T>> a(std::move(idle_.front()));
    idle_.pop_front();
    --members_;
    why_none_ = nullptr;  // whoever has it may bring it back
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
  void close() noexcept {
    pool_queue<T> hopeless;
    {
      std::lock_guard const lock(mutex_);
      closed_ = true;
      if (members_ == 0) hopeless = std::move(waiting_);
    }
    while (!hopeless.empty()) hopeless.pop()->fail(no_pool_members({}));
  }

 private:
  // Calls that wait where there is no member end with the runtime of who has made them, like other calls; outside of any,
  // they wait for the pool's end. Gives what is to begin to watch, if that is not watched.
  [[nodiscard]] std::shared_ptr<pool_watch> watch_runtime(pool_request<T>& r) {
    std::shared_ptr<scheduler> s = current_scheduler_if_any();
    r.waits_in_ = s.get();
    auto const is_of = [&s](auto const& w) { return &w->runtime() == s.get(); };
    if (s == nullptr || std::find_if(watches_.begin(), watches_.end(), is_of) != watches_.end()) return nullptr;
    auto const tell = [](void* pool, scheduler const& ended) noexcept {
      static_cast<pool_members*>(pool)->runtime_ended(ended);
    };
    watches_.push_back(std::make_shared<pool_watch>(this->weak_from_this(), tell, std::move(s)));
    return watches_.back();
  }
  // In the child of a fork: those that were given away then are its parent's, and don't come back.
  void forget_lent() noexcept {
    process_ = process_number;
    members_ = idle_.size();
    if (members_ != 0) return;
    try {
      throw_forked("the members of this pool are elsewhere");
    } catch (...) { why_none_ = std::current_exception(); }
  }
  void runtime_ended(scheduler const& s) noexcept {
    pool_queue<T> over;  // end without the lock
    std::lock_guard const lock(mutex_);
    std::erase_if(watches_, [&s](auto const& w) { return &w->runtime() == &s; });
    if (members_ == 0) over = waiting_.take_if([&s](auto const& r) { return r.waits_in_ == &s; });
  }

  // One does so for all, so that a call which ends at once, as its runtime is over, does not lie on top of the one before.
  void start_what_can() noexcept {
    std::unique_lock lock(mutex_);
    if (std::exchange(starting_, true)) return;
    while (!idle_.empty() && !waiting_.empty()) {
      place one;
      one.splice(one.end(), idle_, idle_.begin());
      request r = waiting_.pop();
      lock.unlock();
      pool_request<T>& call = *r;
      call.start(std::move(r),
                 pool_loan<T>(this->shared_from_this(), std::move(one)));  // may end it, which takes the lock
      lock.lock();
    }
    starting_ = false;
  }

  mutable std::mutex mutex_;  // of all here
  place idle_;
  pool_queue<T> waiting_;
  std::vector<std::shared_ptr<pool_watch>> watches_;  // of runtimes in which calls have waited without a member
  std::size_t members_ = 0;                           // idle and given away
  std::exception_ptr why_none_;                       // of the last one that died, when there is none
  std::uint8_t process_ = process_number;
  bool closed_ = false;
  bool starting_ = false;
};

/// A member that has been given to a call, which gives it back when this goes.
template <class T>
class pool_loan {
  using place = typename pool_members<T>::place;

 public:
  pool_loan(std::shared_ptr<pool_members<T>> from, place one) noexcept
      : from_(std::move(from)), place_(std::move(one)) {}
  pool_loan(pool_loan&& other) noexcept = default;
  pool_loan& operator=(pool_loan&&) = delete;
  ~pool_loan() { end(); }

  [[nodiscard]] actor<T> const& operator*() const noexcept { return place_.front(); }
  /// The pool that it comes from, until `end` or `lose`.
  [[nodiscard]] std::shared_ptr<pool_members<T>> const& pool() const noexcept { return from_; }

  void end() noexcept {
    if (auto const pool = std::exchange(from_, nullptr)) pool->give_back(std::move(place_));
  }
  /// It has died.
  void lose(std::exception_ptr why) noexcept {
    if (auto const pool = std::exchange(from_, nullptr)) pool->lose(std::move(why));
  }

 private:
  std::shared_ptr<pool_members<T>> from_;
  place place_;
};

}  // namespace mobula::detail
