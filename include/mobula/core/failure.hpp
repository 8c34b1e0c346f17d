#pragma once

#include <mobula/requirements.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

namespace mobula {

class failure;

namespace detail {

/// How many of the first and how many of the last attempts a failure keeps.
inline constexpr std::size_t attempts_kept = 4;

struct failure_record;

/// A counted pointer to what is known about a failure. The size of a std::exception_ptr, in whose place it stands.
class failure_ptr {
 public:
  failure_ptr() noexcept = default;
  failure_ptr(failure_ptr const& other) noexcept;
  failure_ptr(failure_ptr&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  failure_ptr& operator=(failure_ptr other) noexcept {
    std::swap(record_, other.record_);
    return *this;
  }
  ~failure_ptr() {
    if (record_ != nullptr) release();
  }
  explicit operator bool() const noexcept { return record_ != nullptr; }

  /// The failure behind an exception: if it came out of a future here, that future's; else a new one.
  [[nodiscard]] static failure_ptr capture(std::exception_ptr e) noexcept;

  /// The failure behind an exception that was made because of another failure, or of none.
  [[nodiscard]] static failure_ptr following(std::exception_ptr e, failure_ptr cause) noexcept;

  /// The same failure as that of a task that was submitted at `where`; what is known by now becomes its cause.
  /// `name(task)` gives its name.
  [[nodiscard]] failure_ptr in_task(std::source_location const& where, std::string (*name)(void const*),
                                    void const* task) const noexcept;

  /// The same after other attempts of the same call, which have failed so: `count` of them, of which the first and the
  /// last are kept.
  [[nodiscard]] failure_ptr with_attempts(std::vector<failure_ptr> kept, std::size_t count) const noexcept;

  /// The same as that of an item of a batch.
  [[nodiscard]] failure_ptr of_item(std::size_t index) const noexcept;

  /// The failure that this thread has thrown last, if it is that of the exception which is handled here; else none.
  [[nodiscard]] static failure_ptr handled() noexcept;

  /// Throws the exception; the failure counts as read.
  [[noreturn]] void rethrow() const;

  /// Gives it to be read: it won't be reported as unread.
  [[nodiscard]] failure read() const noexcept;

  [[nodiscard]] std::exception_ptr const& exception() const noexcept;

  /// What the exception says; it does not count as read then.
  [[nodiscard]] std::string message() const;

 private:
  friend failure;
  friend failure_record;
  explicit failure_ptr(failure_record* r) noexcept : record_(r) {}  // takes over a reference
  void release() noexcept;

  failure_record* record_ = nullptr;
};

/// What a call ends with that was cancelled, or else dropped by its runtime; `cause`: what has come of it, if that is a
/// failure. If it is a cancellation too, as a wait was interrupted, it is that.
[[nodiscard]] failure_ptr cancellation(bool by_request, failure_ptr const& cause) noexcept;

/// Tells whether an exception is `cancelled`.
[[nodiscard]] bool is_cancellation(std::exception_ptr const& e) noexcept;

/// The readable name of a type; of a function if the program exports it, else of its type; of the member that is the
/// argument of a template.
[[nodiscard]] std::string readable_name(std::type_info const& type);
[[nodiscard]] std::string readable_name(std::type_info const& type, void const* function);
[[nodiscard]] std::string readable_member_name(std::type_info const& named_by);

}  // namespace detail

/// What is known about the failure of a task: what it threw, where it was submitted, on which worker it ran, and what it
/// followed from.
///
///     if (auto const why = f.failure()) std::cerr << *why;
///
///     mobula: task 'train' failed: std::runtime_error: disk is full
///       submitted at search.cpp:42, ran on worker 1
///       because 'load' failed, submitted at search.cpp:40, ran on worker 0
///
/// A cheap handle, good for as long as it is kept. Threads: any.
class failure {
 public:
  /// What the task threw.
  [[nodiscard]] std::exception_ptr const& exception() const noexcept { return record_.exception(); }

  /// What the exception says: `what()` of a std::exception, else the name of its type.
  [[nodiscard]] std::string message() const;

  /// The task's name: that in its options, else that of its function's type. Empty for a coroutine that was awaited.
  [[nodiscard]] std::string_view task() const noexcept;

  /// Where the task was submitted; line 0 if it never was.
  [[nodiscard]] std::source_location const& submitted() const noexcept;

  /// The worker that it ran on when it failed; none if that was elsewhere.
  [[nodiscard]] std::optional<unsigned> worker() const noexcept;

  /// The failure that this one passes on: of a dependency, or of a future that the task has read.
  [[nodiscard]] std::optional<failure> cause() const;

  /// How the attempts have failed, in order, if the task was to be tried again (task_options::max_retries); else none. Of
  /// more than eight these are the first four and the last four.
  [[nodiscard]] std::vector<failure> attempts() const;

  /// How many attempts there have been, those included that are not kept.
  [[nodiscard]] std::size_t attempt_count() const noexcept;

  /// The index of the element of a `map` or its kin that has failed; none for anything else.
  [[nodiscard]] std::optional<std::size_t> item() const noexcept;

  /// All of it, as in the example above: one line a fact, no newline at the end. Of a long chain of causes it has the first
  /// and the last, of a long message (what(), a name) the beginning; control characters are shown as \x1b. The whole is in
  /// `message`.
  [[nodiscard]] std::string report() const;

  /// Throws what the task threw.
  [[noreturn]] void rethrow() const { record_.rethrow(); }

  friend std::ostream& operator<<(std::ostream& out, failure const& f);

 private:
  friend detail::failure_ptr;
  explicit failure(detail::failure_ptr r) noexcept : record_(std::move(r)) {}

  detail::failure_ptr record_;
};

namespace detail {

/// In a handler: throws the same again, as the failure of an item of a batch.
[[noreturn]] void rethrow_of_item(std::size_t index);

}  // namespace detail

/// In a handler: what is known of the failure behind the exception, if that came out of a future or a batch on this thread.
///
///     try { ys = mb::map(f, xs); }
///     catch (std::exception const&) { std::cerr << "x no. " << *mb::current_failure()->item() << " has failed\n"; }
///
/// Ask before anything else that may throw or wait.
[[nodiscard]] std::optional<failure> current_failure() noexcept;

/// Who is told of a failure that nobody has read.
using failure_handler = std::function<void(failure const&)>;

}  // namespace mobula
