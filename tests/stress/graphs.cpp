// Random graphs of tasks of all kinds, with failures, blocking gets, timers, actors, channels, streams and time limits,
// against a serial model: each task's outcome must be what the model says, on any number of workers. With --long, for
// minutes.
#include <mobula/mobula.hpp>

#include "support/catch.hpp"
#include "support/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace mb = mobula;
using mobula::test::repeats;
using mobula::test::watchdog;
using mobula::test::workers;
using namespace std::chrono_literals;

namespace {

// What tasks hand to each other. Counted, so that none is left in the end.
class payload {
 public:
  explicit payload(std::uint64_t v) : value(v) { ++living; }
  payload(payload const& other) : value(other.value) { ++living; }
  payload& operator=(payload const&) = default;
  ~payload() { --living; }

  std::uint64_t value;
  static inline std::atomic<long> living{0};
};

struct node_error : std::runtime_error {
  explicit node_error(std::size_t i) : std::runtime_error("node " + std::to_string(i)), node(i) {}
  std::size_t node;
};

using result = mb::future<payload>;
using inputs = std::vector<result>;

std::uint64_t mix(std::uint64_t h, std::uint64_t v) {
  h = (h ^ v) * 0x9E3779B97F4A7C15U;
  return h ^ (h >> 29);
}

// The kinds of nodes. All but `fails` and `recovers` give a mix of their number and their inputs' values, or fail with
// the error of the first input in order that has failed.
enum class kind {
  by_arguments,
  blocks,
  awaits,
  awaits_all,
  sleeps,
  forks,
  maps,
  asks_actor,
  is_impatient,
  selects,
  nests,
  sends,
  streams,
  groups,
  recovers,
  fails,
  count
};

struct node {
  kind what;
  std::vector<std::size_t> from;
};

struct expectation {
  std::uint64_t value = 0;
  std::optional<std::size_t> error = {};
};

std::uint64_t number_of(std::size_t i) { return mix(17, i); }

// The serial model.
std::vector<expectation> expected(std::vector<node> const& graph) {
  std::vector<expectation> all;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    expectation e{number_of(i)};
    if (graph[i].what == kind::fails) e.error = i;
    for (std::size_t const from : graph[i].from) {
      expectation const& x = all[from];
      if (graph[i].what == kind::recovers)
        e.value = mix(e.value, x.error ? *x.error : x.value);
      else if (x.error && !e.error)
        e.error = x.error;
      else
        e.value = mix(e.value, x.value);
    }
    all.push_back(e);
  }
  return all;
}

payload mixed(std::size_t i, std::vector<payload> const& values) {
  std::uint64_t h = number_of(i);
  for (auto const& v : values) h = mix(h, v.value);
  return payload(h);
}

// An actor that notices if two of its methods run at once.
class mixer {
 public:
  payload mix_all(std::size_t i, std::vector<payload> const& values) {
    if (busy_.exchange(true)) throw std::logic_error("two messages at once");
    payload p = mixed(i, values);
    busy_ = false;
    return p;
  }

 private:
  std::atomic<bool> busy_{false};
};

mb::task<payload> awaits(std::size_t i, inputs in) {
  std::uint64_t h = number_of(i);
  for (auto const& f : in) h = mix(h, (co_await f).value);
  co_return payload(h);
}

mb::task<payload> sleeps(std::size_t i, inputs in) {
  co_await mb::sleep_for(std::chrono::microseconds(i % 97 * 3));
  co_return co_await awaits(i, std::move(in));
}

mb::task<payload> one(result f) { co_return co_await f; }

mb::task<payload> forks(std::size_t i, inputs in) {
  std::vector<mb::task<payload>> children;
  for (auto const& f : in) children.push_back(one(f));
  co_return mixed(i, co_await mb::when_all(std::move(children)));
}

mb::task<payload> impatient(std::size_t i, inputs in) {
  std::uint64_t h = number_of(i);
  for (auto const& f : in)
    for (auto limit = 1us;; limit *= 2) {
      try {
        h = mix(h, (co_await mb::timeout(f, limit)).value);
        break;
      } catch (mb::timeout_error const&) {  // nothing is lost
      }
    }
  co_return payload(h);
}

