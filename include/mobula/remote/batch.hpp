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

/// The control block of one batch of items [0, size): shares them among whoever helps, and knows when all are done.
///
/// The caller works on the batch alone until it is worth asking somebody; only then does it make one of these. Each
/// participant has a share, a range of items from whose front it takes piece after piece; whoever has none left takes
/// half of another's, from the end. So who works undisturbed touches nothing that others write to. The first helper
/// finds half of all in its share already; if it never comes, the caller takes it back bit by bit. A piece follows the
/// time that the last one took, so that taking costs little, and is half of the share at most, so that others find
/// something; whoever comes into a share takes one from its end first, as the costliest items of an ordered range lie at
/// one end.
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
    bool caller_helps;                // else the first helper has the caller's share
    std::size_t chunk = 0;            // items in a piece; 0 to decide by what they cost
    std::size_t helpers = 1'000'000;  // at most so many
  };
  static batch* make(plan const& p);

  /// Tells whether so much is left that somebody who helps would gain more than asking costs.
  [[nodiscard]] static bool worth_helping(scheduler const& s, std::uint64_t ticks_left) noexcept;

  /// The caller has done a whole batch alone in so many ticks. If such calls follow each other, somebody is woken for the
  /// next ones.
  static void did_alone(scheduler& s, std::uint64_t took) noexcept;

  /// Asks for one helper, who asks for the next.
  void invite() noexcept;

  /// For the caller: does pieces until none is left, and looks for a moment whether the others are done. Gives how many
  /// items it did.
  std::size_t help() noexcept;

  /// For asynchronous batches: one item is over.
  void item_done() noexcept { subtract(1); }

  // For the caller: looks whether all is over, and if not, publishes who is to be woken then; once it is, it finishes.

  /// Tells whether every item is done; if so, the caller sees what they have written.
  [[nodiscard]] bool over() const noexcept {
    return (state_.load(std::memory_order_acquire) & open_mask) == callers_ + 1;
  }

  /// Wakes `caller` when every item is done, which may be at once.
  void publish(resumer& caller) noexcept {
    caller_ = &caller;
    subtract(callers_ + 1);
  }

  /// Gives up the caller's share. Throws the error of the first item in order that failed, as a loop would: all before it
  /// are done. Of those behind it, what had not begun was left out.
  void finish();

 private:
  // A helper's place in a queue.
  struct helper : job {
    helper(batch& b, std::size_t n) noexcept;
    static void step(job& j, job_verb) noexcept;

    batch& owner;
    std::size_t const number;
  };
  struct share;
  struct piece {
    std::size_t begin, end;
  };

  explicit batch(plan const& p, std::size_t helpers);
  [[nodiscard]] static std::size_t bytes(std::size_t shares) noexcept;
  [[nodiscard]] share* shares() noexcept;
  [[nodiscard]] std::size_t help(std::size_t number) noexcept;
  [[nodiscard]] std::size_t run(piece p) noexcept;
  [[nodiscard]] bool take(share& own, std::size_t most, bool from_end, piece& taken) noexcept;
  [[nodiscard]] bool steal(std::size_t number) noexcept;
  [[nodiscard]] bool steal_from(share& victim, share& own, std::size_t least) noexcept;
  [[nodiscard]] std::size_t discard(share& own) noexcept;
  void subtract(std::uint64_t n) noexcept;
  void wake_caller() noexcept;
  void fail(std::size_t item, failure_ptr why, std::size_t stop_at) noexcept;
  void destroy() noexcept;

  // state_: the items that aren't done, and one for the caller until it waits; above them, who may still touch this: the
  // caller, and helpers that were asked and have not left.
  static constexpr std::uint64_t one_holder = std::uint64_t{1} << 48, open_mask = one_holder - 1;

  plan const plan_;
  std::size_t const most_helpers_;
  std::optional<task_context> context_;  // what helpers run in, if the caller's task can be stopped
  std::size_t const unit_;               // items that stay together, so that their number fits into 32 bits
  std::size_t const least_theft_;        // units; less is soon done by whoever has it

  std::atomic<std::size_t> helpers_{0};  // ever invited; relaxed: who comes later looks at shares that are empty or not
  // Items from here on are not begun any more: behind the first that has failed so far, or all, if the task is to stop.
  // Written under the lock, relaxed: who sees it late does a piece more.
  std::atomic<std::size_t> stop_at_{std::numeric_limits<std::size_t>::max()};
  helper first_helper_;  // lies here, so that there is always memory for one

  // Whoever takes the open items to zero wakes the caller; whoever takes the holders to zero frees. Each change releases,
  // and these acquire, as does `over`: so the caller sees every result, and nobody touches what is freed. A helper leaves
  // by one change that does both. What the caller has done itself is subtracted only when it waits.
  alignas(frame_alignment) std::atomic<std::uint64_t> state_;
  std::size_t callers_ = 0;    // items that the caller has done; only by the caller
  resumer* caller_ = nullptr;  // set before the caller takes its one from the open items

  std::mutex failure_mutex_;
  std::size_t failed_item_ = std::numeric_limits<std::size_t>::max();
  failure_ptr failure_;
};

/// Blocks until a batch is over: in a task the fiber, elsewhere the thread.
void block_until_over(batch& b);

}  // namespace mobula::detail
