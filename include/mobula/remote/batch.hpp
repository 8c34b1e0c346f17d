#pragma once

#include <mobula/core/block.hpp>
#include <mobula/core/frame_memory.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/core/task_context.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>

namespace mobula::detail {

/// Counts a batch that a thread outside has begun as a task, so that the runtime does not end under it; in a task, that is
/// counted already. Throws no_runtime.
class batch_admission {
 public:
  explicit batch_admission(scheduler& s);
  batch_admission(batch_admission const&) = delete;
  ~batch_admission();

 private:
  std::shared_ptr<scheduler> from_outside_;  // null in a task
};

/// The control block of one batch of items [0, size): hands out pieces to whoever helps, and knows when all are done.
///
/// The caller works on the batch alone until it is worth waking somebody; only then does it make one of these. Pieces
/// are cut from what is left, so nobody has to decide beforehand how to share: large while there is much left, single
/// items at the end. A piece's size also follows the time that the last one took, so that handing out costs little.
/// Threads: any. Lifetime: shared by the caller and its helpers; a helper that comes late finds nothing left.
class batch {
 public:
  /// Does the items [at, end), one after the other, moving `at`. If it throws, `at` is the item that failed.
  using body_function = void (*)(void* body, std::size_t& at, std::size_t end);

  struct plan {
    scheduler& owner;
    body_function do_items;
    void* body;
    std::size_t first;  // the items before it are done
    std::size_t size;
    std::uint64_t ticks_per_item;     // a guess
    bool asynchronous;                // items are over only when `item_done` is told so
    std::size_t chunk = 0;            // items in a piece; 0 to decide by what they cost
    std::size_t helpers = 1'000'000;  // at most so many, and one for each worker
  };
  static batch* make(plan const& p);

  /// Tells whether so much is left that somebody who helps would gain more than waking costs.
  [[nodiscard]] static bool worth_helping(scheduler const& s, std::uint64_t ticks_left) noexcept;

  /// Asks for one helper, who asks for the next.
  void invite() noexcept;

  /// Does pieces until none is left.
  void help() noexcept;

  /// For asynchronous batches: one item is over.
  void item_done() noexcept { subtract(1); }

  // For the caller: looks whether all is over, and if not, publishes who is to be woken then; once it is, it finishes.

  /// Tells whether every item is done; if so, the caller sees what they have written.
  [[nodiscard]] bool over() const noexcept { return open_.load(std::memory_order_acquire) == 1; }

  /// Wakes `caller` when every item is done, which may be at once.
  void publish(resumer& caller) noexcept {
    caller_ = &caller;
    subtract(1);
  }

  /// Gives up the caller's share. Throws the error of the first item in order that failed; items that had not begun by
  /// then were left out.
  void finish();

 private:
  struct helper;

  explicit batch(plan const& p);
  [[nodiscard]] bool take(std::size_t wanted, std::size_t& begin, std::size_t& end) noexcept;
  void subtract(std::size_t n) noexcept;
  void fail(std::size_t item, std::exception_ptr why) noexcept;
  void release() noexcept;

  plan const plan_;
  std::size_t const most_helpers_;
  std::optional<task_context> context_;  // what helpers run in, if the caller's task can be stopped

  // The first item that nobody has taken. Taken by compare-and-exchange; the size when there is none.
  alignas(frame_alignment) std::atomic<std::size_t> next_;
  // Items that aren't done, plus one until the caller waits. Whoever takes it to zero wakes the caller; its acquire
  // pairs with the others' release, so that the caller sees every result.
  alignas(frame_alignment) std::atomic<std::size_t> open_;
  std::atomic<std::size_t> helpers_{0};  // ever invited
  std::atomic<std::size_t> shares_{1};
  resumer* caller_ = nullptr;  // set before the caller takes its one from open_

  std::mutex failure_mutex_;
  std::size_t failed_item_ = std::numeric_limits<std::size_t>::max();
  std::exception_ptr failure_;
};

/// Blocks until a batch is over: in a task the fiber, elsewhere the thread.
void block_until_over(batch& b);

}  // namespace mobula::detail
