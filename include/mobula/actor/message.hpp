#pragma once

#include <mobula/actor/actor_cell.hpp>
#include <mobula/actor/actor_extras.hpp>
#include <mobula/actor/actor_lives.hpp>
#include <mobula/actor/call_context.hpp>
#include <mobula/actor/object_cell.hpp>
#include <mobula/remote/call.hpp>
#include <mobula/remote/copyable.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace mobula::detail {

/// A call of which nobody wants the result: as call_state, without one. A failure is reported, as nobody can read it.
template <class Derived, class Call>
class post_state : public job, private std::conditional_t<is_task<typename Call::result>, completion, no_completion> {
  using maybe_completion = std::conditional_t<is_task<typename Call::result>, completion, no_completion>;

 protected:
  static constexpr bool is_coroutine = is_task<typename Call::result>;
  using result_type = std::conditional_t<is_coroutine, typename value_of_call<typename Call::result>::type, void>;

 public:
  template <class... Args>
  explicit post_state(call_site const& where, Args&&... args)
      : job(&step), maybe_completion(&coroutine_ended), where_(where), call_(std::forward<Args>(args)...) {}

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }

  void run() noexcept {
    try {
      if constexpr (is_coroutine) {
        auto coroutine = call_();
        task_access::check(coroutine);
        resume(task_access::start(std::move(coroutine), result_, *this));
        return;
      } else {
        static_cast<void>(call_());
      }
    } catch (...) { return fail(failure_ptr::capture(std::current_exception())); }
    end();
  }

  void drop() noexcept { end(); }

  void fail(failure_ptr why) noexcept {
    if (report(why)) end();
  }

  [[nodiscard]] Call const& call() const noexcept { return call_; }

 protected:
  /// As call_state's.
  void renew(Call&& call) noexcept {
    std::destroy_at(&call_);
    std::construct_at(&call_, std::move(call));
    std::destroy_at(&result_);
    std::construct_at(&result_);
  }

 private:
  static void step(job& j, job_verb verb) noexcept { static_cast<Derived&>(j).step_in_queue(verb); }

  static std::coroutine_handle<> coroutine_ended([[maybe_unused]] completion& c,
                                                 std::coroutine_handle<> child) noexcept {
    child.destroy();
    if constexpr (is_coroutine) {
      auto& me = static_cast<post_state&>(c);
      if (me.result_.has_failure())
        me.fail(me.result_.failure_pointer());
      else
        me.end();
    }
    return transfer(nullptr);
  }

  // The last holder of a failure that nobody has read reports it. False if the call does not end with it.
  [[gnu::noinline, gnu::cold]] bool report(failure_ptr const& why) noexcept {
    auto const name = [](void const* call) { return name_of(static_cast<Call const*>(call)->function()); };
    failure_ptr const ends_with = static_cast<Derived&>(*this).comes_to(why);
    if (ends_with.exception() != why.exception()) return true;
    return !static_cast<Derived&>(*this).makes_again(ends_with.in_task(where_, name, &call_));
  }

  void end() noexcept {
    auto const after = static_cast<Derived&>(*this).before_completion();
    delete static_cast<Derived*>(this);
    after();
  }

  call_site const where_;
  Call call_;
  [[no_unique_address]] std::conditional_t<is_coroutine, outcome<result_type>, no_dependencies> result_;
};

/// A copy of a call, kept while it is made.
template <class Call>
struct kept_call final : job {
  explicit kept_call(Call const& c) : job(nullptr), call(c) {}
  Call call;
};

/// A call to an actor: a message, and with call_state the state of its future too.
template <template <class, class> class State, class T, class Call>
class actor_message final : public State<actor_message<State, T, Call>, Call> {
  using base = State<actor_message<State, T, Call>, Call>;
  static constexpr bool has_result = std::is_base_of_v<shared_state_base, base>;
  static constexpr bool constructs = std::is_same_v<typename Call::function_type, construct_in<T>>;

 public:
  using call_type = Call;
  static constexpr bool has_dependencies = Call::has_dependencies;

  template <class F, class... Args>
  explicit actor_message(route const& r, call_site const& where, F&& f, Args&&... args)
      : base(where, std::forward<F>(f), std::forward<Args>(args)...), context_(context_for(r, *this)), how_(r.how) {
    if constexpr (has_result) this->set_has_context();
    // What others may overtake can't rely on being before the message that the last handle's end is.
    if (how_ != concurrency::kind::serial) actor().add_handle();
    has_handle_ = how_ != concurrency::kind::serial;
  }
  ~actor_message() {
    if (has_handle_) actor().release_handle();  // it was never sent
    if (how_ != concurrency::kind::serial) delete static_cast<call_context*>(context_);
  }

  /// Before the call is on its way: looks for what it has to wait for, which is a task then. Throws std::bad_alloc.
  void prepare() {
    if constexpr (Call::has_dependencies) dependencies_.collect(this->call());
  }

  /// The context of a call that can be stopped while it runs, as is wanted or as who calls can be; else null.
  std::unique_ptr<task_context> stoppable(bool wanted) const {
    if constexpr (has_result && !constructs) return context_for_child(context_, actor().owner(), wanted);
    return nullptr;
  }

  /// Waits for the call's dependencies, for a departing_call.
  static void wait(job& m, scheduler& s, job& then) noexcept
    requires(Call::has_dependencies)
  {
    static_cast<actor_message&>(m).dependencies_.begin(s, then);
  }

