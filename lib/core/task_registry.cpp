#include "task_registry.hpp"

#include "per_process.hpp"
#include "printable.hpp"

#include <mobula/core/block.hpp>
#include <mobula/core/dump_tasks.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/core/task_context.hpp>
#include <mobula/core/wait_graph.hpp>

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <thread>
#include <utility>
#include <vector>

namespace mobula {
namespace detail {
namespace {

time_point now() noexcept { return deadline_after(duration::zero()); }

// Who waits outside of tasks that are tracked.
std::string who_waits() {
  std::ostringstream s;
  if (worker const* const w = this_worker()) {
    std::string const who = w->context != nullptr ? w->context->who() : std::string();
    s << (who.empty() ? "code outside of tasks" : who) << " on worker " << w->id;
  } else {
    s << "thread " << std::this_thread::get_id();
  }
  return s.str();
}

std::string seconds(duration d) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(d).count());
  return text;
}

std::string in_words(std::source_location const& where) {
  return std::string(where.file_name()) + ":" + std::to_string(where.line());
}

}  // namespace

task_registry& task_registry::it() { return per_process<task_registry>(); }

void task_registry::add(task_record& r, task_record const* parent) {
  std::lock_guard const lock(mutex_);
  ++progress_;
  r.id_ = ++last_id_;
  r.parent_ = parent != nullptr ? parent->id_ : 0;
  records_.emplace(r.id_, &r);
}

void task_registry::remove(task_record& r) noexcept {
  std::lock_guard const lock(mutex_);
  ++progress_;
  auto const i = records_.find(r.id_);
  if (i != records_.end() && i->second == &r) records_.erase(i);  // else it is of the process that this was forked from
  if (r.is_call_) calls_.erase(r.call_);
}

void task_registry::add(wait_note& n) {
  std::lock_guard const lock(mutex_);
  ++progress_;
  waits_.emplace(n.by_, &n);
}

void task_registry::remove(wait_note& n) noexcept {
  std::lock_guard const lock(mutex_);
  ++progress_;
  waits_.erase({n.by_, &n});
}

std::uint64_t task_registry::progress() const {
  std::lock_guard const lock(mutex_);
  return progress_;
}

// Looks at everything once, and then writes it. Under the lock.
struct task_registry::writer {
  static constexpr std::size_t most_tasks = 1000, most_calls = 8;

  struct node {
    task_record const* task;
    std::vector<std::size_t> children = {};
    std::size_t waits = 0;
    std::uint64_t lost_parent = 0;  // which is over
  };

  explicit writer(task_registry const& r) : registry(r), time(now()) {
    std::unordered_map<std::uint64_t, std::size_t> places;
    for (auto const& [id, task] : r.records_) {
      if (is_over(*task)) continue;
      places.emplace(id, nodes.size());
      nodes.push_back({task});
      node& n = nodes.back();
      for_each_wait(*task, [&n](wait_note const&) { ++n.waits; });
      auto const parent = places.find(task->parent_);
      if (parent != places.end()) {
        nodes[parent->second].children.push_back(nodes.size() - 1);
      } else {
        n.lost_parent = task->parent_;
        roots.push_back(nodes.size() - 1);
      }
      if (task->is_call_) ++(has_begun(*task) ? n.waits != 0 ? waiting : running : queued);
      if (task->is_call_ ? n.waits == 0 && (has_begun(*task) || !waits_to_begin(*task)) : task->pieces_ > n.waits)
        anything_runs = true;
    }
    for (auto const& [task, note] : r.waits_) {
      if (note->for_.ends_by_itself) ends_by_itself = true;
      if (task == nullptr) outside.push_back(note);
    }
  }

  [[nodiscard]] static bool is_over(task_record const& t) { return t.over_ != nullptr && t.over_(*t.call_); }
  [[nodiscard]] static bool has_begun(task_record const& t) { return t.pieces_ != 0; }
  // If some of what it waits for is not tracked, it may be there already.
  [[nodiscard]] bool waits_to_begin(task_record const& t) const {
    if (t.needs_.empty()) return false;
    return t.needed_calls_.empty() || std::any_of(t.needed_calls_.begin(), t.needed_calls_.end(), [this](job const* c) {
             auto const i = registry.calls_.find(c);
             return i == registry.calls_.end() || !is_over(*i->second);
           });
  }
  template <class F>
  void for_each_wait(task_record const& t, F f) const {
    for (auto i = registry.waits_.lower_bound({&t, nullptr}); i != registry.waits_.end() && i->first == &t; ++i)
      f(*i->second);
  }
  [[nodiscard]] bool stuck() const noexcept {
    return !anything_runs && !ends_by_itself && (waiting + queued != 0 || !outside.empty());
  }

