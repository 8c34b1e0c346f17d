// The parallel algorithms: over ranges as a whole, and over endless ones a window at a time.

#include <mobula/mobula.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <numeric>
#include <ranges>
#include <stdexcept>
#include <string>
#include <vector>

namespace mb = mobula;
using namespace std::chrono_literals;

namespace {

double price(int order) { return 1.5 * order; }

// [fetch]
mb::task<std::string> fetch(int page) {
  co_await mb::sleep_for(1ms);  // a server answers
  if (page == 13) throw std::runtime_error("no page 13");
  co_return "page " + std::to_string(page);
}
// [/fetch]

void over_ranges() {
  // [ranges]
  std::vector<int> orders(1000);
  std::iota(orders.begin(), orders.end(), 1);

  std::vector<double> prices = mb::map(price, orders);
  mb::for_each([](double& p) { p *= 0.9; }, prices);  // in place
  std::printf("the last of %zu: %.2f\n", prices.size(), prices.back());

  // Bit for bit the same result on any number of workers.
  double const total = mb::reduce(prices, 0.0, std::plus());
  double const dearest = mb::transform_reduce(price, orders, 0.0, [](double a, double b) { return std::max(a, b); });
  std::printf("total %.2f, dearest %.2f\n", total, dearest);
  // [/ranges]
}

void with_options() {
  // [options]
  std::size_t finished = 0;
  auto const pages = mb::map(fetch, std::views::iota(0, 12),
                             {.in_flight = 4, .progress = [&](std::size_t done, std::size_t) { finished = done; }});
  std::printf("%zu of %zu pages, the last is %s\n", finished, pages.size(), pages.back().c_str());
  // [/options]
}

void with_failures() {
  // [outcomes]
  for (auto const& page : mb::map_outcomes(fetch, std::views::iota(12, 15)))
    std::printf("%s\n", page.has_value() ? page.get().c_str() : page.failure()->message().c_str());
  // [/outcomes]
}

void endless() {
  // [window]
  // At most 8 pages are on their way or not looked at; the rest of the numbers is never asked for.
  std::size_t letters = 0;
  for (std::string const& page : mb::map_window(fetch, std::views::iota(100), {.in_flight = 8})) {
    letters += page.size();
    if (page == "page 120") break;
  }
  std::printf("%zu letters up to page 120\n", letters);
  // [/window]
}

// [unordered]
mb::task<int> count_pages(int n) {
  int pages = 0;
  auto results = mb::map_unordered_outcomes(fetch, std::views::iota(0, n), {.in_flight = 8});
  while (auto const page = co_await results.next()) {  // whichever is there first
    if (page->value.has_value())
      ++pages;
    else
      std::printf("item %zu: %s\n", page->index, page->value.failure()->message().c_str());
  }
  co_return pages;
}
// [/unordered]

}  // namespace

int main() {
  mb::runtime const ray({.num_cpus = 2});
  over_ranges();
  with_options();
  with_failures();
  endless();
  std::printf("%d pages of 40\n", mb::get(count_pages(40)));
}
