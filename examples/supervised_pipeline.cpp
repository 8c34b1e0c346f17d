// A pipeline of three actors whose stages crash at random, and that loses nothing: a supervisor restarts what has died, a
// call that was somebody's death is made again, and a stage's state lives on in the next life.
//
//     supervised_pipeline [items [seed]]

#include <mobula/mobula.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace mb = mobula;

namespace {

struct broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Breaks down now and then, as machines do. It goes by what it has been used for, so it is owned by the program: a stage
// that is made anew must not break at the very same item for ever.
class bad_luck {
 public:
  explicit bad_luck(std::uint64_t seed) : random_(seed) {}
  void strike(char const* where) {
    if (random_() % 5 != 0) return;
    ++strikes_;
    throw broken(where);
  }
  int strikes() const { return strikes_; }

 private:
  std::mt19937_64 random_;
  int strikes_ = 0;
};

class parser {
 public:
  explicit parser(bad_luck& luck) : luck_(luck) {}
  int parse(std::string const& text) {
    luck_.strike("parser");
    return std::stoi(text);
  }

 private:
  bad_luck& luck_;
};

class squarer {
 public:
  explicit squarer(bad_luck& luck) : luck_(luck) {}
  long square(int n) {
    luck_.strike("squarer");
    return static_cast<long>(n) * n;
  }

 private:
  bad_luck& luck_;
};

// The one with a state: what it has saved is what it had added when it died.
class adder {
 public:
  explicit adder(bad_luck& luck) : luck_(luck) {}
  void add(long n) {
    luck_.strike("adder, before");  // nothing has been added: done again, it is done once
    mb::save_state(sum_ += n);
  }
  long sum() const { return sum_; }
  void go_on_from(long sum) { sum_ = sum; }

 private:
  bad_luck& luck_;
  long sum_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  int const items = argc > 1 ? std::atoi(argv[1]) : 1000;
  std::uint64_t const seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 7;
  bad_luck parsing(seed), squaring(seed + 1), adding(seed + 2);
  mb::runtime const ray;

  mb::supervisor const supervisor = mb::supervise({.max_restarts = -1});
  auto const options = [&]<class Stage>(mb::actor_options<Stage> o) {
    o.dies_on = mb::dies_on<broken>();
    o.max_task_retries = -1;
    o.supervisor = supervisor;
    return o;
  };
  auto const first = mb::make_actor<parser>.options(options(mb::actor_options<parser>()))(std::ref(parsing));
  auto const second = mb::make_actor<squarer>.options(options(mb::actor_options<squarer>()))(std::ref(squaring));
  auto const third = mb::make_actor<adder>.options(
      options(mb::actor_options<adder>{.on_restart = [](adder& fresh, mb::saved_state const& last) {
        if (!last.empty()) fresh.go_on_from(last.get<long>());
      }}))(std::ref(adding));

  std::vector<mb::future<void>> done;
  for (int i = 1; i <= items; ++i) {  // a future goes wherever its value goes
    auto const number = first.call<&parser::parse>(std::to_string(i));
    done.push_back(third.call<&adder::add>(second.call<&squarer::square>(number)));
  }
  mb::get(done);

  long const sum = mb::get(third.call<&adder::sum>()), n = items, expected = n * (n + 1) * (2 * n + 1) / 6;
  std::printf("crashes: parser %d, squarer %d, adder %d\n", parsing.strikes(), squaring.strikes(), adding.strikes());
  std::printf("sum of %d squares: %ld, as it should be: %s\n", items, sum, sum == expected ? "yes" : "no");
  return sum == expected ? 0 : 1;
}
