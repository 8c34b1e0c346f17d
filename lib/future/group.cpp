#include <mobula/future/group.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

namespace mobula::detail {

// It is on the heap, as a state that has just become ready may still be about to notify its waiter here when the wait is
// over already; each waiter that can still be notified holds a share, and so does the one who waits.
class group_operation::group {
 public:
  group(std::span<shared_state_base* const> pending, std::uint64_t needed)
      : needed_(needed), shares_(pending.size() + 1), size_(pending.size()), entries_(new entry[size_]) {
    for (std::size_t i = 0; i < size_; ++i) {
      entries_[i].owner = this;
      entries_[i].state = pending[i];
    }
  }

  void start(resumer& r) noexcept {
    resumer_ = &r;
    hold();  // once it is woken, who waits may give up its share before this is through
    for (std::size_t i = 0; i < size_; ++i)
      if (!entries_[i].state->add(entries_[i])) entries_[i].notify(entries_[i]);
    change(started);
    release(1);
  }

  [[nodiscard]] bool cancel() noexcept { return !change(cancelled); }

  // The wait is over: takes the waiters out, and gives up what nobody will notify any more.
  void finish() noexcept {
    if (resumer_ == nullptr) return release(size_ + 1);  // never started
    std::size_t done = 1;
    for (std::size_t i = 0; i < size_; ++i)
      if (!entries_[i].told.load(std::memory_order_relaxed) && entries_[i].state->remove(entries_[i])) ++done;
    release(done);
  }

 private:
  struct entry : waiter {
    entry() noexcept
        : waiter([](waiter& w) noexcept {
            static_cast<entry&>(w).told.store(true, std::memory_order_relaxed);
            group& g = *static_cast<entry&>(w).owner;
            g.change(1);
            g.release(1);
          }) {}
    group* owner = nullptr;
    shared_state_base* state = nullptr;
    // Set by the state, or by the starter if that was ready before this could be added; the state may be gone then, as results
    // are read before the wait is taken back. Relaxed: set before `change`, by which who is woken sees it of all that were
    // waited for.
    std::atomic<bool> told{false};
  };

  static constexpr std::uint64_t started = std::uint64_t{1} << 40;
  static constexpr std::uint64_t cancelled = std::uint64_t{1} << 41;

  [[nodiscard]] bool wakes(std::uint64_t v) const noexcept {
    return (v & started) != 0 && (v & cancelled) == 0 && (v & (started - 1)) >= needed_;
  }

  // Adds to the state; whoever makes it one that wakes, wakes. Tells whether it was or became one.
  bool change(std::uint64_t what) noexcept {
    auto const before = state_.fetch_add(what, std::memory_order_acq_rel);
    if (wakes(before)) return true;
    if (!wakes(before + what)) return false;
    static_cast<void>(resumer_->try_claim());
    resumer_->wake(*resumer_);
    return true;
  }

  void hold() noexcept { shares_.fetch_add(1, std::memory_order_relaxed); }
  void release(std::size_t n) noexcept {
    if (shares_.fetch_sub(n, std::memory_order_acq_rel) == n) delete this;
  }

  std::uint64_t const needed_;
  // Futures that have become ready, plus `started` when all have been added, plus `cancelled` if it was given up. The one
  // change after which it wakes is the one that wakes, so there is one.
  std::atomic<std::uint64_t> state_{0};
  std::atomic<std::size_t> shares_;
  resumer* resumer_ = nullptr;  // set before any waiter is added
  std::size_t const size_;
  std::unique_ptr<entry[]> entries_;
};

group_operation::~group_operation() {
  if (group_ != nullptr) group_->finish();
}

bool group_operation::ready() {
  std::size_t const before = pending_.size();
  by_tasks_ = true;
  std::erase_if(pending_, [this](shared_state_base const* s) {
    if (s->ready()) return true;
    by_tasks_ = by_tasks_ && s->by_task();
    return false;
  });
  needed_ -= std::min(needed_, before - pending_.size());
  if (needed_ == 0) return true;
  if (process_number != 1) check_not_lost();
  if (group_ == nullptr) group_ = new group(pending_, needed_);
  return false;
}

// In the child of a fork: whether so many can still come.
void group_operation::check_not_lost() const {
  auto const lost = [](shared_state_base const* s) { return s->is_lost(); };
  auto const first = std::find_if(pending_.begin(), pending_.end(), lost);
  auto const count = static_cast<std::size_t>(std::count_if(first, pending_.end(), lost));
  if (needed_ > pending_.size() - count) (*first)->check_not_lost();
}

bool group_operation::start(resumer& r) noexcept {
  group_->start(r);
  return true;
}

bool group_operation::cancel() noexcept { return group_->cancel(); }

}  // namespace mobula::detail
