#include <mobula/core/error.hpp>
#include <mobula/remote/resource_book.hpp>

#include <algorithm>
#include <utility>

namespace mobula::detail {

resource_book& book_of(scheduler& s) {
  auto& b = s.parts.get<resource_book>();
  b.set_up(s);
  return b;
}

void resource_book::set_up(scheduler& s) {
  std::call_once(once_, [&] {
    runtime_capacity const& c = *s.capacity;
    add("CPU", c.num_cpus);
    add("GPU", c.num_gpus).by_device.assign(c.num_gpus, units_of_one);
    add("memory", static_cast<double>(c.memory));
    for (auto const& [name, amount] : c.resources) add(name, amount);
    if (c.max_running != 0) running_ = &add("max_running", static_cast<double>(c.max_running));
    if (c.max_in_flight != 0) in_flight_ = &add("max_in_flight", static_cast<double>(c.max_in_flight));
    if (c.max_pending != 0) pending_ = &add("max_pending", static_cast<double>(c.max_pending));
  });
  if (s.verb() == job_verb::drop) drop();
}

resource_pool& resource_book::add(std::string name, double amount) {
  return pools_.emplace_back(resource_pool{std::move(name), to_units(amount)});
}

resource_pool* resource_book::find(std::string const& name) noexcept {
  auto const at = std::find_if(pools_.begin(), pools_.end(),
                               [&](resource_pool const& p) { return p.name == name && !is_limit(p); });
  return at != pools_.end() ? &*at : nullptr;
}

bool resource_book::is_limit(resource_pool const& p) const noexcept {
  return &p == running_ || &p == in_flight_ || &p == pending_;
}

resource_demand resource_book::demand_of(double cpus, double gpus, std::size_t memory,
                                         std::map<std::string, double> const& others, std::string const& who) {
  resource_demand d;
  auto const ask = [&](std::string const& name, double amount) {
    if (amount == 0) return;
    resource_pool* const p = find(name);
    if (p == nullptr || to_units(amount) > p->capacity) throw_never(who, amount_text(amount) + " of " + name);
    d.push_back({p, to_units(amount)});
  };
  ask("CPU", cpus);
  ask("GPU", gpus);
  ask("memory", static_cast<double>(memory));
  for (auto const& [name, amount] : others) ask(name, amount);
  return d;
}

void resource_book::throw_never(std::string const& who, std::string const& asked) const {
  std::string there;
  for (auto const& [name, amount] : all()) there += (there.empty() ? "" : ", ") + amount_text(amount) + " of " + name;
  throw error("mobula: " + who + " asks for " + asked + ", which its runtime never has: it has " + there +
              " (runtime_options: num_cpus, num_gpus, memory, resources)");
}

std::shared_ptr<resource_pool> resource_book::places_of(std::shared_ptr<task_options const> const& o,
                                                        place_limit which) {
  bool const running = which == place_limit::running, in_flight = which == place_limit::in_flight;
  std::size_t const most = running ? o->max_running : in_flight ? o->max_in_flight : o->max_pending;
  if (most == 0) return nullptr;
  std::lock_guard const lock(places_mutex_);
  std::weak_ptr<resource_pool>& known = places_[{o.get(), which}];
  if (auto p = known.lock()) return p;
  // With the options, so that no others are made at their address while these places are known by it.
  auto both = std::make_shared<std::pair<resource_pool, std::shared_ptr<task_options const>>>(
      resource_pool{running     ? "max_running"
                    : in_flight ? "max_in_flight"
                                : "max_pending",
                    to_units(static_cast<double>(most))},
      o);
  std::shared_ptr<resource_pool> p(both, &both->first);
  known = p;
  std::erase_if(places_, [](auto const& entry) { return entry.second.expired(); });
  return p;
}

std::map<std::string, double> resource_book::all() const {
  std::map<std::string, double> m;
  for (resource_pool const& p : pools_)
    if (!is_limit(p) && p.capacity != 0) m.emplace(p.name, to_amount(p.capacity));
  return m;
}

std::map<std::string, double> resource_book::available() {
  std::map<std::string, double> m = all();
  std::vector<std::int64_t> free(pools_.size());
  {
    std::lock_guard const lock(lock_);
    std::transform(pools_.begin(), pools_.end(), free.begin(), [](resource_pool const& p) { return p.free; });
  }
  for (std::size_t i = 0; i < free.size(); ++i)
    if (auto const at = m.find(pools_[i].name); at != m.end() && &pools_[i] == find(at->first))
      at->second = to_amount(std::max<std::int64_t>(free[i], 0));
  return m;
}

// Of GPUs, nobody passes those who wait: what a task asks for has to be free of single ones.
bool resource_book::fits(resource_amount const& a, bool urgent) noexcept {
  resource_pool const& p = *a.of;
  if (p.free - (urgent ? 0 : p.reserved) < a.units) return false;
  if (p.by_device.empty()) return true;
  if (p.reserved > 0 && !urgent) return false;
  auto const with = [&](std::int64_t units) {
    return std::count_if(p.by_device.begin(), p.by_device.end(), [units](std::int64_t f) { return f >= units; });
  };
  return a.units < units_of_one ? with(a.units) > 0 : with(units_of_one) * units_of_one >= a.units;
}

bool resource_book::fits(resource_demand const& d, bool urgent) noexcept {
  return std::all_of(d.begin(), d.end(), [urgent](resource_amount const& a) { return fits(a, urgent); });
}

void resource_book::reserve(resource_demand const& d) noexcept {
  for (resource_amount const& a : d) a.of->reserved += a.units;
}

void resource_book::clear_reserved(resource_demand const& d) noexcept {
  for (resource_amount const& a : d) a.of->reserved = 0;
}

// A fraction goes to the GPU with the least that is enough, so that others stay whole.
void resource_book::take(resource_claim& c) noexcept {
  c.taken_ = true;
  for (resource_amount const& a : c.demand_) {
    resource_pool& p = *a.of;
    p.free -= a.units;
    if (p.by_device.empty() || c.devices_ == nullptr) continue;
    std::int64_t const each = std::min(a.units, units_of_one);
    c.devices_->clear();
    for (std::int64_t left = a.units; left > 0; left -= each) {
      std::size_t best = p.by_device.size();
      for (std::size_t i = 0; i < p.by_device.size(); ++i)
        if (p.by_device[i] >= each && (best == p.by_device.size() || p.by_device[i] < p.by_device[best])) best = i;
      p.by_device[best] -= each;
      c.devices_->push_back(static_cast<unsigned>(best));
    }
  }
}

void resource_book::put(resource_demand const& d, std::vector<unsigned> const* devices) noexcept {
  for (resource_amount const& a : d) {
    a.of->free += a.units;
    if (a.of->by_device.empty() || devices == nullptr) continue;
    for (unsigned const i : *devices) a.of->by_device[i] += std::min(a.units, units_of_one);
  }
}

void resource_book::give_back(resource_demand const& d, std::vector<unsigned> const* devices) noexcept {
  wake_list passed;
  {
    std::lock_guard const lock(lock_);
    put(d, devices);
    if (!shapes_.empty()) let_in(passed);
  }
  passed.wake();
}

resource_claim& resource_book::first_of(resource_shape& s) noexcept {
  return static_cast<resource_claim&>(*s.queue.first());
}

bool resource_book::is_before(resource_shape& a, resource_shape& b) noexcept {
  return a.urgent != b.urgent ? a.urgent : first_of(a).arrival_ < first_of(b).arrival_;
}

// The first of a shape has left it: moves it to where its next one belongs; gives what stands in its place now.
resource_book::place resource_book::move_on(place at) noexcept {
  if (at->queue.empty()) return shapes_.erase(at);
  place const next = std::next(at);
  place to = next;
  while (to != shapes_.end() && is_before(*to, *at)) ++to;
  if (to == next) return at;
  shapes_.splice(to, shapes_, at);
  return next;
}

// The first of each shape, in order. Who can't have it now reserves it.
void resource_book::let_in(wake_list& passed) noexcept {
  for (resource_shape const& s : shapes_) clear_reserved(s.demand);
  for (place at = shapes_.begin(); at != shapes_.end();) {
    if (!dropped_ && !fits(at->demand, at->urgent)) {
      reserve(at->demand);
      ++at;
      continue;
    }
    resource_claim& c = first_of(*at);
    if (at->queue.choose_first()) {
      c.chosen_ = true;
      if (!dropped_) take(c);
      passed.add(c);
    }
    at = move_on(at);
  }
}

void resource_book::line_up(resource_claim& c, resumer& r) noexcept {
  c.arrival_ = ++arrivals_;
  c.at_ = std::find_if(shapes_.begin(), shapes_.end(),
                       [&](resource_shape const& s) { return s.urgent == c.urgent_ && s.demand == c.demand_; });
  if (c.at_ == shapes_.end()) {
    reserve(c.demand_);
    place const behind = c.urgent_
                             ? std::find_if(shapes_.begin(), shapes_.end(), [](auto const& s) { return !s.urgent; })
                             : shapes_.end();
    c.at_ = c.spare_.begin();
    shapes_.splice(behind, c.spare_);
  }
  c.at_->queue.push(c, r);
}

void resource_book::drop() noexcept {
  wake_list passed;
  {
    std::lock_guard const lock(lock_);
    dropped_ = true;
    let_in(passed);
  }
  passed.wake();
}

bool resource_claim::ready() {
  {
    std::lock_guard const lock(book_.lock_);
    if (book_.dropped_) return true;
    if (book_.fits(demand_, urgent_)) {
      book_.take(*this);
      return true;
    }
  }
  if (spare_.empty()) spare_.emplace_back(demand_, urgent_);
  return false;
}

bool resource_claim::start(resumer& r) noexcept {
  std::lock_guard const lock(book_.lock_);
  if (!book_.dropped_ && !book_.fits(demand_, urgent_)) {
    book_.line_up(*this, r);
    return true;
  }
  if (r.try_claim() && !book_.dropped_) book_.take(*this);
  return false;
}

bool resource_claim::leave(wake_list& passed) noexcept {
  std::lock_guard const lock(book_.lock_);
  if (!queued()) return !chosen_;
  static_cast<void>(at_->queue.remove(*this));
  resource_book::clear_reserved(at_->demand);
  static_cast<void>(book_.move_on(at_));
  book_.let_in(passed);
  return true;
}

bool resource_claim::cancel() noexcept {
  wake_list passed;
  bool const left = leave(passed);
  passed.wake();
  return left;
}

void resource_claim::force() noexcept {
  std::lock_guard const lock(book_.lock_);
  book_.take(*this);
}

}  // namespace mobula::detail