 private:
  friend base;

  // Serial ones, which are alone, run in their actor's.
  static actor_context* context_for(route const& r, job& me) {
    if (r.how == concurrency::kind::serial) return r.context;
    return new call_context(*r.context, me, r.how == concurrency::kind::parallel ? r.limit() : 0);
  }

  actor_cell_base& actor() const noexcept { return context_->actor(); }

  void step_in_queue(job_verb verb) noexcept {
    if (verb != job_verb::run || cancelled_before()) [[unlikely]]
      return verb == job_verb::describe ? describe(*this, *context_, how_, &name) : this->drop();
    actor_cell_base& a = actor();
    if constexpr (!constructs) {
      if (how_ == concurrency::kind::parallel && dying()) return put_back();
      if (!a.alive()) return this->fail(a.why_dead());
      if (a.keeps_calls()) [[unlikely]]
        if (!keep()) return;
    }
    begun_ = true;
    if (how_ == concurrency::kind::parallel) {
      this_worker()->context = context_;
    } else if (how_ == concurrency::kind::reentrant) {
      if constexpr (base::is_coroutine)
        a.begin_reentrant(*context_);
      else
        this_worker()->context = context_;
    } else if constexpr (base::is_coroutine) {
      a.begin_coroutine();
    }
    if constexpr (has_result)
      if (task_context* const own = this->own_context()) [[unlikely]]
        this_worker()->context = own;
    this->run();
  }

  // Nobody wants the result any more, so it is skipped.
  bool cancelled_before() const noexcept {
    if constexpr (has_result) return this->is_cancelled();
    return false;
  }
  void stop_waiting() noexcept {
    if constexpr (Call::has_dependencies) dependencies_.stop();
  }

  /// What the call ends with if it fails so.
  failure_ptr comes_to(failure_ptr const& f) const noexcept { return begun_ ? actor().message_failed(f) : f; }

  // It was its actor's death; it may come first in the next life.
  bool makes_again([[maybe_unused]] failure_ptr const& named) noexcept {
    if (cancelled_before()) return false;  // that is no death
    if constexpr (!constructs) {
      actor_extras* const e = begun_ ? actor().extras() : nullptr;
      if (e == nullptr || e->lives == nullptr || !e->lives->dies_of(named)) return false;
      if constexpr (can_be_kept<Call>) {
        if (this->next == nullptr || !actor().keeps_calls() || !e->lives->may_retry(runs_)) return false;
        static_cast<void>(named.read());
        auto* const kept = static_cast<kept_call<Call>*>(std::exchange(this->next, nullptr));
        this->renew(std::move(kept->call));
        delete kept;
        put_back();
        return true;
      }
    }
    return false;
  }

  bool dying() const noexcept {
    actor_extras* const e = actor().extras();
    return e->lives != nullptr && e->lives->dying();
  }

  // False if it can't be kept, which has ended it.
  [[gnu::noinline]] bool keep() noexcept {
    if constexpr (can_be_kept<Call>) {
      this->next = nullptr;
      try {
        this->next = new kept_call<Call>(this->call());
      } catch (...) {
        this->fail(failure_ptr::capture(std::current_exception()));
        return false;
      }
      ++runs_;
    }
    return true;
  }

  void put_back() noexcept {
    auto const leave = leaving<false>();
    parallel_lane* const from = lane_of_slot();
    begun_ = false;
    actor().extras()->lives->put_back(*this, from);
    leave();
  }

  auto before_completion() noexcept {
    if constexpr (constructs)
      construction_ended();
    else if constexpr (can_be_kept<Call>)
      if (begun_ && actor().keeps_calls()) delete static_cast<kept_call<Call>*>(std::exchange(this->next, nullptr));
    return leaving<true>();
  }

  // What remains to do when it no longer runs, as it is over, or waits again.
  template <bool over>
  auto leaving() noexcept {
    bool gives_handle = over && has_handle_;  // no constant, or clang finds that it need not be captured
    if constexpr (over) has_handle_ = false;
    return [a = &actor(), slot_of = lane_of_slot(), how = how_, begun = begun_, gives_handle]() noexcept {
      if constexpr (Call::has_dependencies && over) lane::finish_task(a->owner());
      if (gives_handle) a->release_handle();  // the actor is still kept: by its slot, or as it is at work
      if (how == concurrency::kind::parallel) {
        scheduler& s = a->owner();
        slot_of->message_ended();
        lane::finish_task(s);
      } else if (base::is_coroutine && begun) {
        if (how == concurrency::kind::reentrant)
          a->reentrant_ended();
        else
          a->coroutine_ended();
      }
    };
  }

  static std::string name() { return Call::function_type::task_name(); }

  parallel_lane* lane_of_slot() const noexcept {
    if (how_ != concurrency::kind::parallel) return nullptr;
    return &static_cast<parallel_lane&>(static_cast<call_context*>(context_)->in());
  }

  void construction_ended() const noexcept {
    if (this->result.has_failure())
      actor().die(end_reason::failed, this->result.failure_pointer());
    else
      actor().born();
  }

  actor_context* const context_;
  concurrency::kind const how_;
  bool has_handle_ = false;
  bool begun_ = false;
  std::uint32_t runs_ = 0;  // with a copy kept, which is at `next` while it runs
  [[no_unique_address]] std::conditional_t<Call::has_dependencies, dependency_wait, no_dependencies> dependencies_;
};

}  // namespace mobula::detail
