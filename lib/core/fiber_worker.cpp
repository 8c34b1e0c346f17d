#include "fiber_worker.hpp"

#include "exceptions_in_flight.hpp"
#include "fiber_stack.hpp"
#include "thread_scheduler.hpp"

#include <mobula/core/execution_context.hpp>
#include <mobula/core/free_in_turn.hpp>

#include <boost/context/stack_traits.hpp>
#include <boost/fiber/fiber.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

namespace mobula::detail {

namespace bf = boost::fibers;

// A fiber that waits in one of our own primitives, on its own stack. As a job, it switches the loop that runs it to
// that fiber.
struct fiber_worker::blocked_fiber : job, resumer {
  blocked_fiber(scheduler& s, publish_function p, void* a, execution_context* c) noexcept
      : job(&resume),
        resumer{[](resumer& r) noexcept {
          auto& b = static_cast<blocked_fiber&>(r);
          if (b.ran_in == nullptr)
            b.owner.submit(b);
          else
            b.ran_in->resume_stack(b, b.owner);
        }},
        owner(s),
        publish(p),
        argument(a),
        context(bf::context::active()),
        ran_in(c) {}

  static void resume(job& j, job_verb) noexcept {
    auto& here = static_cast<fiber_worker&>(*this_worker());
    bf::context* const next = static_cast<blocked_fiber&>(j).context;
    bf::context* const me = bf::context::active();
    me->attach(next);
    here.spares_.push_back(me);
    next->resume();
    static_cast<fiber_worker*>(this_worker())->finish_switch();
  }

  scheduler& owner;
  publish_function publish;
  void* argument;
  bf::context* context;
  execution_context* ran_in;
};

// What a loop's fiber ran in when a task on it left it by one of Boost.Fiber's own primitives; it has it with it.
struct fiber_worker::loop_note final : bf::fiber_properties {
  loop_note() noexcept : fiber_properties(nullptr) {}

  // Null for a fiber that the user has made, maybe with properties of other kinds.
  static loop_note* of(bf::context const& c) noexcept { return dynamic_cast<loop_note*>(c.get_properties()); }

  bool written = false;
  execution_context* ran_in = nullptr;
};

// Boost.Fiber's view of a worker: which fiber runs next, and where the thread sleeps.
class fiber_worker::switcher final : public bf::algo::algorithm {
 public:
  explicit switcher(fiber_worker& w) noexcept : worker_(w) {}

  void awakened(bf::context* c) noexcept override {
    worker_.note_context(*c);  // if it was not left by pick_next: a fiber that it has made and launched runs already
    if (c->is_context(bf::type::dispatcher_context))
      worker_.dispatcher_ = c;
    else if (worker_.capture_fresh_)
      worker_.fresh_ = c;
    else
      worker_.ready_.push_back(c);
  }

  bf::context* pick_next() noexcept override {
    worker_.note_context(*bf::context::active());
    bf::context* const next = pick();
    worker_.context = take_noted(next);
    return next;
  }

  bool has_ready_fibers() const noexcept override { return !worker_.ready_.empty(); }

  // Called by the dispatcher when no fiber of this thread is ready.
  void suspend_until(std::chrono::steady_clock::time_point const& next_timer) noexcept override {
    fiber_worker& w = worker_;
    if (!w.scheduler_.stopping()) {
      if (w.idle_loop_ == nullptr) {  // the loop's task blocks in a primitive of Boost.Fiber: another loop goes on
        w.uses_fiber_primitives_ = true;
        try {
          w.ready_.push_back(w.take_spare());
          return;
        } catch (...) {  // no memory for one: this thread waits with its task
        }
      }
      w.wait(next_timer);
    }
    if (w.idle_loop_ != nullptr) w.ready_.push_back(std::exchange(w.idle_loop_, nullptr));
  }

  void notify() noexcept override {  // any thread
    worker_.fiber_ready_.store(true, std::memory_order_release);
    worker_.unpark();
  }

 private:
  bf::context* pick() noexcept {
    if (worker_.ready_.empty()) return std::exchange(worker_.dispatcher_, nullptr);
    if (worker_.idle_loop_ != nullptr) {  // another fiber has become ready while the loop was on its way to sleep
      worker_.spares_.push_back(std::exchange(worker_.idle_loop_, nullptr));
      worker_.scheduler_.stop_searching(worker_);
    }
    return worker_.ready_.take_front();
  }

