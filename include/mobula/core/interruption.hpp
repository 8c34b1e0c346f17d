#pragma once

#include <mobula/core/droppable_waits.hpp>
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

  [[nodiscard]] bool possible() const noexcept { return token_.stop_possible(); }
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

/// A wait that may be interrupted: a selection of what is waited for, of the stop of its task, if it can be stopped, and of
/// the drop of its runtime, if that would not bring what is waited for.
/// Where tasks are tracked, every wait: it keeps the note of it, and may have nothing that would interrupt it. An operation
/// itself.
class interruption {
 public:
  /// The guard of a wait for `op` that begins here, for as long as it takes unless `limited`; null if nothing can interrupt
  /// it, or the wait is not to be. `drops`: whether the end of its runtime by `drop` is to end it. Throws `cancelled` if the
  /// task is to stop already.
  template <class Op>
  [[nodiscard]] static std::unique_ptr<interruption> here(Op& op, bool to_the_end, bool drops,
                                                          std::source_location where = {}, bool limited = false) {
    std::unique_ptr<interruption> i = to_the_end ? make_note() : make(drops);
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

  /// A stop that can't be is not waited for; `waits`: where it is dropped, null for nowhere; `owner` keeps those.
  interruption(std::stop_token t, droppable_waits* waits, std::shared_ptr<scheduler> owner) noexcept;
  interruption(interruption const&) = delete;

  /// For a look that doesn't wait: throws `cancelled` if a wait here would be interrupted at once.
  static void check(bool drops);

  [[nodiscard]] bool ready() { return selection_->ready(); }
  bool start(resumer& r) noexcept { return selection_->start(r); }
  bool cancel() noexcept { return selection_->cancel(); }
  [[nodiscard]] bool complete() const noexcept { return selection_->complete(); }
  /// The wait is over. Throws `cancelled` if it was interrupted: then what was waited for has had no effect.
  void result();

 private:
  [[nodiscard]] static std::unique_ptr<interruption> make(bool drops);
  [[nodiscard]] static std::unique_ptr<interruption> make_note() noexcept;

  std::shared_ptr<scheduler> owner_;
  stop_operation stop_;
  drop_operation drop_;
  selection<>::branch branches_[3];        // what is waited for, and what interrupts it
  std::size_t stopped_ = 0, dropped_ = 0;  // their branches; 0 for none
  std::optional<selection<>> selection_;
  std::unique_ptr<wait_note> note_;  // while it waits
};

}  // namespace mobula::detail
