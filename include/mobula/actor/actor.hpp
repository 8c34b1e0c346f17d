#pragma once

#include <mobula/actor/actor_cell.hpp>
#include <mobula/remote/remote.hpp>

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace mobula {

template <class T>
class actor;

namespace detail {

/// The actor and its object, which its first message constructs.
template <class T>
class actor_cell final : public actor_cell_base {
 public:
  using actor_cell_base::actor_cell_base;

  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* p, std::size_t size) noexcept { deallocate_frame(p, size); }

  /// By messages only.
  [[nodiscard]] T& object() noexcept { return *object_; }

  template <class... Args>
  void construct(Args&&... args) {
    object_.emplace(std::forward<Args>(args)...);
  }

 private:
  void destroy_object() noexcept override { delete this; }

  std::optional<T> object_;
};

/// What an actor's first message calls.
template <class T>
struct construct_in {
  actor_cell<T>* cell;
  template <class... Args>
    requires std::is_constructible_v<T, Args...>
  void operator()(Args&&... args) const {
    cell->construct(std::forward<Args>(args)...);
  }
  [[nodiscard]] std::string task_name() const { return readable_name(typeid(T)) + " (constructor)"; }
};

/// A type whose name tells the method's.
template <auto Method>
struct named_by {};

/// What a call of an actor's method calls.
template <class T, auto Method>
struct method_of {
  actor_cell<T>* cell;
  template <class... Args>
    requires std::is_invocable_v<decltype(Method), T&, Args...>
  decltype(auto) operator()(Args&&... args) const {
    return std::invoke(Method, cell->object(), std::forward<Args>(args)...);
  }
  [[nodiscard]] std::string task_name() const { return readable_member_name(typeid(named_by<Method>)); }
};

/// A call to an actor: a message in its mailbox and the state of its future in one.
template <class T, class Call>
class actor_call final : public call_state<actor_call<T, Call>, Call> {
  using base = call_state<actor_call<T, Call>, Call>;

 public:
  template <class F, class... Args>
  explicit actor_call(actor_cell<T>& cell, call_site const& where, F&& f, Args&&... args)
      : base(where, std::forward<F>(f), std::forward<Args>(args)...), cell_(&cell) {}

  /// Before the call is on its way. Throws std::bad_alloc.
  void prepare() {
    if constexpr (Call::has_dependencies) dependencies_.collect(this->call());
  }

  [[nodiscard]] static message_hooks hooks() noexcept {
    if constexpr (Call::has_dependencies)
      return {[](job& m, scheduler& s, job& then) {
        auto& me = static_cast<actor_call&>(m);
        me.dependencies_.begin(s, then);
      }};
    else
      return {};
  }

 private:
  friend base;

  void step_in_queue(job_verb verb) noexcept {
    if (verb == job_verb::drop) return this->drop();
    if (cell_->failure) return this->fail(cell_->failure);
    if constexpr (base::is_coroutine) {
      actor_cell<T>* const cell = cell_;
      running_ = true;
      cell->begin_coroutine();
      this->run();
      cell->coroutine_started();
    } else {
      this->run();
    }
  }

  auto before_completion() const noexcept {
    if constexpr (std::is_same_v<typename Call::function_type, construct_in<T>>)
      if (this->result.has_failure()) cell_->failure = this->result.failure_pointer();
    return [cell = cell_, coroutine = running_]() noexcept {
      if (coroutine) cell->coroutine_ended();
      scheduler::finish_task();
    };
  }

  actor_cell<T>* cell_;   // kept alive by being at work on it
  bool running_ = false;  // as a coroutine
  [[no_unique_address]] std::conditional_t<Call::has_dependencies, dependency_wait, no_dependencies> dependencies_;
};

}  // namespace detail

