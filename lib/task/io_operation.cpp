#include <mobula/task/io_operation.hpp>

#include <cassert>
#include <thread>

namespace mobula::detail {
namespace {

constexpr std::uintptr_t stop_requested = 1;

// Tells threads apart.
[[gnu::noinline]] std::uintptr_t this_thread() noexcept {
  alignas(8) thread_local char here;
  return reinterpret_cast<std::uintptr_t>(&here);
}

}  // namespace

// Asio can't be made to forget an operation at once: whoever waits must not be destroyed before it is over.
io_operation_base::~io_operation_base() { assert(waiter_ == nullptr || over_); }

void io_operation_base::begin(resumer& r) noexcept {
  waiter_ = &r;
  enter();
}

// With the operation held, so that it can't be over before.
void io_operation_base::watch_for_drop() noexcept {
  worker* const w = this_worker();
  if (w == nullptr) return;
  owner_ = &w->owner;
  parties_.store(2, std::memory_order_relaxed);
  owner_->add_timer(*this);
}

void io_operation_base::enter() noexcept {
  std::uintptr_t const me = this_thread();
  for (auto v = holder_.load(std::memory_order_relaxed);;) {
    if ((v & ~stop_requested) == me) break;
    if (v != 0) {  // for as long as another thread starts, stops or ends something
      std::this_thread::yield();
      v = holder_.load(std::memory_order_relaxed);
    } else if (holder_.compare_exchange_weak(v, me, std::memory_order_acquire, std::memory_order_relaxed)) {
      break;
    }
  }
  ++depth_;
}

void io_operation_base::leave() noexcept {
  if (depth_ > 1) return void(--depth_);
  while (!over_) {
    std::uintptr_t v = this_thread();
    depth_ = 0;
    if (holder_.compare_exchange_strong(v, 0, std::memory_order_release, std::memory_order_relaxed)) return;
    depth_ = 1;  // somebody has asked to stop meanwhile, and left that to the holder
    holder_.fetch_and(~stop_requested, std::memory_order_acquire);
    signal_.emit(boost::asio::cancellation_type::all);
  }
  depart(owner_ != nullptr && owner_->remove_timer(*this) ? 2 : 1);
}

bool io_operation_base::cancel() noexcept {
  cancelled_.store(true, std::memory_order_relaxed);
  stop();
  return false;
}

void io_operation_base::stop() noexcept {
  std::uintptr_t const me = this_thread();
  for (auto v = holder_.load(std::memory_order_relaxed);;) {
    std::uintptr_t const next = v == 0 ? me | stop_requested : v | stop_requested;
    if (!holder_.compare_exchange_weak(v, next, std::memory_order_acq_rel, std::memory_order_relaxed)) continue;
    if (v != 0) return;
    depth_ = 1;
    return leave();  // does it
  }
}

void io_operation_base::dropped(timer_node& n, bool) noexcept {
  auto& me = static_cast<io_operation_base&>(n);
  me.stop();
  me.depart(1);
}

void io_operation_base::depart(int parties) noexcept {
  if (parties_.fetch_sub(parties, std::memory_order_acq_rel) != parties) return;
  static_cast<void>(waiter_->try_claim());  // what has happened has happened, even if it came too late
  waiter_->wake(*waiter_);
}

}  // namespace mobula::detail
