#include <mobula/actor/pool_batch.hpp>

#include <algorithm>

namespace mobula::detail {

// A result that is there has no effect that could be refused: whoever waits looks which one it takes.
void pool_arrivals::arrive(std::size_t index) noexcept {
  resumer* reader = nullptr;
  {
    std::lock_guard const lock(mutex_);
    if (std::erase(taken_before_, index) != 0) return;
    arrived_.push_back(index);
    reader = std::exchange(reader_, nullptr);
  }
  if (reader == nullptr) return;
  static_cast<void>(reader->try_claim());
  reader->wake(*reader);
}

bool pool_arrivals::any() const noexcept {
  std::lock_guard const lock(mutex_);
  return !arrived_.empty();
}

void pool_arrivals::forget(std::size_t index) {
  std::lock_guard const lock(mutex_);
  if (auto const at = std::find(arrived_.begin(), arrived_.end(), index); at != arrived_.end())
    arrived_.erase(at);
  else
    taken_before_.push_back(index);
}

std::size_t pool_arrivals::pop() noexcept {
  std::lock_guard const lock(mutex_);
  std::size_t const i = arrived_.front();
  arrived_.pop_front();
  return i;
}

bool pool_arrivals::start(resumer& r) noexcept {
  {
    std::lock_guard const lock(mutex_);
    if (arrived_.empty()) {
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

void pool_arrival::expect(shared_state_base& call, std::size_t index, std::shared_ptr<pool_arrivals> to) {
  auto* const a = new pool_arrival(index, std::move(to));
  if (!call.add(*a)) a->notify(*a);
}

pool_arrival::pool_arrival(std::size_t index, std::shared_ptr<pool_arrivals> to) noexcept
    : waiter([](waiter& w) noexcept {
        std::unique_ptr<pool_arrival> const me(&static_cast<pool_arrival&>(w));
        me->to_->arrive(me->index_);
      }),
      index_(index),
      to_(std::move(to)) {}

}  // namespace mobula::detail
