#include "reactor.hpp"

#include <mobula/core/executor.hpp>

#include <boost/asio/post.hpp>

#include <chrono>
#include <new>

namespace mobula::detail {

// What `interrupt` posts: Asio keeps it in memory that is always there, so an interrupt can't fail.
struct reactor::waker {
  template <class T>
  struct allocator {
    using value_type = T;

    explicit allocator(reactor& r) noexcept : owner(&r) {}
    template <class U>
    allocator(allocator<U> const& other) noexcept : owner(other.owner) {}  // NOLINT: allocators convert

    [[nodiscard]] T* allocate(std::size_t n) const {
      if (n * sizeof(T) > sizeof(owner->interrupt_memory_)) throw std::bad_alloc();
      static_assert(alignof(T) <= alignof(std::max_align_t));
      return reinterpret_cast<T*>(owner->interrupt_memory_.data());
    }
    void deallocate(T*, std::size_t) const noexcept {}
    friend bool operator==(allocator const&, allocator const&) noexcept = default;

    reactor* owner;
  };
  using allocator_type = allocator<void>;

  [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(*owner); }
  void operator()() const noexcept { owner->interrupting_.exchange(false, std::memory_order_acq_rel); }

  reactor* owner;
};

void reactor::arm() noexcept {
  if (try_to_arm()) return;
  unarmed_.store(true, std::memory_order_seq_cst);
  interrupt();
}

// False if there is no memory for it.
bool reactor::try_to_arm() noexcept {
  std::lock_guard const lock(mutex_);
  time_point const first = timers_.first();
  if (first >= armed_for_) return true;
  try {
    alarm_.expires_at(first);
    armed_for_ = time_point::max();
    alarm_.async_wait([this](boost::system::error_code const& e) {
      if (!e) on_timer();
    });
  } catch (...) { return false; }
  armed_for_ = first;
  return true;
}

// An exception in here is that of a handler which its owner has bound to an executor of another kind than ours, or there
// was no memory to make a job of one.
template <class Run>
bool reactor::run(Run one) noexcept {
  try {
    return one() != 0;
  } catch (...) {
    report_handler_failure();
    return true;
  }
}

// All that has come, so that those who share the work see it at once; but not for ever, as the caller has jobs to do now.
void reactor::poll() noexcept {
  for (int n = 0; n < 256; ++n)
    if (!run([this] { return context_.poll_one(); })) return;
}

void reactor::sleep() noexcept {
  bool const unarmed = unarmed_.exchange(false, std::memory_order_seq_cst) && !try_to_arm();
  if (unarmed) {
    unarmed_.store(true, std::memory_order_seq_cst);
    run([this] { return context_.run_one_for(std::chrono::milliseconds(1)); });
    timers_.fire_due(std::chrono::steady_clock::now());
  } else {
    run([this] { return context_.run_one(); });
  }
  poll();
}

void reactor::close() noexcept { context_.close(); }

void reactor::interrupt() noexcept {
  if (!interrupting_.exchange(true, std::memory_order_acq_rel)) boost::asio::post(context_, waker{this});
}

void reactor::on_timer() noexcept {
  {
    std::lock_guard const lock(mutex_);
    armed_for_ = time_point::max();
  }
  timers_.fire_due(std::chrono::steady_clock::now());
  arm();
}

}  // namespace mobula::detail
