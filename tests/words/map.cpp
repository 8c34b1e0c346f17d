// What the compiler says of `map` and its kin where function and range don't go together.

#include <mobula/remote/for_each.hpp>
#include <mobula/remote/map.hpp>
#include <mobula/remote/map_outcomes.hpp>
#include <mobula/remote/map_unordered.hpp>
#include <mobula/remote/map_window.hpp>
#include <mobula/remote/reduce.hpp>
#include <mobula/remote/submit_all.hpp>

#include <istream>
#include <iterator>
#include <list>
#include <memory>
#include <ranges>
#include <string>
#include <vector>

namespace mb = mobula;

int add(int a, int b);
int overloaded(int);
double overloaded(double);
mb::task<int> slow(int x);
mb::generator<int> numbers(int n);
int take(std::unique_ptr<int> p);
struct immovable {
  immovable(immovable&&) = delete;
};
immovable make(int);
using ints = std::vector<int>;

// says: the function comes first and the range behind it: map(f, range)
ints swapped(ints xs) { return mb::map(xs, slow); }

// says: the function comes first and the range behind it
mb::task<ints> swapped_in_coroutine(ints xs) { co_return co_await mb::async_map(xs, &slow); }

// says: there is no range to go through: map(f, range)
ints no_range() { return mb::map(slow, 5); }

// says: the function can't be called with an element of the range
ints wrong_element(std::vector<std::string> xs) { return mb::map(slow, xs); }

// says: the function can't be called with an element of the range
ints two_parameters(ints xs) { return mb::map(add, xs); }

// says: the first argument is no function: map(f, range), with f itself, not a call of it
ints called(ints xs) { return mb::map(slow(1), xs); }

// says first: several functions have this name, or it is a template: choose one, mb::overload<R(Args...)>(f)
ints overloaded_name(ints xs) { return mb::map(overloaded, xs); }

// says: a generator is no result of an element
ints generator(ints xs) { return mb::map(numbers, xs); }

// says: the function's results can't be kept, as they can't be moved
void results_that_stay(ints xs) { auto ys = mb::map(make, xs); }

// says: the function's results can't be kept, as they can't be moved or, given by reference, copied
void references_to_owners(ints xs) {
  std::unique_ptr<int> kept;
  auto ys = mb::map([&](int) -> auto& { return kept; }, xs);
}

// says: map and its kin need a range that can be looked at twice
ints read_once(std::istream& in) { return mb::map(slow, std::views::istream<int>(in)); }

// says: the function comes first and the range behind it
void for_each_swapped(ints xs) {
  mb::for_each(xs, [](int) {});
}

// says: the function comes first and the range behind it
void outcomes_swapped(std::list<int> xs) {
  for (auto& o : mb::map_outcomes(xs, slow)) static_cast<void>(o);
}

// says: the function comes first and the range behind it
void unordered_swapped(std::list<long> xs) {
  for (auto [i, y] : mb::map_unordered(xs, slow)) static_cast<void>(y);
}

// says: the function can't be called with an element of the range
void window_of_wrong_elements(std::list<std::string> xs) {
  for (auto y : mb::map_window(slow, xs)) static_cast<void>(y);
}

// says: a generator is no result of an element
void window_of_generators(std::list<int> xs) {
  for (auto y : mb::map_window(numbers, xs)) static_cast<void>(y);
}

// says: the function comes first and the range behind it
ints submit_all_swapped(std::list<short> xs) { return mb::get(mb::submit_all(xs, slow)); }

// says: mobula::submit_all: each task owns its item, and these can't be copied: give the range up, std::move(items)
ints submit_all_of_owners(std::vector<std::unique_ptr<int>> ps) { return mb::get(mb::submit_all(take, ps)); }

// says: mobula::submit_all: items are moved into the tasks: a parameter `T&` needs a range of std::ref
void submit_all_of_references(ints xs) {
  mb::get(mb::submit_all([](int& x) { ++x; }, xs));
}

// says: mobula::reduce: the range comes first: reduce(range, init, op)
int reduce_swapped(ints xs) { return mb::reduce(0, xs); }

// says: mobula::reduce: an element can't be converted to the type of `init`
std::string reduce_to_another_type(ints xs) { return mb::reduce(xs, std::string()); }

// says: mobula::reduce: the operation must take two values of the type of `init` and give a third
int reduce_by_one(ints xs) {
  return mb::reduce(xs, 0, [](int x) { return x; });
}

// says: the function comes first and the range behind it
int transform_reduce_swapped(std::list<char> xs) { return mb::transform_reduce(xs, slow, 0, std::plus<>()); }
