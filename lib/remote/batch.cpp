#include <mobula/core/error.hpp>
#include <mobula/core/frame_memory.hpp>
#include <mobula/core/this_task.hpp>
#include <mobula/core/tick_clock.hpp>
#include <mobula/remote/batch.hpp>
#include <mobula/remote/batch_end.hpp>

#include <algorithm>
#include <new>
#include <thread>
#include <utility>

namespace mobula::detail {

batch_admission::batch_admission(scheduler& s) {
  if (worker* const w = this_worker(); w != nullptr && &w->owner == &s) return;
  s.admit_task();
  from_outside_ = s.shared_from_this();
}

batch_admission::~batch_admission() {
  if (from_outside_ != nullptr) from_outside_->finish_from_outside();
}

batch::helper::helper(batch& b, std::size_t n) noexcept : job(&step), owner(b), number(n) {}

void batch::helper::step(job& j, job_verb) noexcept {
  auto* const me = static_cast<helper*>(&j);
  batch& b = me->owner;
  std::size_t const number = me->number;
  if (me != &b.first_helper_) {
    me->~helper();
    deallocate_frame(me, sizeof(helper));
  }
  // One change to leave: what it did is over, and it will not touch the batch any more, unless it is to free it, as the
  // caller has gone, or to wake the caller, who then holds it.
  if (b.context_) b.context_->enter();
  std::uint64_t const done = b.help(number);
  if (b.context_ && b.context_->record() != nullptr) b.context_->record()->ends_piece();
  this_worker()->context = nullptr;
  std::uint64_t const before = b.state_.fetch_sub(one_holder + done, std::memory_order_acq_rel);
  if (before < 2 * one_holder)
    b.destroy();
  else if (done > 0 && (before & open_mask) == done)
    b.wake_caller();
}

// The units [begin, end) in one word, begin in its upper half; no such word comes twice in the life of a batch, as
// units that somebody has taken never come back: so a compare-and-exchange that succeeds has changed what was read. All
// of it relaxed: what the items need was there before the helpers were asked, and what they write is ordered by state_.
struct alignas(frame_alignment) batch::share {
  static constexpr std::uint64_t word(std::uint64_t begin, std::uint64_t end) noexcept { return begin << 32 | end; }
  static constexpr std::uint64_t begin_of(std::uint64_t w) noexcept { return w >> 32; }
  static constexpr std::uint64_t end_of(std::uint64_t w) noexcept { return w & 0xffff'ffff; }
  static constexpr std::uint64_t size_of(std::uint64_t w) noexcept { return end_of(w) - begin_of(w); }

  std::atomic<std::uint64_t> range{0};
};

namespace {

constexpr std::uint64_t most_units = 0xffff'ffff;

// How many units a piece should have, by how long those before took: some microseconds' worth.
class piece_size {
 public:
  piece_size(std::uint64_t ticks_per_unit, std::size_t chunk) noexcept
      : chunk_(chunk), most_(std::max<std::size_t>(1, 2 * microsecond_ / std::max<std::uint64_t>(1, ticks_per_unit))) {}

  [[nodiscard]] std::size_t most() const noexcept { return chunk_ != 0 ? chunk_ : most_; }
  void took(std::uint64_t ticks, std::size_t units) noexcept {
    if (ticks < 2 * microsecond_) {
      if (units == most_) most_ *= 2;
    } else if (ticks > 8 * microsecond_ && most_ > 1) {
      most_ = std::max<std::size_t>(1, 4 * microsecond_ * units / ticks);
    }
  }