mb::task<payload> selects(std::size_t i, inputs in) {
  std::uint64_t h = number_of(i);
  for (auto const& f : in)
    for (;;) {
      auto const first =
          co_await mb::select(f, mb::sleep_for(std::chrono::microseconds(1 + i % 11)), mb::sleep_for(1h));
      if (first.index() == 2) throw std::logic_error("an hour has passed");
      if (first.index() == 1) continue;
      h = mix(h, std::get<0>(first).get().value);
      break;
    }
  co_return payload(h);
}

// Closes a channel when its task ends, also if that never runs.
struct closing {
  explicit closing(mb::channel<payload> c) : channel(std::move(c)) {}
  ~closing() { channel.close(); }
  mb::channel<payload> channel;
};

mb::task<void> send_all(std::shared_ptr<closing> to, inputs in) {
  for (auto const& f : in) {
    payload p = co_await f;
    bool const sent = co_await to->channel.send(std::move(p));
    if (!sent) throw std::logic_error("the channel was closed");
  }
}

mb::task<payload> sends(std::size_t i, inputs in) {
  mb::channel<payload> const between(1 + i % 3);
  auto const sender = mb::remote(send_all)(std::make_shared<closing>(between), std::move(in));
  std::uint64_t h = number_of(i);
  while (auto p = co_await between.receive()) h = mix(h, p->value);
  co_await sender;  // throws what it has thrown
  co_return payload(h);
}

mb::generator<payload> each_of(inputs in) {
  for (auto const& f : in) {
    payload p = co_await f;
    co_yield std::move(p);
  }
}

mb::task<payload> streams(std::size_t i, inputs in) {
  auto elements = mb::remote(each_of).options({.stream_capacity = 1 + i % 4})(std::move(in));
  std::uint64_t h = number_of(i);
  while (auto p = co_await elements.next()) h = mix(h, p->value);
  co_return payload(h);
}

payload groups(std::size_t i, inputs in) {
  std::vector<std::optional<payload>> values(in.size());
  mb::task_group group;
  for (std::size_t k = 0; k < in.size(); ++k) group.run([&, k] { values[k].emplace(mb::get(in[k])); });
  mb::get(group.join());
  std::uint64_t h = number_of(i);
  for (auto const& v : values) h = mix(h, v->value);
  return payload(h);
}

payload recovers(std::size_t i, inputs in) {
  std::uint64_t h = number_of(i);
  for (auto const& f : in) {
    try {
      h = mix(h, mb::get(f).value);
    } catch (node_error const& e) { h = mix(h, e.node); }
  }
  return payload(h);
}

result submit(std::size_t i, kind what, inputs in, std::vector<mb::actor<mixer>> const& actors) {
  switch (what) {
    case kind::by_arguments: return mb::remote(mixed)(i, std::move(in));
    case kind::blocks:
      return mb::remote([](std::size_t n, inputs fs) {
        std::uint64_t h = number_of(n);
        for (auto const& f : fs) h = mix(h, mb::get(f).value);
        return payload(h);
      })(i, std::move(in));
    case kind::awaits: return mb::remote(awaits)(i, std::move(in));
    case kind::awaits_all:
      return mb::remote([](std::size_t n, inputs fs) -> mb::task<payload> {
        auto const values = co_await mb::when_all(fs);
        co_return mixed(n, values);
      })(i, std::move(in));
    case kind::sleeps: return mb::remote(sleeps)(i, std::move(in));
    case kind::forks: return mb::remote(forks)(i, std::move(in));
    case kind::maps:
      return mb::remote([](std::size_t n, inputs fs) {
        std::uint64_t h = number_of(n);
        for (auto const& p : mb::map([](result const& f) { return mb::get(f); }, fs)) h = mix(h, p.value);
        return payload(h);
      })(i, std::move(in));
    case kind::asks_actor: return actors[i % actors.size()].call<&mixer::mix_all>(i, std::move(in));
    case kind::is_impatient: return mb::remote(impatient)(i, std::move(in));
    case kind::selects: return mb::remote(selects)(i, std::move(in));
    case kind::nests:
      return mb::remote([](std::size_t n, inputs fs) { return mb::get(mb::remote(awaits)(n, std::move(fs))); })(
          i, std::move(in));
    case kind::sends: return mb::remote(sends)(i, std::move(in));
    case kind::streams: return mb::remote(streams)(i, std::move(in));
    case kind::groups: return mb::remote(groups)(i, std::move(in));
    case kind::recovers: return mb::remote(recovers)(i, std::move(in));
    default: return mb::remote([](std::size_t n, inputs const&) -> payload { throw node_error(n); })(i, std::move(in));
  }
}

