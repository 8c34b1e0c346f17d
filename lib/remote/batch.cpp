#include <mobula/core/error.hpp>
#include <mobula/core/frame_memory.hpp>
#include <mobula/core/this_task.hpp>
#include <mobula/core/tick_clock.hpp>
#include <mobula/remote/batch.hpp>

#include <algorithm>
#include <new>
#include <thread>

namespace mobula::detail {

batch_admission::batch_admission(scheduler& s) {
  if (worker* const w = this_worker(); w != nullptr && &w->owner == &s) return;
  s.admit_task();
  from_outside_ = s.shared_from_this();
}

batch_admission::~batch_admission() {
  if (from_outside_ != nullptr) from_outside_->finish_from_outside();
}

// A helper's place in a queue.
struct batch::helper : job {
  explicit helper(batch& b) noexcept : job(&step), owner(b) {}

  static void step(job& j, job_verb) noexcept {
    auto* const me = static_cast<helper*>(&j);
    batch& b = me->owner;
    me->~helper();
    deallocate_frame(me, sizeof(helper));
    if (b.context_) this_worker()->context = &*b.context_;
    b.help();
    b.release();
  }

  batch& owner;
};

batch* batch::make(plan const& p) { return ::new (allocate_frame(sizeof(batch))) batch(p); }

batch::batch(plan const& p)
    : plan_(p),
      most_helpers_(std::min<std::size_t>(p.helpers, p.owner.concurrency())),
      next_(p.first),
      open_(p.size - p.first + 1) {
  if (task_context const* const caller = this_task_context()) {
    context_.emplace(nullptr, caller);
    context_->watch_parent();
  }
}

bool batch::worth_helping(scheduler const& s, std::uint64_t ticks_left) noexcept {
  // Waking takes some 60 us, measured. Whoever searches is there at once, but the kernel may put it aside just when it
  // has taken a piece, for milliseconds; so it is not asked for little either.
  std::uint64_t const microseconds = s.anyone_searches() ? 20 : 60;
  return ticks_left > microseconds * ticks_per_microsecond();
}

void batch::invite() noexcept {
  if (helpers_.load(std::memory_order_relaxed) >= most_helpers_) return;
  if (helpers_.fetch_add(1, std::memory_order_relaxed) >= most_helpers_) return;
  try {
    auto* const h = ::new (allocate_frame(sizeof(helper))) helper(*this);
    shares_.fetch_add(1, std::memory_order_relaxed);
    plan_.owner.submit(*h);
  } catch (std::bad_alloc const&) {  // then without help
  }
}

bool batch::take(std::size_t wanted, std::size_t& begin, std::size_t& end) noexcept {
  std::size_t const size = plan_.size;
  std::size_t const sharers = std::min(helpers_.load(std::memory_order_relaxed), most_helpers_) + 1;
  begin = next_.load(std::memory_order_relaxed);
  do {
    if (begin == size) return false;
    std::size_t const left = size - begin;
    end = begin + (plan_.chunk != 0 ? std::min(plan_.chunk, left)
                                    : std::min(wanted, std::max<std::size_t>(1, left / (2 * sharers))));
  } while (!next_.compare_exchange_weak(begin, end, std::memory_order_relaxed));
  return true;
}

void batch::help() noexcept {
  std::uint64_t const microsecond = ticks_per_microsecond();
  std::size_t wanted = std::max<std::size_t>(1, 5 * microsecond / std::max<std::uint64_t>(1, plan_.ticks_per_item));
  std::size_t begin = 0, end = 0;
  while (take(wanted, begin, end)) {
    if (worth_helping(plan_.owner, (plan_.size - end) * plan_.ticks_per_item)) invite();
    auto const start = ticks();
    std::size_t at = begin;
    try {
      this_task::check();  // if it is to stop, what has not begun is left out
      plan_.do_items(plan_.body, at, end);
    } catch (...) { fail(at, std::current_exception()); }
    auto const took = ticks() - start;
    if (took < 5 * microsecond && end - begin == wanted) wanted *= 2;
    if (took > 20 * microsecond && wanted > 1) wanted /= 2;
    std::size_t const over = plan_.asynchronous ? end - at : end - begin;  // of the asynchronous, those never begun
    if (over > 0) subtract(over);
  }
}

void batch::fail(std::size_t item, std::exception_ptr why) noexcept {
  {
    std::lock_guard const lock(failure_mutex_);
    if (item < failed_item_) {
      failed_item_ = item;
      failure_ = std::move(why);
    }
  }
  std::size_t const not_begun = plan_.size - next_.exchange(plan_.size, std::memory_order_relaxed);
  if (not_begun > 0) subtract(not_begun);
}

void batch::subtract(std::size_t n) noexcept {
  if (open_.fetch_sub(n, std::memory_order_acq_rel) == n) caller_->wake(*caller_);
}

void batch::finish() {
  std::exception_ptr const failure = std::move(failure_);
  release();
  if (failure) std::rethrow_exception(failure);
}

void batch::release() noexcept {
  if (shares_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  this->~batch();
  deallocate_frame(this, sizeof(batch));
}

void block_until_over(batch& b) {
  if (b.over()) return;
  try {
    block([](void* self, resumer& r) noexcept { static_cast<batch*>(self)->publish(r); }, &b);
  } catch (too_many_blocked const&) {
    // Others work on what lies on the caller's stack, so it must not be left: the worker waits too.
    while (!b.over()) std::this_thread::yield();
  }
}

}  // namespace mobula::detail