 private:
  std::uint64_t const microsecond_ = ticks_per_microsecond();
  std::size_t const chunk_;
  std::size_t most_;
};

}  // namespace

std::size_t batch::bytes(std::size_t shares) noexcept { return sizeof(batch) + shares * sizeof(share); }

// They follow the batch in its memory.
batch::share* batch::shares() noexcept { return std::launder(reinterpret_cast<share*>(this + 1)); }

batch* batch::make(plan const& p) {
  std::size_t const helpers =
      std::min<std::size_t>({p.helpers, p.owner.concurrency() - (p.caller_helps ? 1 : 0), p.size - p.first});
  return ::new (allocate_frame(bytes(helpers + 1))) batch(p, helpers);
}

batch::batch(plan const& p, std::size_t helpers)
    : plan_(p),
      most_helpers_(helpers),
      unit_((p.size - p.first) / most_units + 1),
      least_theft_(
          std::max<std::uint64_t>(1, ticks_per_microsecond() / 2 / std::max<std::uint64_t>(1, p.ticks_per_item))),
      first_helper_(*this, p.caller_helps ? 1 : 0),
      state_(one_holder + p.size - p.first + 1) {
  for (std::size_t i = 0; i <= helpers; ++i) ::new (static_cast<void*>(shares() + i)) share;
  std::uint64_t const units = (p.size - p.first + unit_ - 1) / unit_;
  bool const halves = p.caller_helps && helpers > 0 && p.chunk < p.size - p.first;
  std::uint64_t const middle = halves ? units - units / 2 : units;
  shares()[0].range.store(share::word(0, middle), std::memory_order_relaxed);
  if (halves) shares()[1].range.store(share::word(middle, units), std::memory_order_relaxed);
  task_context const* const caller = this_task_context();
  if (caller != nullptr || (tracking() && this_worker() == nullptr)) {
    context_.emplace(nullptr, caller);
    context_->watch_parent();
    if (task_record* const r = context_->record()) r->set_part("helpers of a batch", *context_);
  }
}

// Measured: to wake a worker costs the caller some microseconds, and it comes after some 60. Whoever searches comes after
// half of one.
bool batch::worth_helping(scheduler const& s, std::uint64_t ticks_left) noexcept {
  std::uint64_t const microseconds = s.anyone_searches() ? 3 : 150;
  return ticks_left > microseconds * ticks_per_microsecond();
}

void batch::did_alone(scheduler& s, std::uint64_t took) noexcept {
  std::uint64_t const microsecond = ticks_per_microsecond();
  if (took < 5 * microsecond || s.anyone_searches()) return;
  if (s.credit.add(ticks(), took, microsecond)) s.wake_for_more();
}

void batch::invite() noexcept {
  if (helpers_.load(std::memory_order_relaxed) >= most_helpers_) return;
  std::size_t const number = helpers_.fetch_add(1, std::memory_order_relaxed);
  if (number >= most_helpers_) return;
  try {
    auto* const h = number == 0 ? &first_helper_
                                : ::new (allocate_frame(sizeof(helper))) helper(*this, first_helper_.number + number);
    state_.fetch_add(one_holder, std::memory_order_relaxed);  // by one who holds it
    if (context_)
      context_->begin(*h, plan_.owner);
    else
      plan_.owner.hand_over(*h);
  } catch (std::bad_alloc const&) {  // then without help
  }
}

// From the front, or from the end; half of what there is at most, but not less than is worth the trouble.
bool batch::take(share& own, std::size_t most, bool from_end, piece& taken) noexcept {
  std::uint64_t r = own.range.load(std::memory_order_relaxed);
  std::uint64_t begin = 0, end = 0, rest = 0;
  do {
    std::uint64_t const size = share::size_of(r);
    if (size == 0) return false;
    std::uint64_t const n =
        plan_.chunk != 0 ? std::min<std::uint64_t>(most, size)
                         : std::min({std::uint64_t{most}, std::max<std::uint64_t>(size / 2, least_theft_), size});
    begin = from_end ? share::end_of(r) - n : share::begin_of(r);
    end = begin + n;
    rest = from_end ? share::word(share::begin_of(r), begin) : share::word(end, share::end_of(r));
  } while (!own.range.compare_exchange_weak(r, rest, std::memory_order_relaxed));
  taken = {plan_.first + begin * unit_, std::min(plan_.size, plan_.first + end * unit_)};
  return true;
}

bool batch::steal_from(share& victim, share& own, std::size_t least) noexcept {
  std::uint64_t r = victim.range.load(std::memory_order_relaxed);
  for (;;) {
    std::uint64_t const size = share::size_of(r);
    if (size < least) return false;
    std::uint64_t const chunk = std::max<std::uint64_t>(1, plan_.chunk / unit_);
    std::uint64_t const half = std::min(size, (((size + chunk - 1) / chunk + 1) / 2) * chunk);
    std::uint64_t const middle = share::end_of(r) - half;
    if (!victim.range.compare_exchange_weak(r, share::word(share::begin_of(r), middle), std::memory_order_relaxed))
      continue;
    own.range.store(share::word(middle, middle + half),
                    std::memory_order_relaxed);  // it was empty: nobody else writes it
    return true;
  }
}

// What little somebody has left is left to them for a moment, but not for ever, as they may be at a long item, or not here
// yet. False once all shares are empty; what another thief is just carrying away is that one's to do.
bool batch::steal(std::size_t number) noexcept {
  for (int looks = 0;; ++looks) {
    std::size_t const asked = std::max<std::size_t>(1, helpers_.load(std::memory_order_relaxed));
    std::size_t const count = std::min(asked, most_helpers_) + 1;
    bool const all = looks > 20 || stop_at_.load(std::memory_order_relaxed) < plan_.size;
    bool any = false;
    for (std::size_t i = 1; i < count; ++i) {
      share& victim = shares()[(number + i) % count];
      if (steal_from(victim, shares()[number], all ? 1 : least_theft_)) return true;
      any |= share::size_of(victim.range.load(std::memory_order_relaxed)) != 0;
    }
    if (!any) return false;
    __builtin_ia32_pause();
  }
}

std::size_t batch::run(piece p) noexcept {
  std::size_t at = p.begin;
  bool stops = true;
  try {
    this_task::check();  // if it is to stop, what has not begun is left out
    stops = false;
    plan_.do_items(plan_.body, at, p.end);
  } catch (...) { fail(at, failure_ptr::capture(std::current_exception()), stops ? 0 : at); }
  return plan_.asynchronous ? p.end - at : p.end - p.begin;  // of the asynchronous, those never begun
}

std::size_t batch::discard(share& own) noexcept {
  std::uint64_t const r = own.range.exchange(0, std::memory_order_relaxed);
  return std::min<std::size_t>(plan_.size, plan_.first + share::end_of(r) * unit_) -
         std::min<std::size_t>(plan_.size, plan_.first + share::begin_of(r) * unit_);
}

std::size_t batch::help(std::size_t number) noexcept {
  share& own = shares()[number];
  piece_size size(plan_.ticks_per_item * unit_, (plan_.chunk + unit_ - 1) / unit_);
  std::size_t over = 0;
  bool from_end = number != 0;
  do {
    piece p{};
    for (auto start = ticks(); take(own, size.most(), from_end, p); from_end = false) {
      std::size_t const stop = std::clamp(stop_at_.load(std::memory_order_relaxed), p.begin, p.end);
      if (stop != p.begin) over += run({p.begin, stop});
      over += p.end - stop;
      if (stop == p.begin && !from_end) over += discard(own);  // what is left of the share lies behind the piece
      auto const now = ticks();
      std::uint64_t const took = now - start, done = (p.end - p.begin + unit_ - 1) / unit_;
      start = now;
      size.took(took, done);
      if (helpers_.load(std::memory_order_relaxed) >= most_helpers_) continue;
      std::uint64_t const left = share::size_of(own.range.load(std::memory_order_relaxed));
      if (worth_helping(plan_.owner, took / done * left)) invite();
    }
    from_end = true;
  } while (steal(number));
  return over;
}

std::size_t batch::help() noexcept {
  callers_ = help(0);
  if (plan_.asynchronous) return callers_;
  // The others are at their last pieces, which are short unless an item is long: to sleep would cost more.
  std::uint64_t const limit = ticks() + 10 * ticks_per_microsecond();
  while (!over() && ticks() < limit)
    for (int i = 0; i < 4 && !over(); ++i) __builtin_ia32_pause();
  return callers_;
}

void batch::fail(std::size_t item, failure_ptr why, std::size_t stop_at) noexcept {
  static_cast<void>(why.read());  // of others than the first nobody is told
  std::lock_guard const lock(failure_mutex_);
  if (stop_at < stop_at_.load(std::memory_order_relaxed)) stop_at_.store(stop_at, std::memory_order_relaxed);
  if (item >= failed_item_) return;
  failed_item_ = item;
  failure_ = std::move(why);
}

void batch::subtract(std::uint64_t n) noexcept {
  if ((state_.fetch_sub(n, std::memory_order_acq_rel) & open_mask) == n) wake_caller();
}

void batch::wake_caller() noexcept {
  resumer& r = *caller_;
  static_cast<void>(r.try_claim());  // that all items are done can't be refused
  r.wake(r);
}

void batch::finish() {
  failure_ptr const failure = std::move(failure_);
  bool const alone = state_.load(std::memory_order_acquire) < 2 * one_holder;  // then it remains so
  if (alone || state_.fetch_sub(one_holder, std::memory_order_acq_rel) < 2 * one_holder) destroy();
  if (failure) failure.rethrow();
}

void batch::destroy() noexcept {
  std::size_t const size = bytes(most_helpers_ + 1);
  this->~batch();
  deallocate_frame(this, size);
}

void block_until_over(batch& b) {
  if (b.over()) return;
  auto const note = note_of(batch_end(b), false);
  try {
    block([](void* self, resumer& r) noexcept { static_cast<batch*>(self)->publish(r); }, &b);
  } catch (too_many_blocked const&) {
    // Others work on what lies on the caller's stack, so it must not be left: the worker waits too.
    while (!b.over()) std::this_thread::yield();
  }
}

}  // namespace mobula::detail
