#include <mobula/core/selection.hpp>

namespace mobula::detail {

bool selection::ready() {
  for (std::size_t i = 0; i < branches_.size(); ++i) {
    if (!branches_[i].ready_(branches_[i].operation_)) continue;
    winner_.store(i, std::memory_order_relaxed);
    return true;
  }
  return false;
}

bool selection::start(resumer& r) noexcept {
  waiting_ = &r;
  bool completed_here = false;
  for (branch& b : branches_) {
    b.owner_ = this;
    open_.fetch_add(1, std::memory_order_relaxed);
    if (b.start_(b.operation_, b)) {
      ++started_;
      continue;
    }
    open_.fetch_sub(1, std::memory_order_relaxed);  // it will not tell; not the last, as the starter is there
    completed_here = winner() == static_cast<std::size_t>(&b - branches_.data());
    break;  // else another one has won, here or in a selection around this one
  }
  if (completed_here && started_ == 0) return false;
  arrive(completed_here ? 2 : 1);
  return true;
}

// Called by an operation that is about to happen. In a selection of selections the outermost one decides, once: then no
// branch here can be second.
bool selection::branch_claims(resumer& r) noexcept {
  auto& me = static_cast<branch&>(r);
  selection& s = *me.owner_;
  auto const index = static_cast<std::size_t>(&me - s.branches_.data());
  if (s.waiting_->claim != nullptr) {
    if (!s.waiting_->claim(*s.waiting_)) return false;
    s.winner_.store(index, std::memory_order_release);
    return true;
  }
  std::size_t expected = nobody;
  return s.winner_.compare_exchange_strong(expected, index, std::memory_order_acq_rel);
}

void selection::branch_woken(resumer& r) noexcept {
  auto& me = static_cast<branch&>(r);
  selection& s = *me.owner_;
  if (s.winner() == static_cast<std::size_t>(&me - s.branches_.data())) return s.arrive(1);
  if (s.open_.fetch_sub(1, std::memory_order_acq_rel) == 1) s.waiting_->wake(*s.waiting_);
}

void selection::arrive(unsigned n) noexcept {
  if (arrived_.fetch_add(n, std::memory_order_acq_rel) + n == 2 && settle()) waiting_->wake(*waiting_);
}

// Takes back those that have lost; true if nobody is left on the way.
bool selection::settle() noexcept {
  std::size_t const won = winner();
  std::size_t leaving = 1;
  for (std::size_t i = 0; i < started_; ++i)
    if (i == won || branches_[i].cancel_(branches_[i].operation_)) ++leaving;
  return open_.fetch_sub(leaving, std::memory_order_acq_rel) == leaving;
}

bool selection::cancel() noexcept {
  std::size_t expected = nobody;
  return winner_.compare_exchange_strong(expected, taken_back, std::memory_order_acq_rel) && settle();
}

}  // namespace mobula::detail
