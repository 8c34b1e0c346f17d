#pragma once

#include <mobula/actor/actor_cell.hpp>
#include <mobula/actor/actor_extras.hpp>
#include <mobula/actor/actor_lives.hpp>
#include <mobula/actor/call_context.hpp>
#include <mobula/actor/object_cell.hpp>
#include <mobula/actor/post_state.hpp>
#include <mobula/core/task_context.hpp>
#include <mobula/remote/call.hpp>
#include <mobula/remote/copyable.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace mobula::detail {

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
      : base(where, std::forward<F>(f), std::forward<Args>(args)...),
        context_(context_for(r, *this)),
        how_(r.how),
        blocks_(r.blocks != blocking_kind::none && !base::is_coroutine) {
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
  std::unique_ptr<task_context> stoppable(route const& r) const {
    if constexpr (has_result && !constructs) {
      if (r.detached) return std::make_unique<task_context>(context_, nullptr);
      return context_for_child(context_, actor().owner(), r.cancellable);
    }
    return nullptr;
  }

  /// Whether it has to wait for something, then.
  [[nodiscard]] bool waits() const noexcept {
    if constexpr (Call::has_dependencies) return !dependencies_.pending().empty();
    return false;
  }

  /// Waits for the call's dependencies, for a departing_call.
  static void wait(job& m, scheduler& s, job& then) noexcept
    requires(Call::has_dependencies)
  {
    static_cast<actor_message&>(m).dependencies_.begin(s, then);
  }
  static void stop_waiting(job& m) noexcept
    requires(Call::has_dependencies)
  {
    static_cast<actor_message&>(m).dependencies_.stop();
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
    if (verb != job_verb::run || cancelled_before() || lacks_arguments()) [[unlikely]]
      return verb == job_verb::describe ? answer() : verb == job_verb::refuse ? refuse() : this->drop();
    actor_cell_base& a = actor();
    if constexpr (constructs) {
      if (a.is_doomed()) [[unlikely]]
        return this->fail(death_of(a, a.doomed_to()));
    } else {
      if (how_ == concurrency::kind::parallel && !a.is_doomed() && dying()) return put_back();
      if (!a.takes_calls()) return this->fail(a.why_not());
    }
    if (blocks_ && !handed_over_) [[unlikely]]
      return hand_over();
    if constexpr (!constructs)
      if (a.keeps_calls()) [[unlikely]]
        if (!keep()) return;
    begun_ = true;
    if (blocks_) {
      enter_context(context_);
    } else if (how_ == concurrency::kind::parallel) {
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
        own->enter();
    this->run();
  }

  // It was taken out of the queue: it has its place there, but no slot.
  [[gnu::noinline]] void refuse() noexcept {
    refused_ = true;
    actor_cell_base& a = actor();
    if (actor_extras* const e = a.extras(); e != nullptr && e->room) e->room->give_back();
    if (cancelled_before()) return this->drop();
    this->fail(death_of(a, a.doomed_to()));
  }

  // Goes on as the step of a thread that may block. A serial call holds the actor meanwhile, as a coroutine does.
  [[gnu::noinline]] void hand_over() noexcept {
    handed_over_ = true;
    scheduler& s = actor().owner();
    if (how_ == concurrency::kind::serial) actor().begin_coroutine();
    s.submit_placed(*this, {.blocking = true});
  }

  // Nobody wants the result any more, so it is skipped.
  bool cancelled_before() const noexcept {
    if constexpr (has_result) return this->is_cancelled();
    return false;
  }
  // As it was dropped while it waited for them.
  bool lacks_arguments() const noexcept {
    if constexpr (Call::has_dependencies) return dependencies_.dropped();
    return false;
  }
  // The constructor's call is not cancelled itself: it may have begun, and what it has made is the actor's to destroy.
  void note_cancel() noexcept {
    if constexpr (constructs)
      stop_waiting();
    else
      base::note_cancel();
  }
  void stop_waiting() noexcept {
    if constexpr (Call::has_dependencies) dependencies_.stop();
    if constexpr (constructs)
      if (actor_extras* const e = actor().extras(); e != nullptr && e->has != nullptr) e->has->stop();
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
      if (actor_cell_base& a = actor(); !a.takes_calls()) {  // it was killed meanwhile
        forget_kept();
        this->fail(a.why_not());
        return false;
      }
      ++runs_;
    }
    return true;
  }

  void forget_kept() noexcept { delete static_cast<kept_call<Call>*>(std::exchange(this->next, nullptr)); }

  void put_back() noexcept {
    auto const leave = leaving<false>();
    parallel_lane* const from = lane_of_slot();
    begun_ = handed_over_ = false;
    actor().extras()->lives->put_back(*this, from);
    leave();
  }

  auto before_completion() noexcept {
    if constexpr (constructs)
      construction_ended();
    else if constexpr (can_be_kept<Call>)
      if (begun_ && actor().keeps_calls()) forget_kept();
    return leaving<true>();
  }

  // What remains to do when it no longer runs, as it is over, or waits again.
  template <bool over>
  auto leaving() noexcept {
    bool gives_handle = over && has_handle_;  // no constant, or clang finds that it need not be captured
    if constexpr (over) has_handle_ = false;
    bool const held = blocks_ ? handed_over_ : base::is_coroutine && begun_;
    concurrency::kind const how = refused_ ? concurrency::kind::serial : how_;
    return [a = &actor(), slot_of = lane_of_slot(), how, held, gives_handle, refused = refused_]() noexcept {
      static_cast<void>(refused);  // clang wants a use where there are no dependencies
      if constexpr (Call::has_dependencies && over)
        refused ? lane::finish_task_anywhere(a->owner()) : lane::finish_task(a->owner());
      if (gives_handle) a->release_handle();  // the actor is still kept: by its slot, or as it is at work
      if (how == concurrency::kind::parallel) {
        scheduler& s = a->owner();
        slot_of->message_ended();
        lane::finish_task(s);
      } else if (held) {
        if (how == concurrency::kind::reentrant)
          a->reentrant_ended();
        else
          a->coroutine_ended();
      }
    };
  }

  void answer() noexcept {
    auto const over = []([[maybe_unused]] job const& j) noexcept {
      if constexpr (has_result) return static_cast<actor_message const&>(j).ready();
      return false;
    };
    detail::describe({.call = this, .runs_in = context_, .over = over, .name = &name_of_method}, how_);
  }
  static std::string name_of_method(job const& j, bool waits) {
    std::string name = Call::function_type::task_name();
    actor_extras* const e = waits ? static_cast<actor_message const&>(j).actor().extras() : nullptr;
    if (e != nullptr && !e->name.empty()) name.append(" of '").append(e->name).append("'");
    return name;
  }

  parallel_lane* lane_of_slot() const noexcept {
    if (how_ != concurrency::kind::parallel) return nullptr;
    return &static_cast<parallel_lane&>(static_cast<call_context*>(context_)->in());
  }

  void construction_ended() const noexcept {
    if (this->result.has_failure())
      actor().not_born(this->result.failure_pointer(), begun_);
    else
      actor().born();
  }

  actor_context* const context_;
  concurrency::kind const how_;
  bool const blocks_ : 1;
  bool handed_over_ : 1 = false;  // to a thread that may block
  bool has_handle_ : 1 = false;
  bool begun_ : 1 = false;
  bool refused_ : 1 = false;  // without having come out of the queue
  std::uint32_t runs_ = 0;    // with a copy kept, which is at `next` while it runs
  [[no_unique_address]] std::conditional_t<Call::has_dependencies, dependency_wait, no_dependencies> dependencies_;
};

}  // namespace mobula::detail
