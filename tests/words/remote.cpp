// What the compiler says of calls that can't be made tasks.

#include <mobula/core/overload.hpp>
#include <mobula/future/put.hpp>
#include <mobula/remote/remote.hpp>
#include <mobula/remote/then.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace mb = mobula;

int add(int a, int b);
int scale(int x, long by = 2);
int overloaded(int);
double overloaded(double);
template <class T>
T generic(T x);
mb::task<int> slow(int x);
int take(std::unique_ptr<int> p);
struct immovable {
  immovable() = default;
  immovable(immovable&&) = delete;
};
immovable make();
struct counter {
  int count(int by);
};
struct other {};

// says: mobula::remote: takes the function alone, and what it gives takes the arguments: mb::remote(f)(args...)
mb::future<int> arguments_with_function() { return mb::remote(add, 1, 2); }

// The compiler's own sentence follows: there is nothing that an overloaded name could be.
// says first: several functions have this name, or it is a template: choose one, mb::overload<R(Args...)>(f)
mb::future<int> overloaded_name() { return mb::remote(overloaded)(1); }

// says: mobula::remote: this is no function. Give the function itself, not what a call of it gives
int call_instead_of_function() { return mb::get(mb::remote(slow(1))()); }

// says: mobula::remote: this is no function
int number_instead_of_function() { return mb::get(mb::remote(5)(1)); }

// says: mobula::remote: the function object can't be copied: give it up, mb::remote(std::move(f))
int object_that_is_kept(std::unique_ptr<int> p) {
  auto f = [p = std::move(p)] { return *p; };
  return mb::get(mb::remote(f)());
}

// says: each call owns its function object, and this one can't be copied: for one call std::move(r)(args...)
int object_called_twice(std::unique_ptr<int> p) {
  auto f = mb::remote([p = std::move(p)] { return *p; });
  return mb::get(f());
}

// says: too few arguments for this function. Defaults of parameters are not known here
int too_few() { return mb::get(mb::remote(add)(1)); }

// says: too few arguments for this function. Defaults of parameters are not known here
int default_argument() { return mb::get(mb::remote(&scale)(1)); }

// says: too many arguments for this function
int too_many() { return mb::get(mb::remote(add)(1, 2, 3)); }

// says: the function can't be called with arguments of these types, nor with the values of those that are futures
int wrong_type() { return mb::get(mb::remote(add)(1, "a")); }

// says: the function can't be called with arguments of these types
int wrong_type_of_future(mb::future<std::string> f) { return mb::get(mb::remote(add)(1, f)); }

// says: arguments are moved into the task, so a parameter `T&` can't have them
void reference(int x) {
  mb::get(mb::remote([](int& y) { ++y; })(x));
}

// says: an argument can't be copied into the task: give it up, std::move(x), or lend it, std::ref(x)
int owner_that_is_kept(std::unique_ptr<int> p) { return mb::get(mb::remote(take)(p)); }

// says: an argument can't be copied into the task
void lock_as_argument(std::mutex& m) {
  mb::get(mb::remote([](std::mutex const&) {})(m));
}

// says: an argument can't be copied into the task
void owner_for_later(std::unique_ptr<long> p) {
  auto const f = mb::remote([](std::unique_ptr<long>) {}).options({.max_pending = 1});
  mb::get(mb::get(f.async_call(p)));
}

// says: mobula::put: this can't be copied: give it up, mb::put(std::move(x))
int put_of_owner(std::unique_ptr<int> p) { return *mb::get(mb::put(p)); }

// says: the function's result can't be moved, so no future can give it
void result_that_stays() { auto f = mb::remote(make)(); }

// says: the function can't be called with arguments of these types
int method_of_another() { return mb::get(mb::remote(&counter::count)(other(), 1)); }

// says: too few arguments for this function
int with_options() { return mb::get(mb::remote(add).options({.max_retries = 1})(short(1))); }

// says: the function can't be called with this signature
void wrong_signature() {
  auto f = mb::remote<int(std::string)>([](int x) { return x; });
}

// says: mobula::future::then: the function takes neither the future's value
std::string wrong_continuation(mb::future<int> f) {
  return mb::get(f.then([](std::string s) { return s; }));
}
