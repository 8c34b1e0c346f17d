#pragma once

#include <mobula/core/frame_memory.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/future/future.hpp>
#include <mobula/remote/call.hpp>
#include <mobula/remote/call_site.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace mobula::detail {

template <class Call>
class call_block;

/// A call that is a task of its own, as task_call, but lies in a block with others. It depends on nothing.
template <class Call>
class block_call final : public call_state<block_call<Call>, Call> {
  using base = call_state<block_call<Call>, Call>;

 public:
  template <class... Args>
  block_call(call_block<Call>& block, call_site const& where, Args&&... args)
      : base(where, std::forward<Args>(args)...), block_(block) {}

 private:
  friend base;

  void step_in_queue(job_verb verb) noexcept { this->run_as_task(verb); }
  void destroy() noexcept {
    call_block<Call>& block = block_;
    std::destroy_at(this);
    block.release();
  }
  auto before_completion() const noexcept {
    return []() noexcept { scheduler::finish_task(); };
  }

  call_block<Call>& block_;
};

/// One allocation for many calls. They go one by one, each when its task and its futures are gone; the memory goes with
/// the last.
template <class Call>
class call_block {
  using state = block_call<Call>;

 public:
  /// How many calls a block should hold if there are so many in all: all of them, unless that is a lot of memory. That
  /// much is new from the system each time, page by page, and a single future would keep all of it; then rather many
  /// blocks, which come from the free lists.
  static constexpr std::size_t capacity_for(std::size_t all) noexcept {
    constexpr std::size_t largest = std::size_t{16} << 20;
    if (all <= largest / sizeof(state)) return all;
    std::size_t n = 1;
    while (size_for(n + 1) <= largest_pooled_frame) ++n;
    return n;
  }

  /// Makes a block for so many calls. Whoever makes it holds it until `release`.
  [[nodiscard]] static call_block* make(std::size_t capacity) {
    return ::new (allocate_frame(size_for(capacity))) call_block(capacity);
  }

  /// Adds a call; before any of the block is submitted.
  template <class... Args>
  state& add(call_site const& where, Args&&... args) {
    std::uint32_t const made = holders_.load(std::memory_order_relaxed) - 1;
    void* const place = reinterpret_cast<std::byte*>(this) + size_for(made);
    state* const s = ::new (place) state(*this, where, std::forward<Args>(args)...);
    holders_.store(made + 2, std::memory_order_relaxed);
    return *s;
  }
  [[nodiscard]] bool full() const noexcept { return holders_.load(std::memory_order_relaxed) > capacity_; }

  void release() noexcept {
    if (holders_.load(std::memory_order_acquire) != 1 && holders_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    std::size_t const size = size_for(capacity_);
    std::destroy_at(this);
    deallocate_frame(this, size);
  }

 private:
  explicit call_block(std::size_t capacity) noexcept : capacity_(static_cast<std::uint32_t>(capacity)) {}

  static constexpr std::size_t size_for(std::size_t calls) noexcept {
    std::size_t const first = (sizeof(call_block) + alignof(state) - 1) / alignof(state) * alignof(state);
    return first + calls * sizeof(state);
  }

  std::uint32_t const capacity_;
  // The calls that are not gone, and one while it is being filled. A release pairs with the acquire of the last one, who
  // frees.
  std::atomic<std::uint32_t> holders_{1};
};

/// Calls that are made to be submitted at once. What has not been submitted goes with the list.
template <class Call>
class call_list {
 public:
  /// For so many calls.
  explicit call_list(std::size_t count) noexcept : left_(count), capacity_(call_block<Call>::capacity_for(count)) {}
  call_list(call_list const&) = delete;
  ~call_list() {
    while (first_ != nullptr) {
      job& j = *std::exchange(first_, first_->next);
      j.step(j, job_verb::destroy);
    }
    if (block_ != nullptr) block_->release();
  }

  /// Makes a call, the next of them.
  template <class... Args>
  block_call<Call>& add(call_site const& where, Args&&... args) {
    if (block_ == nullptr) block_ = call_block<Call>::make(std::min(capacity_, left_));
    block_call<Call>& made = block_->add(where, std::forward<Args>(args)...);
    if (block_->full()) std::exchange(block_, nullptr)->release();
    (last_ != nullptr ? last_->next : first_) = &made;
    last_ = &made;
    ++size_;
    --left_;
    return made;
  }

  /// When all have been made, and their futures. Throws no_runtime.
  template <class T>
  void submit(scheduler& s, std::vector<future<T>> const& futures) {
    task_context const* const parent = this_task_context();
    if (parent != nullptr || (this_worker() == nullptr && s.cancellable))
      for (job* j = first_; j != nullptr; j = j->next)
        static_cast<block_call<Call>&>(*j).set_context(context_for_child(nullptr, s, false));
    s.admit_tasks(size_);
    if (parent != nullptr && parent->place().level != priority::normal) {
      for (std::size_t left = size_; left != 0; --left) {
        job& j = *std::exchange(first_, first_->next);
        static_cast<block_call<Call>&>(j).begin_on(s);
      }
      first_ = nullptr;
      return;
    }
    s.submit_list(*std::exchange(first_, nullptr), *last_, size_,
                  [&](std::size_t i) -> job& { return future_access::state(futures[i]); });
  }

 private:
  job* first_ = nullptr;  // linked by `next`
  job* last_ = nullptr;
  std::size_t size_ = 0;
  std::size_t left_;  // to be made
  std::size_t const capacity_;
  call_block<Call>* block_ = nullptr;  // the one that is being filled
};

}  // namespace mobula::detail
