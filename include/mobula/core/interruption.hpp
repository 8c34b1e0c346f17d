#pragma once

#include <mobula/core/frame_memory.hpp>
#include <mobula/core/selection.hpp>
#include <mobula/core/wait_note.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <stop_token>
#include <utility>

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
/// Where tasks are tracked, every wait: it keeps the note of it, and may have nothing that would interrupt it. An operation
/// itself.
class interruption {
 public:
  /// The guard of a wait for `op` that begins here, for as long as it takes unless `limited`; null if the task can't be
  /// stopped, or the wait is not to be. Throws `cancelled` if it is to stop already.
  template <class Op>
  [[nodiscard]] static std::unique_ptr<interruption> here(Op& op, bool to_the_end, std::source_location where = {},
                                                          bool limited = false) {
    std::unique_ptr<interruption> i = make(to_the_end);
    if (i == nullptr) [[likely]]
      return i;
    i->branches_[0].watch(op);
    i->note_ = note_of(op, limited, where);
    return i;
  }

  /// Before the wait: the coroutine that waits is of this promise.
  template <class Promise>
  void note_chain(Promise const& p) noexcept {
    if constexpr (requires { note_->set_chain(p); })
      if (note_ != nullptr) note_->set_chain(p);
  }

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }

  explicit interruption(std::stop_token t) noexcept : stop_(std::move(t)) { branches_[1].watch(stop_); }
  interruption(interruption const&) = delete;

  [[nodiscard]] bool ready() { return selection_.ready(); }
  bool start(resumer& r) noexcept { return selection_.start(r); }
  bool cancel() noexcept { return selection_.cancel(); }
  [[nodiscard]] bool complete() const noexcept { return selection_.complete(); }
  /// The wait is over. Throws `cancelled` if the stop came first: then what was waited for has had no effect.
  void result();

 private:
  [[nodiscard]] static std::unique_ptr<interruption> make(bool to_the_end);

  stop_operation stop_;
  selection<>::branch branches_[2];
  selection<> selection_{branches_};
  std::unique_ptr<wait_note> note_;  // while it waits
};

}  // namespace mobula::detail
