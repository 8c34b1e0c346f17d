#include "placed_jobs.hpp"

namespace mobula::detail {

placed_jobs::taken placed_jobs::take(priority most, priority least) noexcept {
  if (empty()) return {};
  std::lock_guard const lock(mutex_);
  for (std::size_t i = index(most) + 1; i-- > index(least);) {
    job* j = i < old_.size() ? old_[i].take() : nullptr;
    if (j == nullptr) j = lists_[i].take();
    if (j == nullptr) continue;
    add(std::size_t{0} - 1);
    return {j, static_cast<priority>(i)};
  }
  return {};
}

std::size_t placed_jobs::age() noexcept {
  if (empty()) return 0;
  std::lock_guard const lock(mutex_);
  list& background = lists_[index(priority::background)];
  list& low = lists_[index(priority::low)];
  std::size_t const risen = old_[1].size;
  lists_[index(priority::normal)].append(old_[1]);
  old_[1].append(low);
  low.append(old_[0]);
  old_[0].append(background);
  return risen;
}

}  // namespace mobula::detail
