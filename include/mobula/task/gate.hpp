#pragma once

#include <mobula/core/operation.hpp>
#include <mobula/core/spin_lock.hpp>
#include <mobula/task/wait_queue.hpp>

#include <cstdint>
#include <mutex>
#include <utility>

namespace mobula::detail {

template <class Primitive>
class passage;

/// What people pass one after the other, or wait at in line: the base of mutex, semaphore, event, latch and barrier.
///
/// Primitive is derived from it and has two functions, called under the lock; `wish` tells what is asked for, where there
/// is a choice.
///
///     bool admits(std::uint64_t wish) const noexcept;  // may the first in line pass now?
///     void enter(std::uint64_t wish) noexcept;         // it passes
///
/// Nobody passes those who wait: who comes while others are in line waits behind them, also where it could go on; unless
/// Primitive says that `in_line` is false, as nobody takes anything from those who wait.
/// Whoever changes what `admits` goes by lets in those who may pass now, in order; they have passed when they are woken.
/// Lifetime: outlives those who wait at it, until they have gone on. The lock is the last thing that is touched of it:
///           who has passed may end it, though whoever opened it has not returned.
template <class Primitive>
class gate {
 public:
  gate(gate const&) = delete;

 protected:
  explicit constexpr gate(char const* what) noexcept : queue_(what) {}
  ~gate() = default;

  static constexpr bool in_line = true;

  /// Passes if that needs no waiting.
  [[nodiscard]] bool try_pass(std::uint64_t wish) noexcept {
    std::lock_guard const locked(lock_);
    if (!open_for(wish)) return false;
    self().enter(wish);
    return true;
  }

  /// Calls `f` under the lock, and then lets in whom that admits.
  template <class F>
  void change(F&& f) noexcept {
    wake_list passed;
    {
      std::lock_guard const locked(lock_);
      std::forward<F>(f)();
      let_in(passed);
    }
    passed.wake();
  }

  /// Calls `f` under the lock, where that admits nobody.
  template <class F>
  auto inspect(F&& f) noexcept {
    std::lock_guard const locked(lock_);
    return std::forward<F>(f)();
  }

 private:
  friend passage<Primitive>;

  Primitive& self() noexcept { return static_cast<Primitive&>(*this); }
  bool open_for(std::uint64_t wish) noexcept { return (queue_.empty() || !Primitive::in_line) && self().admits(wish); }

  void let_in(wake_list& passed) noexcept {
    while (queue_node* const n = queue_.first()) {
      auto& p = static_cast<passage<Primitive>&>(*n);
      if (!self().admits(p.wish_)) return;
      if (!queue_.choose_first()) continue;
      self().enter(p.wish_);
      p.passed_ = true;
      passed.add(p);
    }
  }

  spin_lock lock_;
  wait_queue queue_;
};

/// The operation of passing a gate.
template <class Primitive>
class passage : queue_node {
 public:
  explicit passage(gate<Primitive>& g, std::uint64_t wish = 0) noexcept : gate_(&g), wish_(wish) {}
  passage(passage&& other) noexcept
      : queue_node(std::move(other)),
        gate_(other.gate_),
        wish_(other.wish_),
        passed_(std::exchange(other.passed_, false)) {}
  passage& operator=(passage&&) = delete;
  /// Leaves the line, if whoever waits ends while it waits.
  ~passage() {
    if (queued()) static_cast<void>(cancel());
  }

  [[nodiscard]] bool ready() noexcept { return passed_ = gate_->try_pass(wish_); }

  bool start(resumer& r) noexcept {
    std::lock_guard const locked(gate_->lock_);
    if (!gate_->open_for(wish_)) {
      gate_->queue_.push(*this, r);
      return true;
    }
    if (r.try_claim()) {
      gate_->self().enter(wish_);
      passed_ = true;
    }
    return false;
  }

  bool cancel() noexcept {
    wake_list passed;
    {
      std::lock_guard const locked(gate_->lock_);
      if (!gate_->queue_.remove(*this)) return false;
      gate_->let_in(passed);  // those behind it may ask for less
    }
    passed.wake();
    return true;
  }

  void result() noexcept { passed_ = false; }
  void describe_wait(wait_description& d) const { d.targets.push_back({Primitive::waits_for, {}}); }

 protected:
  /// Tells whether it has passed and nobody has asked for the result: what passing took has to be given back.
  [[nodiscard]] bool passed() const noexcept { return passed_; }

 private:
  friend gate<Primitive>;

  gate<Primitive>* gate_;
  std::uint64_t wish_;
  bool passed_ = false;  // written under the lock while it waits
};

}  // namespace mobula::detail
