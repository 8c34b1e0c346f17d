#include <mobula/core/free_in_turn.hpp>
#include <mobula/core/submission_hold.hpp>
#include <mobula/task/generator_promise.hpp>

namespace mobula::detail {

constinit resumer generator_promise_base::step_is_over{nullptr};
constinit resumer generator_promise_base::nobody_wants_it{nullptr};

void generator_promise_base::begin_alone() {
  submission_hold const hold;
  worker* const w = this_worker();
  scheduler& s = *hold;
  s.admit_task();
  alone_ = true;
  reader_ = this;
  reader_alone_.store(nullptr, std::memory_order_relaxed);  // the step sees it, as it begins later
  if (w != nullptr && w->context == nullptr && w->has_stack_left())
    resume(self_);
  else
    s.submit(*this);
}

// What runs already goes on when its runtime drops; so does this.
void generator_promise_base::begin_queued(job& j, job_verb) noexcept {
  resume(static_cast<generator_promise_base&>(j).self_);
}

std::coroutine_handle<> generator_promise_base::step_over(completion& c, std::coroutine_handle<> generator) noexcept {
  auto& me = static_cast<generator_promise_base&>(c);
  // From here on whoever reads may go on with the generator, or end it.
  resumer* const reader = me.reader_alone_.exchange(&step_is_over, std::memory_order_acq_rel);
  if (reader == &nobody_wants_it) {
    generator.destroy();
  } else if (reader != nullptr) {
    static_cast<void>(reader->try_claim());  // if that is refused, the element waits for who asks next
    reader->wake(*reader);
  }
  scheduler::finish_task();
  return transfer(nullptr);
}

bool generator_promise_base::wait_alone(resumer& r) noexcept {
  resumer* expected = nullptr;
  if (reader_alone_.compare_exchange_strong(expected, &r, std::memory_order_acq_rel)) return true;
  static_cast<void>(r.try_claim());
  return false;
}

bool generator_promise_base::stop_waiting(resumer& r) noexcept {
  resumer* expected = &r;
  return reader_alone_.compare_exchange_strong(expected, nullptr, std::memory_order_acq_rel);
}

void generator_promise_base::abandon() noexcept {
  if (alone_ && reader_alone_.exchange(&nobody_wants_it, std::memory_order_acq_rel) != &step_is_over) return;
  free_in_turn(self_);  // an argument or a variable may be another
}

}  // namespace mobula::detail
