#pragma once

#include <mobula/core/result_types.hpp>
#include <mobula/future/future.hpp>

#include <array>
#include <cstddef>
#include <map>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace mobula {

/// A range that holds futures; not one that makes them on the fly, as each look would submit the tasks again.
template <class R>
concept future_range = std::ranges::forward_range<R> && any_future<std::ranges::range_reference_t<R>> &&
                       std::is_lvalue_reference_v<std::ranges::range_reference_t<R>>;

/// A range that makes futures while one goes through it, which can be done once: a view that calls a remote function, a
/// generator.
template <class R>
concept future_source =
    std::ranges::input_range<R> && any_future<std::ranges::range_reference_t<R>> && !future_range<R>;

namespace detail {

/// What futures may lie in: a future alone, a range, a tuple, a pair or a map of holders.
///
///     static void visit(H& h, V v);               // calls v with the state of each future, in order, or the future itself
///     template <class Reader> using result;       // what reading gives
///     template <class Reader> static result read(H& or H&& h);   // all are ready; throws the first failure in order
template <class H>
struct future_holder {
  static constexpr bool exists = false;
};

template <class H>
inline constexpr bool holds_futures = future_holder<std::remove_cvref_t<H>>::exists;

template <class Reader, class H>
using reading = typename future_holder<std::remove_cvref_t<H>>::template result<Reader>;

template <class H, class V>
void visit_states(H& h, V& v) {
  future_holder<std::remove_cv_t<H>>::visit(h, v);
}

/// Reads a holder: an lvalue keeps its futures, an rvalue gives them up.
template <class Reader, class H>
decltype(auto) read_all(H&& h) {
  return future_holder<std::remove_cvref_t<H>>::template read<Reader>(std::forward<H>(h));
}

/// Reads one future for its value.
struct value_reader {
  template <class T>
  using result = T;
  template <class F>
  static decltype(auto) read(F&& f) {
    using value = typename std::remove_cvref_t<F>::value_type;
    static_assert(!std::is_lvalue_reference_v<F> || std::is_void_v<value> || std::is_reference_v<value> ||
                      std::is_copy_constructible_v<value>,
                  "mobula: these values can't be copied: move the container of their futures in, and each is moved out "
                  "of its last future");
    return future_access::read(std::forward<F>(f));
  }
};

template <class T>
struct future_holder<future<T>> {
  static constexpr bool exists = true;
  template <class Reader>
  using result = typename Reader::template result<T>;

  template <class V>
  static void visit(future<T> const& f, V& v) {
    if constexpr (requires { V::takes_futures; })
      v(f);
    else
      v(future_access::state(f));
  }
  template <class Reader, class F>
  static decltype(auto) read(F&& f) {
    return Reader::read(std::forward<F>(f));
  }
};

template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;

// An array gives an array, other ranges give vectors, and those of void nothing.
template <class R>
  requires(std::ranges::forward_range<R> && std::is_lvalue_reference_v<std::ranges::range_reference_t<R>> &&
           !std::is_same_v<std::remove_cvref_t<std::ranges::range_reference_t<R>>, R> &&  // as a path of paths
           holds_futures<std::ranges::range_reference_t<R>>)
struct future_holder<R> {
  static constexpr bool exists = true;

  template <class Reader>
  using element = reading<Reader, std::ranges::range_reference_t<R>>;

  template <class E, class = R>
  struct list {
    using type = std::vector<list_element<E>>;
  };
  template <class E, class F, std::size_t N>
  struct list<E, std::array<F, N>> {
    using type = std::array<list_element<E>, N>;
  };
  template <class Nothing>
  struct list<void, Nothing> {
    using type = void;
  };
  template <class Reader>
  using result = typename list<element<Reader>>::type;

  template <class Range, class V>
  static void visit(Range& r, V& v) {
    for (auto& h : r) visit_states(h, v);
  }

  template <class Reader, class Range>
  static result<Reader> read(Range&& r) {
    auto const one = [](auto& h) -> decltype(auto) {
      if constexpr (std::is_lvalue_reference_v<Range> || std::ranges::view<R>)
        return read_all<Reader>(std::as_const(h));
      else
        return read_all<Reader>(std::move(h));
    };
    if constexpr (std::is_void_v<result<Reader>>) {
      for (auto& h : r) one(h);
    } else if constexpr (is_std_array<R>) {
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return result<Reader>{one(r[I])...};
      }(std::make_index_sequence<std::tuple_size_v<R>>());
    } else {
      result<Reader> values;
      if constexpr (std::ranges::sized_range<R>) values.reserve(std::ranges::size(r));
      for (auto& h : r) values.push_back(one(h));
      return values;
    }
  }
};