  std::string write() {
    std::size_t const tasks = waiting + running + queued;
    text.append(std::to_string(tasks)).append(tasks == 1 ? " task: " : " tasks: ");
    text.append(std::to_string(running)).append(running == 1 ? " runs, " : " run, ");
    text.append(std::to_string(waiting)).append(waiting == 1 ? " waits, " : " wait, ");
    text.append(std::to_string(queued)).append(queued == 1 ? " has not begun\n" : " have not begun\n");
    for (std::size_t const n : roots) write(nodes[n], 0);
    if (written > most_tasks) text.append("and ").append(std::to_string(written - most_tasks)).append(" more\n");
    for (wait_note const* const n : outside) {
      text.append(n->who_).append(" waits\n");
      write(*n, 4);
    }
    return std::move(text);
  }

 private:
  void write(node const& first, std::size_t indent) {
    std::vector<std::pair<node const*, std::size_t>> todo{{&first, indent}};  // no recursion: trees may be deep
    while (!todo.empty()) {
      auto const [n, depth] = todo.back();
      todo.pop_back();
      bool const is_empty_part = !n->task->is_call_ && n->task->pieces_ == 0 && n->waits == 0;
      if (!is_empty_part && ++written <= most_tasks) write_one(*n, depth);
      std::size_t const below = depth + (is_empty_part ? 0 : 2);
      for (auto c = n->children.rbegin(); c != n->children.rend(); ++c) todo.emplace_back(&nodes[*c], below);
    }
  }

  void write_one(node const& n, std::size_t indent) {
    task_record const& t = *n.task;
    text.append(indent, ' ');
    if (t.is_call_) {
      append_name(t);
      if (t.submitted_.line() != 0) text.append(", submitted at ").append(in_words(t.submitted_));
    } else {
      text.append(printable(t.name_)).append(": ").append(std::to_string(t.pieces_));
    }
    if (n.lost_parent != 0)
      text.append(n.task->is_call_ ? " by" : " of").append(" task ").append(std::to_string(n.lost_parent)) +=
          ", which is over";
    if (n.waits != 0) {
      text.append(t.is_call_     ? ", waits\n"
                  : n.waits == 1 ? ", of which 1 waits\n"
                                 : ", of which " + std::to_string(n.waits) + " wait\n");
      for_each_wait(t, [&](wait_note const& w) { write(w, indent + 4); });
    } else if (has_begun(t)) {
      text.append(", runs");
      if (t.is_call_ && t.worker_ >= 0) text.append(", began on worker ").append(std::to_string(t.worker_));
      text += '\n';
    } else if (waits_to_begin(t)) {
      text.append(", has not begun: waits for ").append(t.needs_);
      append_calls(t.needed_calls_);
      text += '\n';
    } else {
      text.append(", is queued\n");
    }
  }

  void write(wait_note const& w, std::size_t indent) {
    text.append(indent, ' ').append("for ").append(seconds(time - w.since_));
    if (!w.lines_.empty()) text.append(", at ").append(in_words(w.lines_.front()));
    char const* between = ", for ";
    for (wait_description::target const& t : w.for_.targets) {
      text.append(std::exchange(between, ", or ")).append(t.words);
      append_calls(t.calls);
    }
    text += '\n';
    for (std::size_t i = 1; i < w.lines_.size(); ++i)
      text.append(indent + 2, ' ').append("awaited at ").append(in_words(w.lines_[i])) += '\n';
  }

  void append_name(task_record const& t) {
    text.append("task ").append(std::to_string(t.id_)).append(" '").append(printable(t.name_)) += '\'';
  }

  void append_calls(std::vector<job const*> const& calls) {
    std::size_t named = 0;
    for (job const* const c : calls) {
      auto const i = registry.calls_.find(c);
      if (i == registry.calls_.end() || named == most_calls) continue;
      text.append(named == 0 ? " of " : ", ");
      append_name(*i->second);
      ++named;
    }
    if (calls.size() > named && calls.size() > 1)
      text.append(named == 0 ? " of " : " and of ")
          .append(std::to_string(calls.size() - named))
          .append(named == 0 ? " calls" : " more");
  }

