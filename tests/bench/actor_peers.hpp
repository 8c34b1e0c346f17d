// Actors of several kinds behind one interface, so that each benchmark is written once. A peer has
//
//     peer(unsigned workers)          the threads that actors run on, which join when it goes
//     handle<T>                       what messages are sent to, and may carry
//     spawn<T>(args...)               makes an actor of class T
//     send<&T::method>(h, args...)    posts a call of a method, from any thread or actor
//     call_window<&T::method>(h, n)   n calls with 0, 1, ...; then the sum of their results. From outside.
//     end(h)                          gives a handle up. No other message is sent after it, and where actors are not
//                                     counted, the actor goes.
//
// A class of actors lists its methods in `methods`, for peers that have to know them beforehand.

#pragma once

#include <mobula/mobula.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <future>
#include <mutex>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace peers {

template <auto... Methods>
struct methods_are;

template <auto Method>
struct method;
template <class T, class R, class... Args, R (T::*Method)(Args...)>
struct method<Method> {
  using object = T;
  using result = R;
  using arguments = std::tuple<Args...>;
};

class mobula_peer {
 public:
  static constexpr char const* name = "mobula";

  template <class T>
  using handle = mobula::actor<T>;

  explicit mobula_peer(unsigned workers) : runtime_({.num_cpus = workers}) {}

  template <class T, class... Args>
  static handle<T> spawn(Args... args) {
    return mobula::make_actor<T>(args...);
  }

  template <auto Method, class T, class... Args>
  static void send(mobula::actor<T> const& to, Args&&... args) {
    to.template post<Method>(std::forward<Args>(args)...);
  }

  template <auto Method, class T>
  static long call_window(mobula::actor<T> const& to, long n) {
    std::vector<mobula::future<long>> results;
    results.reserve(std::size_t(n));
    for (long i = 0; i < n; ++i) results.push_back(to.template call<Method>(i));
    long sum = 0;
    for (auto& r : results) sum += mobula::get(std::move(r));
    return sum;
  }

  template <class T>
  static void end(mobula::actor<T>& h) {
    h = {};
  }

 private:
  mobula::runtime const runtime_;
};

// What both of Asio's peers run on: one pool at a time.
class pool_peer {
 protected:
  explicit pool_peer(unsigned workers) : threads_(workers) { pool_ = &threads_; }
  ~pool_peer() { threads_.join(); }

  inline static boost::asio::thread_pool* pool_ = nullptr;

 private:
  boost::asio::thread_pool threads_;
};

// What one writes by hand: a queue of messages of 32 bytes under a mutex, worked off by a job up to 100 at a time.
class hand_peer : pool_peer {
  template <class T>
  class cell;

 public:
  static constexpr char const* name = "by_hand";

  template <class T>
  using handle = cell<T>*;

  explicit hand_peer(unsigned workers) : pool_peer(workers) {}

  template <class T, class... Args>
  static handle<T> spawn(Args... args) {
    return new cell<T>(args...);
  }

  template <auto Method, class T, class... Args>
  static void send(cell<T>* to, Args... args) {
    using arguments = typename method<Method>::arguments;
    typename cell<T>::message m;
    static_assert(sizeof m == 32 && sizeof(arguments) <= sizeof m.arguments);
    static_assert(std::is_trivially_destructible_v<arguments>);
    new (&m.arguments) arguments(args...);
    m.run = [](T& object, typename cell<T>::message& me) {
      std::apply([&](auto... a) { (object.*Method)(a...); },
                 *std::launder(reinterpret_cast<arguments*>(&me.arguments)));
    };
    to->push(m);
  }

  template <auto Method, class T>
  static long call_window(cell<T>* to, long n) {
    struct call {
      std::promise<long> promise;
      long argument;
    };
    std::vector<call> calls(static_cast<std::size_t>(n));
    std::vector<std::future<long>> results;
    results.reserve(calls.size());
    for (auto& c : calls) {
      c.argument = long(results.size());
      results.push_back(c.promise.get_future());
      typename cell<T>::message m;
      new (&m.arguments) call*(&c);
      m.run = [](T& object, typename cell<T>::message& me) {
        call& mine = **std::launder(reinterpret_cast<call**>(&me.arguments));
        mine.promise.set_value((object.*Method)(mine.argument));
      };
      to->push(m);
    }
    long sum = 0;
    for (auto& r : results) sum += r.get();
    return sum;
  }

  template <class T>
  static void end(cell<T>* h) {
    h->end();
  }

 private:
  template <class T>
  class cell {
   public:
    struct message {
      void (*run)(T&, message&);
      alignas(8) std::byte arguments[24];
    };

    template <class... Args>
    explicit cell(Args... args) : object_(args...) {}

    void push(message const& m) {
      {
        std::lock_guard const lock(mutex_);
        queue_.push_back(m);
        if (std::exchange(at_work_, true)) return;
      }
      boost::asio::post(*pool_, [this] { work(); });
    }

    void end() {
      {
        std::lock_guard const lock(mutex_);
        ended_ = true;
        if (at_work_) return;
      }
      delete this;
    }

   private:
    void work() {
      std::array<message, 100> batch;
      std::size_t n = 0;
      {
        std::lock_guard const lock(mutex_);
        n = std::min(batch.size(), queue_.size());
        auto const end = queue_.begin() + std::ptrdiff_t(n);
        std::copy(queue_.begin(), end, batch.begin());
        queue_.erase(queue_.begin(), end);
      }
      for (std::size_t i = 0; i < n; ++i) batch[i].run(object_, batch[i]);
      {
        std::unique_lock lock(mutex_);
        if (!queue_.empty()) {
          lock.unlock();
          return boost::asio::post(*pool_, [this] { work(); });
        }
        at_work_ = false;
        if (!ended_) return;
      }
      delete this;
    }

    std::mutex mutex_;
    std::deque<message> queue_;
    bool at_work_ = false;
    bool ended_ = false;
    T object_;
  };
};

class strand_peer : pool_peer {
  template <class T>
  struct cell {
    template <class... Args>
    explicit cell(Args... args) : strand(boost::asio::make_strand(*pool_)), object(args...) {}

    boost::asio::strand<boost::asio::thread_pool::executor_type> strand;
    T object;
  };

 public:
  static constexpr char const* name = "strand";

  template <class T>
  using handle = cell<T>*;

  explicit strand_peer(unsigned workers) : pool_peer(workers) {}

  template <class T, class... Args>
  static handle<T> spawn(Args... args) {
    return new cell<T>(args...);
  }

  template <auto Method, class T, class... Args>
  static void send(cell<T>* to, Args... args) {
    boost::asio::post(to->strand, [to, args...] { (to->object.*Method)(args...); });
  }

  template <auto Method, class T>
  static long call_window(cell<T>* to, long n) {
    std::vector<std::future<long>> results;
    results.reserve(std::size_t(n));
    for (long i = 0; i < n; ++i) {
      std::promise<long> p;
      results.push_back(p.get_future());
      boost::asio::post(to->strand, [to, i, p = std::move(p)]() mutable { p.set_value((to->object.*Method)(i)); });
    }
    long sum = 0;
    for (auto& r : results) sum += r.get();
    return sum;
  }

  template <class T>
  static void end(cell<T>* h) {
    boost::asio::post(h->strand, [h] { delete h; });
  }
};

}  // namespace peers
