#include <mobula/actor/pool_batch.hpp>

#include <algorithm>

namespace mobula::detail {

pool_arrivals::~pool_arrivals() {
  while (first_ != nullptr) unlink(first_, nullptr);
}

// A result that is there has no effect that could be refused: whoever waits looks which one it takes.
void pool_arrivals::arrive(std::unique_ptr<pool_arrival> a) noexcept {
  resumer* reader = nullptr;
  {
    std::lock_guard const lock(mutex_);
    if (std::erase(taken_before_, a->index_) != 0) return;
    pool_arrival* const me = a.release();
    (last_ != nullptr ? last_->next_ : first_) = me;
    last_ = me;
    reader = std::exchange(reader_, nullptr);
  }
  if (reader == nullptr) return;
  static_cast<void>(reader->try_claim());
  reader->wake(*reader);
}

bool pool_arrivals::any() const noexcept {
  std::lock_guard const lock(mutex_);
  return first_ != nullptr;
}

void pool_arrivals::forget(std::size_t index) {
  std::lock_guard const lock(mutex_);
  pool_arrival* before = nullptr;
  for (pool_arrival** at = &first_; *at != nullptr; before = *at, at = &(*at)->next_)
    if ((*at)->index_ == index) return void(unlink(*at, before));
  taken_before_.push_back(index);
}

std::size_t pool_arrivals::pop() noexcept {
  std::lock_guard const lock(mutex_);
  return unlink(first_, nullptr)->index_;
}

std::unique_ptr<pool_arrival> pool_arrivals::unlink(pool_arrival*& at, pool_arrival* before) noexcept {
  std::unique_ptr<pool_arrival> a(at);
  at = a->next_;
  if (last_ == a.get()) last_ = before;
  return a;
}

bool pool_arrivals::start(resumer& r) noexcept {
  {
    std::lock_guard const lock(mutex_);
    if (first_ == nullptr) {
      reader_ = &r;
      return true;
    }
  }
  static_cast<void>(r.try_claim());
  return false;
}

bool pool_arrivals::cancel() noexcept {
  std::lock_guard const lock(mutex_);
  return std::exchange(reader_, nullptr) != nullptr;
}

void pool_arrival::expect(std::unique_ptr<pool_arrival> a, shared_state_base& call) noexcept {
  pool_arrival* const me = a.release();
  if (!call.add(*me)) me->notify(*me);
}

pool_arrival::pool_arrival(std::size_t index, std::shared_ptr<pool_arrivals> to) noexcept
    : waiter([](waiter& w) noexcept {
        auto& me = static_cast<pool_arrival&>(w);
        auto const keep = std::move(me.to_);  // it is among what that owns
        keep->arrive(std::unique_ptr<pool_arrival>(&me));
      }),
      index_(index),
      to_(std::move(to)) {}

}  // namespace mobula::detail