std::vector<node> random_graph(std::mt19937_64& random) {
  std::vector<node> graph(20 + random() % 180);
  for (std::size_t i = 0; i < graph.size(); ++i) {
    auto k = static_cast<kind>(random() % static_cast<std::uint64_t>(kind::count));
    if (k == kind::fails && random() % 3 != 0) k = kind::blocks;
    graph[i].what = k;
    for (std::uint64_t n = i == 0 ? 0 : random() % 4; n > 0; --n) {
      std::size_t const reach = random() % 2 == 0 ? i : std::min<std::size_t>(i, 8);  // wide and deep
      graph[i].from.push_back(i - 1 - random() % reach);
    }
  }
  return graph;
}

std::vector<result> submit_all(std::vector<node> const& graph) {
  std::vector<mb::actor<mixer>> actors;
  for (int i = 0; i < 3; ++i) actors.push_back(mb::make_actor<mixer>());
  std::vector<result> results;
  for (std::size_t i = 0; i < graph.size(); ++i) {
    inputs in;
    for (std::size_t const from : graph[i].from) in.push_back(results[from]);
    results.push_back(submit(i, graph[i].what, std::move(in), actors));
  }
  return results;
}

// What is wrong with a node's outcome; empty if nothing is.
std::string judge(result const& f, std::size_t i, expectation const& e, bool may_be_cancelled) {
  try {
    std::uint64_t const value = mb::get(f).value;
    if (e.error) return "node " + std::to_string(i) + " has a value, though it should have failed";
    if (value != e.value) return "node " + std::to_string(i) + " has another value than the model";
  } catch (node_error const& x) {
    if (may_be_cancelled) return {};
    if (!e.error || *e.error != x.node) return "node " + std::to_string(i) + " has failed with another error";
    auto why = f.failure();
    while (auto deeper = why->cause()) why = deeper;
    if (why->message() != x.what()) return "the chain of causes ends elsewhere";
  } catch (mb::cancelled const&) {
    if (!may_be_cancelled) return "node " + std::to_string(i) + " was cancelled";
  } catch (std::exception const& x) { return "node " + std::to_string(i) + ": " + x.what(); }
  return {};
}

void run_graph(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  auto const graph = random_graph(random);
  auto const model = expected(graph);
  bool const from_a_task = random() % 2 == 0;
  bool const drop = random() % 8 == 0;
  std::vector<result> results;
  {
    mb::runtime ray({.num_cpus = static_cast<unsigned>(workers()), .on_unread_failure = [](mb::failure const&) {}});
    results = from_a_task ? mb::get(mb::remote(submit_all)(graph)) : submit_all(graph);
    if (drop) {
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 300));
      ray.shutdown(mb::on_shutdown::drop);
    }
  }
  for (std::size_t i = 0; i < graph.size(); ++i) {
    INFO("seed " << seed);
    REQUIRE(results[i].ready());
    REQUIRE(judge(results[i], i, model[i], drop) == "");
  }
}

}  // namespace

TEST_CASE("random graphs of tasks have the outcomes of a serial model") {
  watchdog const dog("random graphs", std::chrono::seconds(100 * repeats()));
  for (std::uint64_t seed = 0; seed < 300U * static_cast<unsigned>(repeats()); ++seed) {
    run_graph(seed);
    REQUIRE(payload::living == 0);
  }
}
