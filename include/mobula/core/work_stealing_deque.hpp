#pragma once

#include <mobula/core/atomics.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace mobula::detail {

/// A queue of pointers with one owner, who works at the bottom, and many thieves, who take from the top.
///
/// Source: Chase and Lev, "Dynamic circular work-stealing deque", SPAA 2005; orderings after Le, Pop, Cohen and
/// Zappa Nardelli, PPoPP 2013, with orderings on the operations where they use fences, which ThreadSanitizer
/// does not follow.
/// Threads: `push`, `pop` and `pop_if` by the owner only; `steal`, `empty` and `size` by anyone.
template <class T, class Atomics = std_atomics>
class work_stealing_deque {
  template <class U>
  using atomic = typename Atomics::template atomic<U>;

 public:
  explicit work_stealing_deque(std::int64_t capacity = 1 << 10) { use(new_ring(capacity)); }

  /// Adds at the bottom. Whoever then wakes a thief orders that after this (see idle_state).
  void push(T* item) {
    auto const b = bottom_.load(Atomics::relaxed);
    auto const t = top_.load(Atomics::acquire);  // pairs with the thieves' exchange: their slots are free again
    if (b - t > own_mask_) [[unlikely]]
      grow(t, b);
    own_slots_[b & own_mask_].store(item, Atomics::relaxed);
    bottom_.store(b + 1, Atomics::release);  // publishes the item and what it points to; pairs with steal
  }

  /// Takes what was pushed last; null if there is nothing.
  T* pop() {
    auto const b = bottom_.load(Atomics::relaxed) - 1;
    if (top_.load(Atomics::relaxed) > b) return nullptr;  // top only grows, so this can't be wrong
    return pop_at(b);
  }

  /// Takes what was pushed last if it is `item`, and tells whether it did.
  bool pop_if(T* item) {
    auto const b = bottom_.load(Atomics::relaxed) - 1;
    // The slot may be an old one, of an item that a thief has; pop_at notices.
    return own_slots_[b & own_mask_].load(Atomics::relaxed) == item && pop_at(b) != nullptr;
  }

  /// Takes the oldest; null if there is nothing or if another thread was faster.
  T* steal() {
    auto t = top_.load(Atomics::seq_cst);
    auto const b = bottom_.load(Atomics::seq_cst);  // pairs with push: the item is visible
    if (t >= b) return nullptr;
    ring* const r = ring_.load(Atomics::acquire);  // pairs with use
    T* item = r->slots[static_cast<std::size_t>(t & r->mask)].load(Atomics::relaxed);
    if (!top_.compare_exchange_strong(t, t + 1, Atomics::seq_cst, Atomics::relaxed)) return nullptr;
    return item;
  }

  /// How many there were a moment ago.
  [[nodiscard]] std::size_t size() const {
    auto const t = top_.load(Atomics::seq_cst);
    auto const b = bottom_.load(Atomics::seq_cst);
    return b > t ? static_cast<std::size_t>(b - t) : 0;
  }

  [[nodiscard]] bool empty() const { return size() == 0; }

 private:
  // A power of two of slots, addressed by positions that only grow. Empty slots are null.
  struct ring {
    explicit ring(std::int64_t capacity)
        : mask(capacity - 1), slots(new atomic<T*>[static_cast<std::size_t>(capacity)]) {}
    std::int64_t mask;
    std::unique_ptr<atomic<T*>[]> slots;
  };

  // `b` is the position of the last item.
  T* pop_at(std::int64_t b) {
    bottom_.store(b, Atomics::seq_cst);  // before the load of top, as the thief reads top before bottom
    auto t = top_.load(Atomics::seq_cst);
    if (t > b) {                               // thieves took the rest meanwhile
      bottom_.store(b + 1, Atomics::release);  // what it published before, it still publishes
      return nullptr;
    }
    T* item = own_slots_[b & own_mask_].load(Atomics::relaxed);
    if (t == b) {  // the last one: race the thieves for it
      if (!top_.compare_exchange_strong(t, t + 1, Atomics::seq_cst, Atomics::relaxed)) item = nullptr;
      bottom_.store(b + 1, Atomics::release);  // what it published before, it still publishes
    }
    return item;
  }

  ring& new_ring(std::int64_t capacity) {
    rings_.push_back(std::make_unique<ring>(capacity));
    return *rings_.back();
  }

  void use(ring& r) {
    own_slots_ = r.slots.get();
    own_mask_ = r.mask;
    ring_.store(&r, Atomics::release);  // pairs with steal
  }

  [[gnu::noinline, gnu::cold]] void grow(std::int64_t t, std::int64_t b) {
    ring& larger = new_ring((own_mask_ + 1) * 2);
    for (auto i = t; i < b; ++i)
      larger.slots[static_cast<std::size_t>(i & larger.mask)].store(own_slots_[i & own_mask_].load(Atomics::relaxed),
                                                                    Atomics::relaxed);
    use(larger);
  }

  // Items lie in [top, bottom). Thieves advance top by compare-and-exchange; only the owner writes bottom.
  alignas(cache_line) atomic<std::int64_t> top_{0};
  alignas(cache_line) atomic<std::int64_t> bottom_{0};
  atomic<T*>* own_slots_ = nullptr;  // the ring's, for the owner
  std::int64_t own_mask_ = 0;
  alignas(cache_line) atomic<ring*> ring_{nullptr};  // for the thieves
  std::vector<std::unique_ptr<ring>> rings_;  // the old ones too, as thieves may still read them; twice the last in all
};

}  // namespace mobula::detail
