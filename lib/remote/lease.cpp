#include <mobula/core/error.hpp>
#include <mobula/core/operation.hpp>
#include <mobula/remote/lease.hpp>

#include <algorithm>
#include <mutex>
#include <new>
#include <string>
#include <utility>

namespace mobula::detail {

namespace {

void submit_to(scheduler& s, job& j, placement const& at) noexcept {
  if (at.plain()) return s.submit(j);
  s.submit_placed(j, at);
}

// Whether what runs here keeps something, or what has started it does.
bool parent_holds() noexcept {
  execution_context const* const c = this_context();
  return c != nullptr && c->holds();
}

}  // namespace

std::shared_ptr<pending_place> pending_place_for(scheduler& s, std::shared_ptr<task_options const> const& o) {
  bool const by_function = o != nullptr && o->max_pending != 0;
  if (!by_function && !s.limited) return nullptr;
  resource_book& b = book_of(s);
  resource_demand d;
  std::shared_ptr<resource_pool> own = by_function ? b.places_of(o, place_limit::pending) : nullptr;
  if (own != nullptr) d.push_back({own.get(), units_of_one});
  if (b.pending() != nullptr) d.push_back({b.pending(), units_of_one});
  return d.empty() ? nullptr : std::make_shared<pending_place>(s, std::move(d), std::move(own));
}

std::shared_ptr<pending_place> wait_for_pending_place(scheduler& s, std::shared_ptr<task_options const> const& o) {
  std::shared_ptr<pending_place> p = pending_place_for(s, o);
  if (p != nullptr && !p->ready()) wait_for(*p);
  return p;
}

lease::lease(scheduler& s, resource_demand all, resource_demand to_run,
             std::vector<std::shared_ptr<resource_pool>> of_function)
    : execution_context(true, nullptr, this),
      job([](job& j, job_verb) noexcept { static_cast<lease&>(j).ask(); }),
      resumer{[](resumer& r) noexcept { static_cast<lease&>(r).woken(); }},
      owner_(s),
      book_(book_of(s)),
      all_(std::move(all)),
      to_run_(std::move(to_run)),
      of_function_(std::move(of_function)),
      urgent_(parent_holds()) {
  for (resource_amount const& a : all_) {
    if (std::find(to_run_.begin(), to_run_.end(), a) == to_run_.end()) kept_.push_back(a);
    if (!a.of->by_device.empty()) gpus_.reserve(static_cast<std::size_t>((a.units + units_of_one - 1) / units_of_one));
  }
}

// Under the lock. True if it has what the claim is for, or never will, as the runtime drops.
bool lease::take_or_wait() noexcept {
  asking_ = true;
  try {
    if (!claim_->ready() && claim_->start(*this)) return false;
  } catch (std::bad_alloc const&) { claim_->force(); }
  asking_ = false;
  return true;
}

void lease::ask() noexcept {
  {
    std::lock_guard const lock(mutex_);
    if (!stopped_) {
      claim_.emplace(book_, all_, urgent_, &gpus_);
      if (!take_or_wait()) return;
      has_taken();
    }
    begun_ = true;
  }
  submit(*then_);
}

// Under the lock.
void lease::has_taken() noexcept {
  admitted_ = has_to_run_ = claim_->taken();
  strands_ = 1;
}

void lease::woken() noexcept {
  std::shared_ptr<lease> self;
  job* first = nullptr;
  bool too_late = false;
  {
    std::lock_guard const lock(mutex_);
    asking_ = false;
    self = std::move(self_);
    if (!begun_) {
      begun_ = true;
      has_taken();
      first = then_;
      first->next = nullptr;
    } else {
      has_to_run_ = claim_->taken();
      too_late = ended_ && std::exchange(has_to_run_, false);
      first = can_run();
    }
  }
  if (too_late) book_.give_back(to_run_);
  submit_list(first);
}

// Under the lock: those that go on now.
job* lease::can_run() noexcept {
  for (job* j = first_back_; j != nullptr; j = j->next) ++strands_;
  last_back_ = nullptr;
  return std::exchange(first_back_, nullptr);
}

// The last may end this.
void lease::submit_list(job* first) noexcept {
  scheduler& s = owner_;
  placement const at = at_;
  while (first != nullptr) {
    job* const j = first;
    first = j->next;
    submit_to(s, *j, at);
  }
}

void lease::submit(job& j) noexcept { submit_to(owner_, j, at_); }

void lease::come_back(job& j) noexcept {
  job* first = &j;
  j.next = nullptr;
  {
    std::lock_guard const lock(mutex_);
    if (!admitted_ || has_to_run_ || to_run_.empty()) {
      ++strands_;
    } else {
      (last_back_ == nullptr ? first_back_ : last_back_->next) = &j;
      last_back_ = &j;
      if (asking_) return;
      claim_.emplace(book_, to_run_, true);
      if (!take_or_wait()) {
        self_ = shared_from_this();
        return;
      }
      has_to_run_ = claim_->taken();
      first = can_run();
    }
  }
  submit_list(first);
}

void lease::strand_begins() noexcept {
  std::lock_guard const lock(mutex_);
  ++strands_;
}

void lease::strand_left() noexcept {
  {
    std::lock_guard const lock(mutex_);
    if (strands_ != 0) --strands_;
    if (strands_ != 0 || !has_to_run_ || to_run_.empty()) return;
    has_to_run_ = false;
  }
  book_.give_back(to_run_);
}

void lease::stop() noexcept {
  wake_list passed;
  {
    std::lock_guard const lock(mutex_);
    stopped_ = true;
    if (begun_ || !asking_ || !claim_->leave(passed)) return;
    asking_ = false;
    begun_ = true;
  }
  passed.wake();
  submit(*then_);
}

void lease::end() noexcept {
  wake_list passed;
  std::shared_ptr<lease> self;
  job* first = nullptr;
  bool kept = false, to_run = false;
  {
    std::lock_guard const lock(mutex_);
    if (std::exchange(ended_, true)) return;
    kept = std::exchange(admitted_, false);
    to_run = std::exchange(has_to_run_, false);
    if (asking_ && claim_->leave(passed)) {
      asking_ = false;
      self = std::move(self_);
      first = can_run();
    }
  }
  passed.wake();
  place_.reset();
  if (kept) book_.give_back(to_run ? all_ : kept_, &gpus_);
  submit_list(first);
}

bool asks_for_something(task_options const& o) noexcept {
  return o.num_cpus != 0 || o.num_gpus != 0 || o.memory != 0 || !o.resources->empty() || o.max_running != 0 ||
         o.max_in_flight != 0 || o.max_pending != 0;
}

std::shared_ptr<lease> lease_for(scheduler& s, std::shared_ptr<task_options const> const& o) {
  bool const asks = o != nullptr && asks_for_something(*o);
  if (!asks && !s.limited) return nullptr;
  resource_book& b = book_of(s);
  resource_demand all, to_run;
  if (asks)
    all = b.demand_of(o->num_cpus, o->num_gpus, o->memory, o->resources,
                      o->name->empty() ? "a task" : "the task '" + *o->name + "'");
  for (resource_amount const& a : all)
    if (b.is_cpu(*a.of)) to_run.push_back(a);
  std::vector<std::shared_ptr<resource_pool>> own;  // those of the function
  auto const take_place = [&](resource_pool* places, place_limit which) {
    if (places == nullptr) return;
    all.push_back({places, units_of_one});
    if (which == place_limit::running) to_run.push_back(all.back());
  };
  for (place_limit const which : {place_limit::running, place_limit::in_flight}) {
    if (!asks) break;
    own.push_back(b.places_of(o, which));
    take_place(own.back().get(), which);
  }
  take_place(b.running(), place_limit::running);
  // A task may wait for what it has started, so that is part of it.
  if (!parent_holds()) take_place(b.in_flight(), place_limit::in_flight);
  return std::make_shared<lease>(s, std::move(all), std::move(to_run), std::move(own));
}

std::unique_ptr<task_context> context_above(std::shared_ptr<lease> l, task_context const* parent, time_point deadline,
                                            placement const& at) {
  auto c = std::make_unique<task_context>(l.get(), parent, deadline, at);
  if (l != nullptr) l->set_placement(c->place());
  c->keep(std::move(l));
  return c;
}

std::unique_ptr<task_context> limited_context(scheduler& s) {
  auto place = wait_for_pending_place(s, nullptr);
  std::shared_ptr<lease> l = lease_for(s, nullptr);
  if (l == nullptr) return nullptr;
  l->set_place(std::move(place));
  return context_above(std::move(l), this_task_context());
}

void check_resources(double cpus, double gpus, std::size_t memory, std::map<std::string, double> const& others,
                     char const* owner) {
  auto const refuse = [owner](std::string const& what) { throw error("mobula: " + std::string(owner) + "::" + what); };
  std::string const range = ", but has to be from 0.0001 to " + amount_text(most_of_a_resource) + ", or 0 for none";
  auto const allowed = [](double x) { return x >= 0 && x <= most_of_a_resource && (x == 0 || to_units(x) > 0); };
  if (!allowed(cpus)) refuse("num_cpus is " + amount_text(cpus) + range);
  if (!allowed(gpus)) refuse("num_gpus is " + amount_text(gpus) + range);
  if (gpus > 1 && to_units(gpus) % units_of_one != 0)
    refuse("num_gpus is " + amount_text(gpus) + ": of more than one, only whole ones can be had");
  if (!allowed(static_cast<double>(memory))) refuse("memory is " + std::to_string(memory) + range);
  for (auto const& [name, amount] : others)
    if (std::string const wrong = wrong_resource(name, amount); !wrong.empty()) refuse("resources: one " + wrong);
}

}  // namespace mobula::detail
