// Actors of CAF 0.17 as a peer (see actor_peers.hpp): a method is an atom, its number in the list of methods.

#pragma once

#include "actor_peers.hpp"

#include <caf/all.hpp>

namespace peers {

class caf_peer {
  template <class T>
  class body;

 public:
  static constexpr char const* name = "caf";

  template <class T>
  using handle = caf::actor;

  explicit caf_peer(unsigned workers) : system_(configuration_.set("scheduler.max-threads", workers)) {
    now_ = &system_;
  }

  template <class T, class... Args>
  static caf::actor spawn(Args... args) {
    return self_ != nullptr ? self_->spawn<body<T>>(args...) : now_->spawn<body<T>>(args...);
  }

  template <auto Method, class... Args>
  static void send(caf::actor const& to, Args&&... args) {
    if (self_ != nullptr)
      self_->send(to, atom_of<Method>(), std::forward<Args>(args)...);
    else
      caf::anon_send(to, atom_of<Method>(), std::forward<Args>(args)...);
  }

  template <auto Method>
  static long call_window(caf::actor const& to, long n) {
    caf::scoped_actor self(*now_);
    auto const request = [&](long i) { return self->request(to, caf::infinite, atom_of<Method>(), i); };
    std::vector<decltype(request(0))> results;
    results.reserve(std::size_t(n));
    for (long i = 0; i < n; ++i) results.push_back(request(i));
    long sum = 0;
    for (auto& r : results) r.receive([&](long x) { sum += x; }, [](caf::error const&) {});
    return sum;
  }

  static void end(caf::actor& h) { h = nullptr; }

 private:
  template <auto Method, auto... Methods>
  static constexpr caf::atom_value number(methods_are<Methods...>*) {
    std::uint64_t n = 0;
    bool found = false;
    ((found = found || same<Method, Methods>, n += !found), ...);
    return static_cast<caf::atom_value>(n + 1);
  }
  template <auto A, auto B>
  static constexpr bool same = std::is_same_v<method<A>, method<B>>;
  template <auto Method>
  static constexpr auto atom_of() {
    using list = typename method<Method>::object::methods;
    return caf::atom_constant<number<Method>(static_cast<list*>(nullptr))>();
  }

  template <class T>
  class body : public caf::event_based_actor {
   public:
    template <class... Args>
    explicit body(caf::actor_config& c, Args... args) : caf::event_based_actor(c), object_(args...) {}

   private:
    caf::behavior make_behavior() override { return handlers(static_cast<typename T::methods*>(nullptr)); }

    template <auto... Methods>
    caf::behavior handlers(methods_are<Methods...>*) {
      return {handler<Methods>(static_cast<typename method<Methods>::arguments*>(nullptr))...};
    }
    template <auto Method, class... Args>
    auto handler(std::tuple<Args...>*) {
      return [this](decltype(atom_of<Method>()), Args... args) {
        self_ = this;
        return (object_.*Method)(std::move(args)...);
      };
    }

    T object_;
  };

  inline static caf::actor_system* now_ = nullptr;
  inline static thread_local caf::event_based_actor* self_ = nullptr;  // whose message this worker handles

  caf::actor_system_config configuration_;
  caf::actor_system system_;
};

}  // namespace peers
