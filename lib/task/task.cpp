#include <mobula/core/error.hpp>
#include <mobula/task/fork.hpp>
#include <mobula/task/task.hpp>

namespace mobula::detail {

void coroutine_promise_base::add_chain(std::vector<std::source_location>& lines) const {
  constexpr std::size_t most = 64;
  coroutine_promise_base const* p = this;
  while (p != nullptr && lines.size() < most) {
    lines.push_back(p->awaits_at_);
    completion const* const c = p->completion_;
    p = c == nullptr ? nullptr : awaiting_parent::parent_of(*c);
    if (p == nullptr && c != nullptr) p = fork::parent_of(*c);
  }
}

coroutine_promise_base const* awaiting_parent::parent_of(completion const& c) noexcept {
  return c.complete == &child_ended ? promise_in(static_cast<awaiting_parent const&>(c).parent_) : nullptr;
}

std::coroutine_handle<> awaiting_parent::child_of_stranger_ended(completion& c,
                                                                 std::coroutine_handle<> child) noexcept {
  return child_ended(c, child);
}

void throw_empty_task() {
  throw error("mobula: this task can't be started: it was moved from, or awaited before, which can be done once");
}

}  // namespace mobula::detail
