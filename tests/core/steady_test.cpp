#include <mobula/core/steady.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

using mobula::detail::steady;

namespace {

struct pair {
  std::string name;
  int number = 0;
};
struct settings {
  steady<std::string> name = {};
  steady<std::map<std::string, double>> amounts = {};
  steady<std::vector<pair>> pairs = {};
  steady<std::function<int(int)>> f = {};
};

// What g++ 12 makes of a temporary in a co_await expression.
template <class T>
class copy_of_bytes {
 public:
  explicit copy_of_bytes(T const& t) {
    auto const* const from = reinterpret_cast<std::byte const*>(&t);
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes_[i] = from[i];
  }
  T& operator*() { return *std::launder(reinterpret_cast<T*>(bytes_)); }

 private:
  alignas(T) std::byte bytes_[sizeof(T)];
};

struct only_defaults {
  steady<std::shared_ptr<int>> a = {};
  steady<std::string> b = {};
};
bool are_empty(only_defaults const& o = {}) { return *o.a == nullptr && o.b->empty(); }

}  // namespace

TEST_CASE("a steady member is initialised and assigned as what it holds") {
  settings s{
      .name = "a", .amounts = {{"gpu", 1}, {"ssd", 2}}, .pairs = {{"b", 3}, {"c"}}, .f = [](int n) { return n + 1; }};
  CHECK(*s.name == "a");
  CHECK(s.amounts->at("ssd") == 2);
  CHECK(s.pairs->at(0).number == 3);
  CHECK((*s.f)(1) == 2);
  s.name = "longer than what fits into a string itself";
  s.amounts = {};
  s.pairs->push_back({"d", 4});
  s.f = nullptr;
  settings other = s;
  CHECK(other.name->size() == 42);
  CHECK(other.amounts->empty());
  CHECK(other.pairs->size() == 3);
  CHECK_FALSE(*other.f);
  other = settings();
  CHECK(other.name->empty());
  CHECK(s.name->size() == 42);
  std::string const name = s.name;
  CHECK(name == *s.name);
}

TEST_CASE("a copy of a steady member's bytes reads the original, is moved from as that, and destroys nothing") {
  auto const held = std::make_shared<int>(1);
  {
    steady<std::shared_ptr<int>> original = held;
    copy_of_bytes<steady<std::shared_ptr<int>>> bytes(original);
    CHECK((*bytes)->get() == held.get());
    steady<std::shared_ptr<int>> const copied = *bytes;
    CHECK(held.use_count() == 3);
    steady<std::shared_ptr<int>> const moved = std::move(*bytes);
    CHECK(held.use_count() == 3);
    CHECK(*original == nullptr);
    original = held;
    CHECK(held.use_count() == 4);
    (*bytes).~steady();
    CHECK(held.use_count() == 4);
  }
  CHECK(held.use_count() == 1);
}

TEST_CASE("a steady member is a constant where what it holds may be one") {
  CHECK(are_empty());
  CHECK(are_empty({}));
  constexpr steady<std::vector<int>> none;
  CHECK(none->empty());
  static steady<std::vector<int>> later;  // made by the compiler, changed at run time
  later->push_back(1);
  steady<std::vector<int>> const copied = later;
  CHECK(copied->size() == 1);
  later = none;
  CHECK(later->empty());
}
