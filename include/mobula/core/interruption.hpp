#pragma once

#include <mobula/core/frame_memory.hpp>
#include <mobula/core/selection.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>

namespace mobula::detail {

/// Happens when a task is asked to stop. An operation, but for its result.
class stop_operation {
 public:
  explicit stop_operation(std::stop_token t) noexcept : token_(std::move(t)) {}

  [[nodiscard]] bool ready() const noexcept { return token_.stop_requested(); }
  bool start(resumer& r) noexcept {
    waiter_ = &r;
    callback_.emplace(token_, fire{this});  // may call at once
    return true;
  }
  /// A call that runs in another thread is waited for: it is short, and once it wakes nobody needs this any more.
  bool cancel() noexcept {
    callback_.reset();
    return !fired_;
  }

 private:
  struct fire {
    stop_operation* me;
    void operator()() const noexcept {
      me->fired_ = true;
      resumer& r = *me->waiter_;
      static_cast<void>(r.try_claim());
      r.wake(r);
    }
  };

  std::stop_token token_;
  resumer* waiter_ = nullptr;
  bool fired_ = false;  // written before the wake; read after the end of the call
  std::optional<std::stop_callback<fire>> callback_;
};

/// A wait in a task that can be stopped: a selection of what is waited for and of the stop, which is what interrupts it.
/// An operation itself.
class interruption {
 public:
  /// The guard of a wait for `op` that begins here; null if the task can't be stopped. Throws `cancelled` if it is to stop
  /// already.
  template <class Op>
  [[nodiscard]] static std::unique_ptr<interruption> here(Op& op) {
    std::unique_ptr<interruption> i = make();
    if (i != nullptr) i->branches_[0].watch(op);
    return i;
  }

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }

  explicit interruption(std::stop_token t) noexcept : stop_(std::move(t)) { branches_[1].watch(stop_); }
  interruption(interruption const&) = delete;

  [[nodiscard]] bool ready() { return selection_.ready(); }
  bool start(resumer& r) noexcept { return selection_.start(r); }
  bool cancel() noexcept { return selection_.cancel(); }
  [[nodiscard]] bool complete() const noexcept { return selection_.complete(); }
  /// Throws `cancelled` if the stop came first: then what was waited for has had no effect.
  void result() const;

 private:
  [[nodiscard]] static std::unique_ptr<interruption> make();

  stop_operation stop_;
  selection<>::branch branches_[2];
  selection<> selection_{branches_};
};

}  // namespace mobula::detail
