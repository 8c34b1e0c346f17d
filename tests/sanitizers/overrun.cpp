// A write past the end of an array on the stack of a fiber: AddressSanitizer must report it. It forgets the frames that a
// switch leaves behind, so this frame begins after one.
#include <boost/fiber/all.hpp>

namespace {

[[gnu::noinline]] void overrun() {
  int array[4] = {};
  int volatile* volatile cursor = array;  // so that nothing but the address tells
  cursor[4] = 1;
}

}  // namespace

int main() {
  boost::fibers::fiber([] {
    boost::this_fiber::yield();
    overrun();
  }).join();
}