template <class Reader, class H>
decltype(auto) read_non_void(H&& h) {
  if constexpr (std::is_void_v<reading<Reader, H>>)
    return read_all<Reader>(std::forward<H>(h)), std::monostate{};
  else
    return read_all<Reader>(std::forward<H>(h));
}

// Tuples and pairs give tuples and pairs, std::monostate for void.
template <template <class...> class Product, class... Hs>
struct product_holder {
  static constexpr bool exists = true;
  template <class Reader>
  using result = Product<non_void<reading<Reader, Hs>>...>;

  template <class Tuple, class V>
  static void visit(Tuple& t, V& v) {
    std::apply([&](auto&... h) { (visit_states(h, v), ...); }, t);
  }
  template <class Reader, class Tuple>
  static result<Reader> read(Tuple&& t) {
    return std::apply(
        [](auto&&... h) { return result<Reader>{read_non_void<Reader>(std::forward<decltype(h)>(h))...}; },
        std::forward<Tuple>(t));
  }
};
template <class... Hs>
  requires(sizeof...(Hs) > 0 && (holds_futures<Hs> && ...))
struct future_holder<std::tuple<Hs...>> : product_holder<std::tuple, Hs...> {};
template <class A, class B>
  requires(holds_futures<A> && holds_futures<B>)
struct future_holder<std::pair<A, B>> : product_holder<std::pair, A, B> {};

// Maps give maps with the same keys, std::monostate for void.
template <class H>
struct map_holder {
  static constexpr bool exists = true;
  template <class Reader>
  using element = variant_element<reading<Reader, H>>;

  template <class Map, class V>
  static void visit(Map& m, V& v) {
    for (auto& [key, h] : m) visit_states(h, v);
  }
  template <class Reader, class Values, class Map>
  static Values read_into(Values values, Map&& m) {
    for (auto& [key, h] : m) {
      if constexpr (std::is_lvalue_reference_v<Map>)
        values.emplace_hint(values.end(), key, read_non_void<Reader>(std::as_const(h)));
      else
        values.emplace_hint(values.end(), key, read_non_void<Reader>(std::move(h)));
    }
    return values;
  }
};
template <class K, class H, class Less, class Allocator>
  requires holds_futures<H>
struct future_holder<std::map<K, H, Less, Allocator>> : map_holder<H> {
  template <class Reader>
  using result = std::map<K, typename map_holder<H>::template element<Reader>, Less>;
  template <class Reader, class Map>
  static result<Reader> read(Map&& m) {
    return map_holder<H>::template read_into<Reader>(result<Reader>(m.key_comp()), std::forward<Map>(m));
  }
};
template <class K, class H, class Hash, class Equal, class Allocator>
  requires holds_futures<H>
struct future_holder<std::unordered_map<K, H, Hash, Equal, Allocator>> : map_holder<H> {
  template <class Reader>
  using result = std::unordered_map<K, typename map_holder<H>::template element<Reader>, Hash, Equal>;
  template <class Reader, class Map>
  static result<Reader> read(Map&& m) {
    return map_holder<H>::template read_into<Reader>(result<Reader>(m.size(), m.hash_function(), m.key_eq()),
                                                     std::forward<Map>(m));
  }
};

/// Whoever reads several is told of the first failure, and that all are over: the others count as read with it.
struct seen_together {
  static constexpr bool takes_futures = true;  // of which some may have been given up
  template <class T>
  void operator()(future<T> const& f) const noexcept {
    future_access::count_as_seen(f);
  }
};

/// Reads a holder all of whose futures are ready, as `read_all`.
template <class Reader, class H>
decltype(auto) read_together(H&& h) {
  try {
    return read_all<Reader>(std::forward<H>(h));
  } catch (...) {
    seen_together const seen;
    visit_states(h, seen);
    throw;
  }
}

/// The states of all futures, in order. Throws mobula::error for a handle to nothing.
template <class H>
[[nodiscard]] std::vector<shared_state_base*> states_of(H& h) {
  std::vector<shared_state_base*> states;
  if constexpr (std::ranges::sized_range<H>) states.reserve(std::ranges::size(h));
  auto const add = [&](shared_state_base& s) { states.push_back(&s); };
  visit_states(h, add);
  return states;
}

}  // namespace detail

/// What holds futures, as a whole of which one can ask for the values: a range, a tuple, a pair, a map, and these within
/// each other.
template <class C>
concept future_container = detail::holds_futures<C> && !any_future<C>;

}  // namespace mobula
