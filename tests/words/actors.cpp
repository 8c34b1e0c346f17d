// What the compiler says of actors that can't be made, and of calls that they can't handle.

#include <mobula/actor/actor_pool.hpp>
#include <mobula/actor/make_actor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace mb = mobula;

class base {
 public:
  int inherited(int);
};
struct other {
  int work(int);
};
struct thing : private base {
  explicit thing(int);
  int work(int);
  int scale(int x, int by = 2);
  int reference(int&);
  int own(std::unique_ptr<int>);
  static int of_class(int);
  mb::generator<int> numbers(int);
};
struct shape {
  virtual double area() = 0;
};
struct declared;
using handle = mb::actor<thing>;
using pool = mb::actor_pool<thing>;

// says: mobula::make_actor: the class can't be constructed from these arguments
handle without_arguments() { return mb::make_actor<thing>(); }

// says: mobula::make_actor: the class can't be constructed from these arguments
handle with_options() { return mb::make_actor<thing>.options({.name = "a"})("b"); }

// says: mobula::make_actor: there can be no object of this class: it is abstract
void abstract() { auto a = mb::make_actor<shape>(); }

// says: mobula::make_actor: the class is only declared here: include what defines it
void incomplete() { auto a = mb::make_actor<declared>(); }

// says: too few arguments for this function. Defaults of parameters are not known here
int too_few(handle a) { return mb::get(a.call<&thing::work>()); }

// says: too few arguments for this function. Defaults of parameters are not known here
int default_argument(handle a) { return mb::get(a.call<&thing::scale>(1)); }

// says: too many arguments for this function
int too_many(handle a) { return mb::get(a.call<&thing::work>(1, 2)); }

// says: the function can't be called with arguments of these types
int wrong_type(handle a) { return mb::get(a.call<&thing::work>("a")); }

// says: arguments are moved into the task, so a parameter `T&` can't have them
int reference(handle a, int x) { return mb::get(a.call<&thing::reference>(x)); }

// says: an argument can't be copied into the task: give it up, std::move(x)
int owner_that_is_kept(handle a, std::unique_ptr<int> p) { return mb::get(a.call<&thing::own>(p)); }

// says: mobula::actor: this function does not take the object: a static method is called by mb::remote(&T::m)(args...)
int static_method(handle a) { return mb::get(a.call<&thing::of_class>(1)); }

// says: this is a method of another class, or of a base that is private
int private_base(handle a) { return mb::get(a.call<&base::inherited>(1)); }

// says: this is a method of another class, or of a base that is private
int method_of_another(handle a) { return mb::get(a.call<&other::work>(1)); }

// says: the function can't be called with arguments of these types
int function_without_object(handle a) {
  return mb::get(a.call([](int) { return 1; }, 1));
}

// says: mobula::actor: give a method, call<&T::m>(args...), or a function that takes the object
int number(handle a) { return mb::get(a.call(1)); }

// says: mobula::actor: a method can't give a generator
void generator(handle a) { auto f = a.call<&thing::numbers>(1); }

// says: this is a method of another class
void post_to_another(handle a) { a.post<&other::work>(1L); }

// says: too few arguments for this function
void wait_for_room(handle a) { auto f = a.async_call<&thing::reference>(); }

// says: too many arguments for this function
int pool_with_too_many(pool p) { return mb::get(p.submit<&thing::work>('a', 'b')); }

// says: this is a method of another class
std::vector<int> pool_map_of_another(pool p, std::vector<short> xs) { return p.map<&other::work>(xs); }

// says: there is no range to go through
std::vector<int> pool_map_of_number(pool p) { return p.map<&thing::work>(5); }

// says: the function can't be called with arguments of these types
void pool_unordered(pool p, std::vector<std::string> xs) {
  for (auto [i, y] : p.map_unordered<&thing::work>(xs)) static_cast<void>(y);
}