/// A handle to an object of class T that lives by itself and is called by messages, one at a time.
///
///     mb::actor<counter> c = mb::make_actor<counter>(0);
///     mb::future<int> i = c.call<&counter::increment>(5);
///
/// Calls are handled one after the other, so the class needs no locks: those that are made through one handle in
/// the order in which they were made, also when an earlier one still waits for a dependency. A method that is a
/// coroutine keeps the actor until it ends.
///
/// Threads:  handles may be copied and used by any thread, also the same one at once.
/// Lifetime: the object lives until the last handle is gone and every call has been handled; its destructor runs last,
///           on a worker. Calls keep it alive, futures of their results don't.
template <class T>
class actor {
 public:
  /// A handle to nothing, to be assigned to.
  actor() noexcept = default;
  actor(actor const& other) noexcept : cell_(other.cell_) {
    if (cell_ != nullptr) cell_->add_handle();
  }
  actor(actor&& other) noexcept
      : cell_(std::exchange(other.cell_, nullptr)), line_(other.line_.exchange(nullptr, std::memory_order_relaxed)) {}
  actor& operator=(actor other) noexcept {
    std::swap(cell_, other.cell_);
    auto* const mine = line_.load(std::memory_order_relaxed);
    line_.store(other.line_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    other.line_.store(mine, std::memory_order_relaxed);
    return *this;
  }
  ~actor() {
    if (auto* const l = line_.load(std::memory_order_acquire)) l->release();
    if (cell_ != nullptr) cell_->release_handle();
  }

  /// Tells whether this is a handle to anything.
  [[nodiscard]] bool valid() const noexcept { return cell_ != nullptr; }

  /// Sends a call of a method and returns at once. Arguments are passed as to a remote function: futures wherever their
  /// values go.
  ///
  /// Errors: throws no_runtime if the actor's runtime has been shut down. What the method throws comes out of the future,
  ///         and so does what the constructor threw.
  template <auto Method, class A = detail::absent, class B = detail::absent, class C = detail::absent,
            class D = detail::absent>
  auto call(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {},
            detail::call_site where = detail::call_site::current()) const {
    return detail::with_given(
        [&](auto&&... args) { return send<Method>(where, std::forward<decltype(args)>(args)...); }, std::forward<A>(a),
        std::forward<B>(b), std::forward<C>(c), std::forward<D>(d));
  }
  template <auto Method, class... Args>
    requires(sizeof...(Args) > 4)
  auto call(Args&&... args) const {
    return send<Method>({}, std::forward<Args>(args)...);
  }

 private:
  template <class U, class... Args>
  friend actor<U> make_actor(Args&&... args);

  explicit actor(detail::actor_cell<T>* c) noexcept : cell_(c) {}

  detail::actor_cell<T>& cell() const {
    if (cell_ == nullptr)
      throw error("mobula: this actor handle is a handle to nothing: it was default-constructed or moved from");
    return *cell_;
  }

  template <auto Method, class... Args>
  auto send(detail::call_site const& where, Args&&... args) const {
    using function = detail::method_of<T, Method>;
    using plan = detail::plan_for<function&, std::decay_t<Args>...>;
    static_assert(plan::found,
                  "mobula::actor::call: the method can't be called with these arguments, nor with the values of those "
                  "that are futures");
    if constexpr (plan::found) return submit<plan>(where, function{&cell()}, std::forward<Args>(args)...);
  }

  template <class Plan, class F, class... Args>
  auto submit(detail::call_site const& where, F function, Args&&... args) const {
    using call = detail::bound_call<F, Plan, std::decay_t<Args>...>;
    using message = detail::actor_call<T, call>;
    auto m = std::make_unique<message>(*cell_, where, function, std::forward<Args>(args)...);
    detail::call_line* l = line_.load(std::memory_order_acquire);
    if (l == nullptr && call::has_dependencies) l = open_line();
    m->prepare();
    cell_->owner().admit_task();
    message& sent = *m.release();
    auto result = detail::future_access::make(sent);
    if (l != nullptr)
      l->pass(sent, message::hooks());
    else
      cell_->deliver(sent);
    return result;
  }

  detail::call_line* open_line() const {
    auto* const fresh = new detail::call_line(*cell_);
    detail::call_line* l = nullptr;
    if (line_.compare_exchange_strong(l, fresh, std::memory_order_acq_rel, std::memory_order_acquire)) return fresh;
    fresh->release();
    return l;
  }

  detail::actor_cell<T>* cell_ = nullptr;
  // Made by the first call that has dependencies; written once (release), read by every call (acquire).
  mutable std::atomic<detail::call_line*> line_{nullptr};
};

/// Makes an actor of class T, on the current runtime. The constructor runs as its first message; arguments are passed
/// as to a remote function.
///
/// Errors: throws no_runtime. What the constructor throws comes out of every call.
template <class T, class... Args>
[[nodiscard]] actor<T> make_actor(Args&&... args) {
  using function = detail::construct_in<T>;
  using plan = detail::plan_for<function&, std::decay_t<Args>...>;
  static_assert(plan::found,
                "mobula::make_actor: the class can't be constructed from these arguments, nor from the values "
                "of those that are futures");
  if constexpr (plan::found) {
    using message = detail::actor_call<T, detail::bound_call<function, plan, std::decay_t<Args>...>>;
    detail::scheduler& s = detail::current_scheduler();
    auto cell = std::make_unique<detail::actor_cell<T>>(s.shared_from_this());
    auto m = std::make_unique<message>(*cell, detail::call_site(), function{cell.get()}, std::forward<Args>(args)...);
    m->prepare();
    s.admit_task();
    message& constructor = *m.release();
    actor<T> handle(cell.release());
    auto const done = detail::future_access::make(constructor);  // nobody reads it: each call tells its error
    handle.cell_->begin(constructor, message::hooks());
    return handle;
  }
}

}  // namespace mobula
