#include <mobula/core/error.hpp>
#include <mobula/core/failure.hpp>
#include <mobula/core/free_in_turn.hpp>
#include <mobula/core/scheduler.hpp>

#include <cxxabi.h>
#include <dlfcn.h>

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <ostream>
#include <typeinfo>

#include "printable.hpp"

namespace mobula {
namespace detail {

struct failure_record : job {
  explicit failure_record(std::exception_ptr e) noexcept : job(nullptr), exception(std::move(e)) {}

  std::exception_ptr exception;
  std::string task;
  std::source_location submitted;
  std::optional<unsigned> worker;
  std::optional<std::size_t> item;
  failure_ptr cause;
  std::vector<failure_ptr> attempts;  // the first and the last of them
  std::size_t attempt_count = 0;
  std::shared_ptr<failure_handler const>
      handler;  // of the runtime that it failed on, or that was current; null for stderr

  // Set by whoever reads it, tested by the last holder, to whom the count orders it.
  std::atomic<bool> read{false};
  // Handles. Each release pairs with the acquire of the last one, who frees; nobody makes a handle of none.
  std::atomic<std::uint32_t> references{1};
};

namespace {

// The failure whose exception this thread has thrown last: who catches that exception finds here where it comes from. It
// is held, as its last future may go while the exception is on its way; one a thread at most is kept longer than needed.
thread_local failure_ptr thrown_last;

[[gnu::noinline]] void set_thrown_last(failure_ptr f) noexcept { thrown_last = std::move(f); }
[[gnu::noinline]] failure_ptr take_if_thrown_last(std::exception_ptr const& e) noexcept {
  if (!thrown_last || thrown_last.exception() != e) return {};
  return std::move(thrown_last);
}
[[gnu::noinline]] failure_ptr peek_if_thrown_last(std::exception_ptr const& e) noexcept {
  return thrown_last && thrown_last.exception() == e ? thrown_last : failure_ptr();
}

// Tells stderr, but not for ever: a program that loses failures by the thousand has other use for its terminal.
void report_to_stderr(failure const& f) {
  constexpr unsigned most = 100;
  static std::atomic<unsigned> told{0};  // relaxed: only counted
  unsigned const n = told.fetch_add(1, std::memory_order_relaxed);
  if (n > most) return;
  std::string const text =
      n < most ? f.report() + "\n  Nobody has read this failure: get the future, or ask its failure().\n"
               : "mobula: more failures that nobody reads are not shown; set runtime_options::on_unread_failure\n";
  std::fputs(text.c_str(), stderr);
}

// That a task was dropped is what whoever dropped it wanted: no report.
void report_unread(std::shared_ptr<failure_handler const> const& handler, failure const& f) noexcept {
  if (is_cancellation(f.exception())) return;
  try {
    if (handler != nullptr && *handler)
      (*handler)(f);
    else
      report_to_stderr(f);
  } catch (...) { std::fputs("mobula: the handler of unread failures has thrown\n", stderr); }
}

// Where there is no memory to say more.
failure_record* out_of_memory_record() noexcept {
  static failure_record* const r = [] {
    alignas(failure_record) static std::byte memory[sizeof(failure_record)];
    auto* const record = ::new (memory) failure_record(std::make_exception_ptr(std::bad_alloc()));
    record->read.store(true, std::memory_order_relaxed);
    return record;
  }();
  return r;
}

failure_record* make(std::exception_ptr e) noexcept {
  try {
    auto r = std::make_unique<failure_record>(std::move(e));
    if (worker* const w = this_worker()) {
      r->worker = w->id;
      r->handler = w->owner.on_unread_failure;
    } else if (auto const s = current_scheduler_if_any()) {
      r->handler = s->on_unread_failure;
    }
    return r.release();
  } catch (...) {
    failure_record* const r = out_of_memory_record();
    r->references.fetch_add(1, std::memory_order_relaxed);  // its own first one is never given up
    return r;
  }
}

}  // namespace

failure_ptr::failure_ptr(failure_ptr const& other) noexcept : record_(other.record_) {
  if (record_ != nullptr) record_->references.fetch_add(1, std::memory_order_relaxed);
}

void failure_ptr::release() noexcept {
  if (record_->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  failure_record* const r = std::exchange(record_, nullptr);
  if (!r->read.load(std::memory_order_relaxed)) {
    r->references.store(1, std::memory_order_relaxed);  // the report holds it
    report_unread(r->handler, failure_ptr(r).read());
  } else {
    // It may be the last to know its cause, and that of its own, as far back as one likes.
    free_in_turn(*r, [](job& j, job_verb) noexcept { delete static_cast<failure_record*>(&j); });
  }
}

failure_ptr failure_ptr::capture(std::exception_ptr e) noexcept {
  if (failure_ptr f = take_if_thrown_last(e)) return f;
  return failure_ptr(make(std::move(e)));
}

failure_ptr failure_ptr::following(std::exception_ptr e, failure_ptr cause) noexcept {
  failure_ptr f(make(std::move(e)));
  if (f.record_ != out_of_memory_record()) f.record_->cause = std::move(cause);
  return f;
}

failure_ptr failure_ptr::in_task(std::source_location const& where, std::string (*name)(void const*),
                                 void const* task) const noexcept {
  failure_ptr named(make(exception()));
  failure_record& r = *named.record_;
  if (&r == out_of_memory_record()) return named;
  r.submitted = where;
  record_->read.store(true, std::memory_order_relaxed);
  r.cause = record_->task.empty() && !record_->item ? record_->cause : *this;
  try {
    r.task = name(task);
    if (record_->task.empty()) {  // of this call; others may read that record too
      r.attempts = record_->attempts;
      r.attempt_count = record_->attempt_count;
    }
  } catch (std::bad_alloc const&) {
    if (r.task.empty()) r.task = "?";
  }
  return named;
}

failure_ptr failure_ptr::with_attempts(std::vector<failure_ptr> kept, std::size_t count) const noexcept {
  failure_ptr f(make(exception()));
  record_->read.store(true, std::memory_order_relaxed);
  if (f.record_ == out_of_memory_record()) return f;
  f.record_->cause = record_->cause;
  f.record_->attempts = std::move(kept);
  f.record_->attempt_count = count;
  return f;
}

failure_ptr failure_ptr::of_item(std::size_t index) const noexcept {
  failure_ptr f(make(exception()));
  record_->read.store(true, std::memory_order_relaxed);
  if (f.record_ == out_of_memory_record()) return f;
  f.record_->item = index;
  f.record_->worker = record_->worker;  // who asks may be on another one
  f.record_->cause = record_->task.empty() && !record_->item ? record_->cause : *this;
  return f;
}

failure_ptr failure_ptr::handled() noexcept {
  std::exception_ptr const e = std::current_exception();
  return e ? peek_if_thrown_last(e) : failure_ptr();
}

void rethrow_of_item(std::size_t index) { failure_ptr::capture(std::current_exception()).of_item(index).rethrow(); }

void failure_ptr::rethrow() const {
  record_->read.store(true, std::memory_order_relaxed);
  set_thrown_last(*this);
  std::rethrow_exception(record_->exception);
}

failure failure_ptr::read() const noexcept {
  record_->read.store(true, std::memory_order_relaxed);
  return failure(*this);
}

std::exception_ptr const& failure_ptr::exception() const noexcept { return record_->exception; }

bool is_cancellation(std::exception_ptr const& e) noexcept {
  try {
    std::rethrow_exception(e);
  } catch (cancelled const&) { return true; } catch (...) {
    return false;
  }
}

failure_ptr cancellation(bool by_request, failure_ptr const& cause) noexcept {
  if (cause && is_cancellation(cause.exception())) return cause;
  if (cause) static_cast<void>(cause.read());
  try {
    auto e = by_request ? std::make_exception_ptr(cancelled("this task was, or what has started it"))
                        : std::make_exception_ptr(cancelled());
    return failure_ptr::following(std::move(e), cause);
  } catch (...) { return failure_ptr::capture(std::current_exception()); }
}

namespace {

std::string demangled(char const* name) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> const text(abi::__cxa_demangle(name, nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 ? text.get() : name;
}

}  // namespace

std::string readable_name(std::type_info const& type) { return demangled(type.name()); }

std::string readable_name(std::type_info const& type, void const* function) {
  Dl_info info{};
  bool const known = dladdr(function, &info) != 0 && info.dli_sname != nullptr && info.dli_saddr == function;
  return demangled(known ? info.dli_sname : type.name());
}

// From `mobula::detail::named_by<&(counter::increment(int))>` what is between the brackets.
std::string readable_member_name(std::type_info const& named_by) {
  std::string const text = readable_name(named_by);
  auto const first = text.find("<&"), last = text.rfind('>');
  if (first == std::string::npos || last < first + 2) return text;
  std::string name = text.substr(first + 2, last - first - 2);
  if (name.starts_with('(') && name.ends_with(')')) name = name.substr(1, name.size() - 2);
  return name;
}

}  // namespace detail

namespace {

struct description {
  std::string type, what;
};

description description_in(std::exception_ptr const& e) {
  description d;
  try {
    std::rethrow_exception(e);
  } catch (std::exception const& x) { d = {detail::readable_name(typeid(x)), x.what()}; } catch (...) {
    auto const* const type = abi::__cxa_current_exception_type();
    d.type = type != nullptr ? detail::readable_name(*type) : "an exception of unknown type";
  }
  return d;
}

std::string quoted(std::string_view name) { return std::string("'").append(detail::printable(name)).append("'"); }

std::string who(failure const& f) {
  if (!f.task().empty()) return std::string("task ").append(quoted(f.task()));
  return f.item() ? std::string("item ").append(std::to_string(*f.item())) : "a coroutine";
}

std::string circumstances(failure const& f) {
  std::string text;
  if (f.submitted().line() != 0)
    text += "submitted at " + std::string(f.submitted().file_name()) + ":" + std::to_string(f.submitted().line());
  if (auto const w = f.worker()) text += (text.empty() ? "ran on worker " : ", ran on worker ") + std::to_string(*w);
  return text;
}

// What is left out between the first and the last of many.
std::string left_out(std::size_t n, char const* what) {
  return "\n  ... " + detail::with_commas(n) + " more " + what + " ...";
}

void add_attempts(std::string& text, failure const& f) {
  std::vector<failure> const kept = f.attempts();
  std::size_t const missing = f.attempt_count() - kept.size();
  for (std::size_t i = 0; i < kept.size(); ++i) {
    bool const is_behind = i >= detail::attempts_kept;
    if (missing != 0 && i == detail::attempts_kept) text += left_out(missing, "attempts");
    text += "\n  attempt " + std::to_string(i + 1 + (is_behind ? missing : 0)) + ": " +
            detail::printable(kept[i].message());
    if (auto const w = kept[i].worker()) text += ", on worker " + std::to_string(*w);
  }
}

void add_cause(std::string& text, failure const& c) {
  text.append("\n  because ").append(c.task().empty() ? who(c) : quoted(c.task())).append(" failed");
  if (auto const more = circumstances(c); !more.empty()) text += ", " + more;
}

// The nearest and the farthest: a chain may be as long as the program has made it.
void add_causes(std::string& text, failure const& f) {
  constexpr std::size_t near = 8, far = 4;
  std::size_t count = 0;
  for (auto c = f.cause(); c; c = c->cause()) ++count;
  std::size_t const behind = count > near + far + 1 ? count - far : near;
  std::size_t i = 0;
  for (auto c = f.cause(); c; c = c->cause(), ++i) {
    if (i == near && behind != near) text += left_out(behind - near, "causes");
    if (i < near || i >= behind) add_cause(text, *c);
  }
}

}  // namespace

std::string detail::failure_ptr::message() const {
  description const d = description_in(exception());
  return d.what.empty() ? d.type : d.what;
}

std::string failure::message() const { return record_.message(); }

std::string_view failure::task() const noexcept { return record_.record_->task; }
std::source_location const& failure::submitted() const noexcept { return record_.record_->submitted; }
std::optional<unsigned> failure::worker() const noexcept { return record_.record_->worker; }

std::optional<std::size_t> failure::item() const noexcept { return record_.record_->item; }

std::optional<failure> failure::cause() const {
  if (!record_.record_->cause) return std::nullopt;
  return failure(record_.record_->cause);
}

std::vector<failure> failure::attempts() const {
  std::vector<failure> all;
  for (auto const& a : record_.record_->attempts) all.push_back(a.read());
  return all;
}

std::size_t failure::attempt_count() const noexcept { return record_.record_->attempt_count; }

std::string failure::report() const {
  description const d = description_in(exception());
  std::string text = "mobula: ";
  text += who(*this);
  text += " failed: " + d.type + (d.what.empty() ? "" : ": " + detail::printable(d.what));
  if (auto const c = circumstances(*this); !c.empty()) text += "\n  " + c;
  add_attempts(text, *this);
  add_causes(text, *this);
  return text;
}

std::optional<failure> current_failure() noexcept {
  detail::failure_ptr const f = detail::failure_ptr::handled();
  return f ? std::optional(f.read()) : std::nullopt;
}

std::ostream& operator<<(std::ostream& out, failure const& f) { return out << f.report(); }

}  // namespace mobula
