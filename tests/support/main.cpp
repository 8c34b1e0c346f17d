// The main function of every test program. At its end it prints the number of test cases that passed and failed, in a
// form of its own, since no format is the same in Catch2 2 and 3; tests/support/count.py adds these lines up.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using listener_base = Catch::EventListenerBase;
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
using listener_base = Catch::TestEventListenerBase;
#endif

#include <cstdio>

namespace {

class counter : public listener_base {
 public:
  using listener_base::listener_base;

  void testCaseEnded(Catch::TestCaseStats const& test) override {
    ++(test.totals.assertions.allOk() ? passed : failed);
    listener_base::testCaseEnded(test);
  }

  static inline int passed = 0;
  static inline int failed = 0;
};

CATCH_REGISTER_LISTENER(counter)

}  // namespace

int main(int argc, char* argv[]) {
  int const result = Catch::Session().run(argc, argv);
  std::printf("test cases: %d passed, %d failed\n", counter::passed, counter::failed);
  return result;
}
