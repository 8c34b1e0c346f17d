#include <mobula/core/block.hpp>
#include <mobula/future/wait.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>

namespace mobula::detail {
namespace {

// One wait for some of many. It is on the heap, as a state that has just become ready may still be about to notify its
// waiter here when the wait is over already; each waiter that can still be notified holds a share, and so do the
// publisher and the one who waits.
class group_wait {
 public:
  group_wait(std::span<shared_state_base* const> pending, std::uint64_t needed)
      : needed_(needed), shares_(pending.size() + 2), size_(pending.size()), entries_(new entry[size_]) {
    for (std::size_t i = 0; i < size_; ++i) {
      entries_[i].group = this;
      entries_[i].state = pending[i];
    }
  }

  static void publish(void* self, resumer& r) noexcept {
    auto& g = *static_cast<group_wait*>(self);
    g.resumer_ = &r;
    for (std::size_t i = 0; i < g.size_; ++i)
      if (!g.entries_[i].state->add(g.entries_[i])) g.arrive(i);
    g.change(published);
    g.release(1);  // the publisher's
  }

  static bool cancel(void* self) noexcept { return !static_cast<group_wait*>(self)->change(cancelled); }

  // The wait is over: takes the waiters out, and gives up what nobody will notify any more.
  void finish() noexcept {
    if (resumer_ == nullptr) return release(size_ + 2);  // blocking has failed: nothing was added
    std::size_t done = 1;
    for (std::size_t i = 0; i < size_; ++i)
      if (!entries_[i].arrived && entries_[i].state->remove(entries_[i])) ++done;
    release(done);
  }

 private:
  struct entry : waiter {
    entry() noexcept
        : waiter([](waiter& w) noexcept {
            group_wait& g = *static_cast<entry&>(w).group;
            g.change(1);
            g.release(1);
          }) {}
    group_wait* group = nullptr;
    shared_state_base* state = nullptr;
    bool arrived = false;  // was ready before it could be added; only the publisher writes it, before `published`
  };

  static constexpr std::uint64_t published = std::uint64_t{1} << 40;
  static constexpr std::uint64_t cancelled = std::uint64_t{1} << 41;

  [[nodiscard]] bool wakes(std::uint64_t v) const noexcept {
    return (v & published) != 0 && (v & cancelled) == 0 && (v & (published - 1)) >= needed_;
  }

  void arrive(std::size_t i) noexcept {
    entries_[i].arrived = true;
    change(1);
    release(1);
  }

  // Adds to the state; whoever makes it one that wakes, wakes. Tells whether it was or became one.
  bool change(std::uint64_t what) noexcept {
    auto const before = state_.fetch_add(what, std::memory_order_acq_rel);
    if (wakes(before)) return true;
    if (!wakes(before + what)) return false;
    resumer_->wake(*resumer_);
    return true;
  }

  void release(std::size_t n) noexcept {
    if (shares_.fetch_sub(n, std::memory_order_acq_rel) == n) delete this;
  }

  std::uint64_t const needed_;
  // Futures that have become ready, plus `published` when all have been added, plus `cancelled` after a timeout. The
  // one change after which it wakes is the one that wakes, so there is one.
  std::atomic<std::uint64_t> state_{0};
  std::atomic<std::size_t> shares_;
  resumer* resumer_ = nullptr;  // set before any waiter is added
  std::size_t const size_;
  std::unique_ptr<entry[]> entries_;
};

}  // namespace

void check_wait(std::size_t num_returns, std::size_t size) {
  if (num_returns >= 1 && num_returns <= size) return;
  throw std::invalid_argument("mobula::wait: num_returns is " + std::to_string(num_returns) +
                              "; it must be from 1 to " + std::to_string(size) + ", the number of futures");
}

void wait_for_some(std::span<shared_state_base* const> states, std::size_t count, std::optional<duration> timeout) {
  std::vector<shared_state_base*> pending;
  for (auto* s : states)
    if (!s->ready()) pending.push_back(s);
  std::size_t const ready = states.size() - pending.size();
  if (ready >= count || (timeout && *timeout <= duration::zero())) return;
  auto* const group = new group_wait(pending, count - ready);
  try {
    if (timeout)
      block_until(deadline_after(*timeout), &group_wait::publish, &group_wait::cancel, group);
    else
      block(&group_wait::publish, group);
  } catch (...) {
    group->finish();
    throw;
  }
  group->finish();
}

}  // namespace mobula::detail
