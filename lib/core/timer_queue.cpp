#include <mobula/core/timer_queue.hpp>

#include <boost/intrusive/rbtree_algorithms.hpp>

#include <array>

namespace mobula::detail {
namespace {

// How Boost.Intrusive sees the links.
struct links {
  using node = timer_link;
  using node_ptr = node*;
  using const_node_ptr = node const*;
  using color = bool;

  static node_ptr get_parent(const_node_ptr n) noexcept { return n->parent; }
  static void set_parent(node_ptr n, node_ptr p) noexcept { n->parent = p; }
  static node_ptr get_left(const_node_ptr n) noexcept { return n->left; }
  static void set_left(node_ptr n, node_ptr l) noexcept { n->left = l; }
  static node_ptr get_right(const_node_ptr n) noexcept { return n->right; }
  static void set_right(node_ptr n, node_ptr r) noexcept { n->right = r; }
  static color get_color(const_node_ptr n) noexcept { return n->red; }
  static void set_color(node_ptr n, color c) noexcept { n->red = c; }
  static color red() noexcept { return true; }
  static color black() noexcept { return false; }
};
using tree = boost::intrusive::rbtree_algorithms<links>;

bool before(timer_link const* a, timer_link const* b) noexcept {
  return static_cast<timer_node const*>(a)->when < static_cast<timer_node const*>(b)->when;
}

}  // namespace

timer_queue::timer_queue() noexcept { tree::init_header(&all_); }

bool timer_queue::add(timer_node& node) noexcept {
  {
    std::lock_guard const lock(mutex_);
    if (!closed_) {
      tree::insert_equal(&all_, &all_, &node, before);  // as the last, where it belongs there: most sleeps are as long
      ++size_;
      return all_.left == &node;
    }
  }
  node.fire(node, false);
  return false;
}

bool timer_queue::remove(timer_node& node) noexcept {
  std::lock_guard const lock(mutex_);
  if (node.parent == nullptr) return false;
  take(node);
  return true;
}

bool timer_queue::fire_due(time_point now) noexcept { return fire_up_to(now, true); }

void timer_queue::close() noexcept {
  {
    std::lock_guard const lock(mutex_);
    closed_ = true;
  }
  fire_up_to(time_point::max(), false);
}

bool timer_queue::fire_up_to(time_point last, bool expired) noexcept {
  std::array<timer_node*, 64> due;
  bool any = false;
  for (;;) {
    std::size_t n = 0;
    {
      std::lock_guard const lock(mutex_);
      while (n < due.size() && size_ != 0 && front()->when <= last) {
        due[n++] = front();
        take(*front());
      }
    }
    for (std::size_t i = 0; i < n; ++i) due[i]->fire(*due[i], expired);
    any |= n != 0;
    if (n < due.size()) return any;
  }
}

time_point timer_queue::first() const noexcept {
  std::lock_guard const lock(mutex_);
  return size_ == 0 ? time_point::max() : front()->when;
}

std::size_t timer_queue::size() const noexcept {
  std::lock_guard const lock(mutex_);
  return size_;
}

timer_node* timer_queue::front() const noexcept { return static_cast<timer_node*>(all_.left); }

void timer_queue::take(timer_node& node) noexcept {
  tree::erase(&all_, &node);
  node.parent = nullptr;
  --size_;
}

}  // namespace mobula::detail
