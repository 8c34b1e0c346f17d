#include <mobula/core/timer_queue.hpp>

#include <array>

namespace mobula::detail {
namespace {

bool before(timer_node const& a, timer_node const& b) noexcept {
  return a.when != b.when ? a.when < b.when : a.sequence < b.sequence;
}

}  // namespace

bool timer_queue::add(timer_node& node) {
  {
    std::lock_guard const lock(mutex_);
    if (!closed_) {
      node.sequence = next_sequence_++;
      heap_.push_back(&node);
      place(heap_.size() - 1, &node);
      sift_up(heap_.size() - 1);
      return node.index == 1;
    }
  }
  node.fire(node, false);
  return false;
}

bool timer_queue::remove(timer_node& node) noexcept {
  std::lock_guard const lock(mutex_);
  if (node.index == 0) return false;
  take(node.index - 1);
  return true;
}

bool timer_queue::fire_due(time_point now) noexcept {
  std::array<timer_node*, 64> due;
  bool any = false;
  for (;;) {
    std::size_t n = 0;
    {
      std::lock_guard const lock(mutex_);
      while (n < due.size() && !heap_.empty() && heap_.front()->when <= now) {
        due[n++] = heap_.front();
        take(0);
      }
    }
    for (std::size_t i = 0; i < n; ++i) due[i]->fire(*due[i], true);
    any |= n != 0;
    if (n < due.size()) return any;
  }
}

void timer_queue::close() noexcept {
  std::vector<timer_node*> all;
  {
    std::lock_guard const lock(mutex_);
    closed_ = true;
    all.swap(heap_);
    for (auto* node : all) node->index = 0;
  }
  for (auto* node : all) node->fire(*node, false);
}

time_point timer_queue::first() const noexcept {
  std::lock_guard const lock(mutex_);
  return heap_.empty() ? time_point::max() : heap_.front()->when;
}

std::size_t timer_queue::size() const noexcept {
  std::lock_guard const lock(mutex_);
  return heap_.size();
}

void timer_queue::place(std::size_t i, timer_node* node) noexcept {
  heap_[i] = node;
  node->index = i + 1;
}

void timer_queue::sift_up(std::size_t i) noexcept {
  timer_node* const node = heap_[i];
  for (; i > 0 && before(*node, *heap_[(i - 1) / 2]); i = (i - 1) / 2) place(i, heap_[(i - 1) / 2]);
  place(i, node);
}

void timer_queue::sift_down(std::size_t i) noexcept {
  timer_node* const node = heap_[i];
  for (std::size_t child; (child = 2 * i + 1) < heap_.size(); i = child) {
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
    if (!before(*heap_[child], *node)) break;
    place(i, heap_[child]);
  }
  place(i, node);
}

void timer_queue::take(std::size_t i) noexcept {
  heap_[i]->index = 0;
  timer_node* const last = heap_.back();
  heap_.pop_back();
  if (i == heap_.size()) return;
  place(i, last);
  sift_up(i);
  sift_down(last->index - 1);
}

}  // namespace mobula::detail