  fiber_worker& worker_;
};

fiber_worker::fiber_worker(thread_scheduler& s, unsigned number)
    : worker(s, number), random(number * 2654435761U + 1), scheduler_(s), alarm_(*this) {
  stack_size_ = s.stack_size();
  guard_size_ = fiber_stack_allocator::guard_size();
}

// Boost.Fiber makes what a thread needs in a function that is noexcept: want of memory there would end the program. So as
// much is taken and given back just before; then want of it shows here.
void fiber_worker::prepare() {
  ::operator delete(::operator new(boost::context::stack_traits::default_size() + 16 * 1024));
  main_ = bf::context::active();
  main_->get_scheduler()->set_algo(new switcher(*this));
  ready_.push_back(make_loop());
}

void fiber_worker::run() {
  current_worker = this;
  // A task that calls exit would end the thread's objects, Boost.Fiber's scheduler among them, on its own fiber, from
  // where that never comes back. Objects end in reverse order, so this one is first and ends the program instead.
  thread_local struct exit_watch {
    ~exit_watch() {
      if (!running) return;
      std::fputs(
          "mobula: exit was called in a task: its status is lost, and so are atexit handlers. Return an error to "
          "main, or call std::quick_exit.\n",
          stderr);
      std::fflush(nullptr);
      std::_Exit(EXIT_FAILURE);
    }
    bool running = false;
  } watch;
  watch.running = true;
  main_->suspend();
  watch.running = false;
  current_worker = nullptr;
}

void fiber_worker::block(fiber_worker& here, publish_function publish, void* argument) {
  thread_scheduler& owner = here.scheduler_;
  owner.count_blocked();  // throws when there are too many
  bf::context* next = nullptr;
  try {
    next = here.take_spare();
  } catch (no_stack const&) {
    owner.count_resumed();
    owner.throw_too_many_blocked();
  } catch (...) {
    owner.count_resumed();
    throw;
  }
  blocked_fiber me(owner, publish, argument, std::exchange(here.context, nullptr));
  exceptions_in_flight const mine;
  exceptions_in_flight::clear();
  frees_in_progress const frees;
  here.left_ = &me;
  next->resume();
  mine.restore();
  frees.restore();
  owner.count_resumed();
  auto& there = static_cast<fiber_worker&>(*this_worker());
  there.finish_switch();
  there.context = me.ran_in;
}

// Runs first on whatever fiber of ours a switch arrives at. Publishing only now is what makes blocking free of races:
// whoever learns of the fiber finds it fully left. Its context learns of it first.
void fiber_worker::finish_switch() {
  set_stack_of_loop();
  if (blocked_fiber* const b = std::exchange(left_, nullptr)) {
    b->context->detach();
    if (b->ran_in != nullptr) b->ran_in->stack_left();
    b->publish(b->argument, *b);
  }
}

void fiber_worker::loop_entry() { static_cast<fiber_worker*>(this_worker())->loop(); }

// The worker's loop. `this` changes where a job moves the stack to another thread, so each turn asks anew.
void fiber_worker::loop() {
  for (fiber_worker* w = this;; w = static_cast<fiber_worker*>(this_worker())) {
    w->context = nullptr;
    w->finish_switch();
    if (w->scheduler_.stopping()) return w->stop_loops();
    if (w->retire_ > 0) {
      --w->retire_;
      return;
    }
    if (!w->ready_.empty()) {
      w->become_spare();
    } else if (w->until_poll_ == 0) {
      w->let_others_run();
    } else if (job* const j = w->scheduler_.next_job(*w)) {
      --w->until_poll_;
      j->step(*j, w->scheduler_.verb());
    } else {
      w->idle_loop_ = bf::context::active();
      w->idle_loop_->suspend();
    }
  }
}

void fiber_worker::become_spare() {
  scheduler_.stop_searching(*this);
  bf::context* const me = bf::context::active();
  spares_.push_back(me);
  me->suspend();
}

// Every so many jobs: timers, the reactor and Boost.Fiber's dispatcher get their turn.
void fiber_worker::let_others_run() {
  using namespace std::chrono_literals;
  auto const now = std::chrono::steady_clock::now();
  auto const since = now - last_poll_;
  last_poll_ = now;
  if (since > 50us && poll_stride_ > 1) poll_stride_ /= 2;
  if (since < 10us && poll_stride_ < 61) poll_stride_ = poll_stride_ * 2 > 61 ? 61 : poll_stride_ * 2;
  until_poll_ = poll_stride_;
  scheduler_.poll(*this, now);
  bool const woken = fiber_ready_.exchange(false, std::memory_order_acquire);
  if ((woken || uses_fiber_primitives_) && dispatcher_ != nullptr) {
    scheduler_.stop_searching(*this);
    ready_.push_back(bf::context::active());
    std::exchange(dispatcher_, nullptr)->resume();
  }
}

// The scheduler stops: every loop fiber here ends, then the thread's own stack goes on.
void fiber_worker::stop_loops() {
  while (!spares_.empty()) ready_.push_back(spares_.take_back());
  if (main_ != nullptr) ready_.push_back(std::exchange(main_, nullptr));
}

bf::context* fiber_worker::take_spare() {
  if (spares_.empty()) return make_loop();
  bf::context* const spare = spares_.take_back();
  loop_note::of(*spare)->written = false;  // it may be switched to past pick_next
  return spare;
}

bf::context* fiber_worker::make_loop() {
  struct capture {
    explicit capture(bool& f) noexcept : flag(f) { flag = true; }
    ~capture() { flag = false; }
    bool& flag;
  } const capturing(capture_fresh_);
  fiber_stack_allocator stack(scheduler_.stack_size());
  auto note = std::make_unique<loop_note>();
  bf::fiber(bf::launch::post, std::allocator_arg, stack, &loop_entry).detach();
  fresh_->set_properties(note.release());
  return std::exchange(fresh_, nullptr);
}

// Without a note it goes on in no context.
void fiber_worker::note_context(bf::context& left) const noexcept {
  loop_note* const note = loop_note::of(left);
  if (note == nullptr || std::exchange(note->written, true)) return;
  note->ran_in = context;
}

execution_context* fiber_worker::take_noted(bf::context const* next) noexcept {
  loop_note* const note = next != nullptr ? loop_note::of(*next) : nullptr;
  return note != nullptr && std::exchange(note->written, false) ? note->ran_in : nullptr;
}

// A task may run on top of another that waits for it while it leaves a quarter of the stack, at least 16 KiB. On other
// stacks than a loop's (a fiber that the user has made) it never may: their addresses lie outside.
void fiber_worker::set_stack_of_loop() noexcept {
  std::size_t const size = scheduler_.stack_size();
  std::uintptr_t const floor = fiber_stack_allocator::floor_here(size);
  stack_floor_ = floor;
  stack_low_ = floor + fiber_stack_allocator::guard_size() + std::max<std::size_t>(size / 4, 16 * 1024);
  stack_room_ = stack_low_ < floor + size ? floor + size - stack_low_ : 0;
}

void fiber_worker::unpark() noexcept {
  switch (park_state_.exchange(notified, std::memory_order_seq_cst)) {
    case on_condition: parker_.unpark(); break;
    case fiber_worker::in_reactor:
      if (this_worker() != this)
        scheduler_.interrupt_reactor();  // else it looks when it is done with what it runs there
      break;
    default: break;
  }
}

// Sleeps until there is something to do here. Runs on Boost.Fiber's dispatcher.
void fiber_worker::wait(time_point fiber_timer) {
  bool const timed = fiber_timer != time_point::max();
  if (timed) {
    alarm_.when = fiber_timer;
    scheduler_.add_timer(alarm_);
  }
  scheduler_.sleep(*this);
  if (timed) scheduler_.remove_timer(alarm_);               // if it is just firing, this worker is woken once too often
  fiber_ready_.exchange(false, std::memory_order_acquire);  // the dispatcher takes what it announced next
  while (spares_.size() > 64) {
    ready_.push_back(spares_.take_back());
    ++retire_;
  }
}

}  // namespace mobula::detail
