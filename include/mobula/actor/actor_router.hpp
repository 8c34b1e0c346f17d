#pragma once

#include <mobula/actor/make_actor.hpp>
#include <mobula/future/shared_state.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace mobula {
namespace detail {

/// A member of a router, and how many calls of it are not over.
template <class T>
struct routed_actor {
  routed_actor(actor<T> a, std::uint64_t number) noexcept : handle(std::move(a)), id(number) {}

  actor<T> const handle;
  std::uint64_t const id;  // tells it from others; keys choose by it
  // Calls by the router that are not over. Relaxed: a hint, which nothing depends on but a choice.
  std::atomic<std::size_t> in_flight{0};
};

/// Counts a call, until it is over; from when it watches one, it owns itself.
class load_count : waiter {
 public:
  load_count(std::shared_ptr<void> owner, std::atomic<std::size_t>& in_flight) noexcept;

  static void watch(std::unique_ptr<load_count> c, shared_state_base& call) noexcept;

 private:
  std::shared_ptr<void> const owner_;
  std::atomic<std::size_t>& in_flight_;
};

/// How well a key and a member go together: the member with the highest has the key. Of bits without a pattern.
[[nodiscard]] std::uint64_t affinity(std::uint64_t key, std::uint64_t member) noexcept;

[[noreturn]] void throw_no_route();

}  // namespace detail

/// A member of a router that has been chosen for a call.
template <class T>
class routed {
 public:
  explicit routed(std::shared_ptr<detail::routed_actor<T>> to) noexcept : to_(std::move(to)) {}

  /// As those of `actor`. The router counts what they are given until it is over; not posts.
  template <auto Method, class... Args>
  auto call(Args&&... args) const {
    return counted([&] { return to_->handle.template call<Method>(std::forward<Args>(args)...); });
  }
  template <class F, class... Args>
  auto call(F&& f, Args&&... args) const {
    return counted([&] { return to_->handle.call(std::forward<F>(f), std::forward<Args>(args)...); });
  }
  template <auto Method, class... Args>
  void post(Args&&... args) const {
    to_->handle.template post<Method>(std::forward<Args>(args)...);
  }

  [[nodiscard]] actor<T> const& handle() const noexcept { return to_->handle; }

 private:
  // What it takes to count comes before the call, so that none is made of which the caller gets no future.
  template <class Call>
  auto counted(Call make_call) const {
    auto count = std::make_unique<detail::load_count>(to_, to_->in_flight);
    auto f = make_call();
    detail::load_count::watch(std::move(count), detail::future_access::state(f));
    return f;
  }

  std::shared_ptr<detail::routed_actor<T>> to_;
};

/// Chooses an actor for each call.
///
///     mb::actor_router<shard> router({a, b, c});
///     router.next().call<&shard::work>();             // each in turn
///     router.least_loaded().call<&shard::work>();     // the one with the fewest calls by this router that are not over
///     router.by_key(user).call<&shard::load>(user);   // always the same one for a key
///
/// A key stays with its member when others come or go: of the keys, only those of a member that goes move, and to a new
/// one only those that it gets (rendezvous hashing). A member that dies stays until it is removed: its calls end with
/// actor_died.
///
/// Threads: any, also at once. Cost: next is O(1), the others look at each member.
template <class T>
class actor_router {
 public:
  actor_router() = default;
  actor_router(std::initializer_list<actor<T>> members) {
    for (auto const& a : members) add(a);
  }
  explicit actor_router(std::vector<actor<T>> members) {
    for (auto& a : members) add(std::move(a));
  }

  /// A new member. Its place among keys is the number of members that were ever added before, so routers to which the same
  /// were added, in the same order, agree.
  void add(actor<T> a) {
    std::lock_guard const lock(mutex_);
    members_.push_back(std::make_shared<member>(std::move(a), added_));
    ++added_;
  }
  /// Takes a member out; tells whether it was one. Its calls go on.
  bool remove(actor<T> const& a) {
    std::lock_guard const lock(mutex_);
    return std::erase_if(members_, [&](auto const& m) { return m->handle == a; }) != 0;
  }
  [[nodiscard]] std::size_t size() const noexcept {
    std::lock_guard const lock(mutex_);
    return members_.size();
  }

  // All throw mobula::error if there are no members.

  /// Each in turn.
  [[nodiscard]] routed<T> next() {
    std::lock_guard const lock(mutex_);
    if (members_.empty()) detail::throw_no_route();
    if (turn_ >= members_.size()) turn_ = 0;
    return routed<T>(members_[turn_++]);
  }

  /// The one with the fewest calls in flight; of several, each in turn.
  [[nodiscard]] routed<T> least_loaded() {
    std::lock_guard const lock(mutex_);
    if (members_.empty()) detail::throw_no_route();
    std::size_t best = 0;
    auto least = std::numeric_limits<std::size_t>::max();
    ++turn_;
    for (std::size_t k = 0; k < members_.size(); ++k) {
      std::size_t const i = (turn_ + k) % members_.size();
      auto const load = members_[i]->in_flight.load(std::memory_order_relaxed);
      if (load >= least) continue;
      least = load;
      best = i;
    }
    return routed<T>(members_[best]);
  }

  /// The one that a key belongs to, of any type that std::hash takes.
  template <class Key>
  [[nodiscard]] routed<T> by_key(Key const& key) const {
    auto const hashed = static_cast<std::uint64_t>(std::hash<Key>()(key));
    std::lock_guard const lock(mutex_);
    if (members_.empty()) detail::throw_no_route();
    return routed<T>(*std::max_element(members_.begin(), members_.end(), [hashed](auto const& a, auto const& b) {
      return detail::affinity(hashed, a->id) < detail::affinity(hashed, b->id);
    }));
  }

 private:
  using member = detail::routed_actor<T>;

  mutable std::mutex mutex_;  // of all here
  std::vector<std::shared_ptr<member>> members_;
  std::size_t turn_ = 0;
  std::uint64_t added_ = 0;
};

}  // namespace mobula