  task_registry const& registry;
  time_point const time;
  std::vector<node> nodes;
  std::vector<std::size_t> roots;
  std::vector<wait_note const*> outside;
  std::size_t waiting = 0, running = 0, queued = 0;
  bool anything_runs = false, ends_by_itself = false;
  std::size_t written = 0;
  std::string text;
};

std::string task_registry::dump() const {
  std::lock_guard const lock(mutex_);
  return writer(*this).write();
}

std::optional<std::string> task_registry::dump_if_stuck(std::uint64_t progress) const {
  std::lock_guard const lock(mutex_);
  if (progress_ != progress) return std::nullopt;
  writer w(*this);
  return w.stuck() ? std::optional(w.write()) : std::nullopt;
}

task_record::task_record(task_record const* parent) { task_registry::it().add(*this, parent); }

task_record::~task_record() { task_registry::it().remove(*this); }

void task_record::set_call(job& call, std::string name, std::source_location submitted,
                           bool (*over)(job const&) noexcept) {
  task_registry& all = task_registry::it();
  std::lock_guard const lock(all.mutex_);
  all.calls_.insert_or_assign(&call, this);
  call_ = &call;
  is_call_ = true;
  name_ = std::move(name);
  submitted_ = submitted;
  over_ = over;
}

namespace {

// Stands for all that runs in a part, where calls wait for each other.
struct part_job final : job {
  part_job(std::string name, execution_context& c) noexcept
      : job([](job& j, job_verb) noexcept {
          execution_context& in = static_cast<part_job&>(j).runs_in;
          answer_describe({.call = &j, .runs_in = &in, .place = &in, .actor = &in, .over = &never, .name = &in_words});
        }),
        what(std::move(name)),
        runs_in(c) {}
  static bool never(job const&) noexcept { return false; }
  static std::string in_words(job const& j, bool waits) {
    return (waits ? "one of the " : "the ") + static_cast<part_job const&>(j).what;
  }

  std::string const what;
  execution_context& runs_in;
};

}  // namespace

void task_record::set_part(std::string name, execution_context& runs_in) {
  part_ = std::make_shared<part_job>(name, runs_in);
  call_ = part_.get();
  task_registry::it().change([&] { name_ = std::move(name); });
}

std::string task_record::in_words() const {
  std::string words = std::string("'").append(printable(name_)).append("'");
  if (submitted_.line() != 0) words.append(" (submitted at ").append(detail::in_words(submitted_)) += ')';
  return words;
}

void task_record::set_waits_to_begin(std::string what, std::vector<job const*> calls) noexcept {
  task_registry::it().change([&] {
    needs_ = std::move(what);
    needed_calls_ = std::move(calls);
  });
}

void task_record::begins() noexcept {
  worker const* const w = this_worker();
  task_registry::it().change([&] {
    pieces_ = is_call_ ? 1 : pieces_ + 1;
    worker_ = w != nullptr ? static_cast<int>(w->id) : -1;
  });
}

void task_record::ends_piece() noexcept {
  task_registry::it().change([&] { --pieces_; });
}

wait_note::wait_note(wait_description d, std::source_location where) : for_(std::move(d)), since_(now()) {
  task_context const* const task = this_task_context();
  by_ = task != nullptr ? task->record() : nullptr;
  if (task != nullptr && task->deadline() != time_point::max()) for_.ends_by_itself = true;
  if (by_ == nullptr) who_ = who_waits();
  if (where.line() != 0) lines_.push_back(where);
  task_registry::it().add(*this);
}

wait_note::~wait_note() { task_registry::it().remove(*this); }

void wait_note::set_lines(std::vector<std::source_location> lines) {
  task_registry::it().change([&] { lines_.swap(lines); });
}

}  // namespace detail

std::string dump_tasks() {
  if (!detail::tracking())
    return "no runtime tracks its tasks: set runtime_options::track_tasks, or MOBULA_TRACK_TASKS=1 in the "
           "environment\n";
  return detail::task_registry::it().dump();
}

}  // namespace mobula
