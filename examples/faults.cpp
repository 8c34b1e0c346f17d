// A test in which things go wrong on purpose: messages are lost, a disk is slow or full, at points that the program names.
#include <mobula/mobula.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <stdexcept>

namespace mb = mobula;
using namespace std::chrono_literals;

struct disk_full : std::runtime_error {
  disk_full() : std::runtime_error("the disk is full") {}
};

// [points]
// Asks until there is an answer; the question or the answer may be lost on the way.
mb::task<int> ask(mb::channel<int> questions, mb::channel<int> answers, int question) {
  for (;;) {
    if (co_await mb::fault_point("send")) static_cast<void>(co_await questions.send(question));
    try {
      co_return *co_await mb::timeout(answers.receive(), 100ms);
    } catch (mb::timeout_error const&) {}  // again
  }
}

mb::task<> answer_all(mb::channel<int> questions, mb::channel<int> answers) {
  while (auto const q = co_await questions.receive()) {
    co_await mb::fault_point("disk");  // may be slow, or throw
    static_cast<void>(answers.try_send(2 * *q));
  }
}
// [/points]

// [test]
int resent(mb::manual_options const& seeded) {
  mb::manual_runtime rt(seeded);
  mb::faults faults(rt);
  faults.at("send", {.probability = 0.3, .drop = true});
  faults.at("disk", {.times = 1, .delay = 250ms});
  mb::channel<int> questions(8), answers(1);
  auto server = mb::remote(answer_all)(questions, answers);
  if (mb::get(mb::remote(ask)(questions, answers, 21)) != 42) throw std::logic_error("a wrong answer");
  questions.close();
  mb::get(server);
  return faults.happened("send");
}
// [/test]

int main() {
  int lost = 0;
  mb::explore([&](mb::manual_options const& seeded) { lost += resent(seeded); }, {.seeds = 200});
  std::cout << "200 runs survived, with " << lost << " messages lost\n";

  mb::manual_runtime rt;
  mb::faults faults(rt);
  faults.at("disk", {.error = mb::fault_of(disk_full())});
  mb::channel<int> questions(1), answers(1);
  static_cast<void>(questions.try_send(1));
  try {
    mb::get(mb::remote(answer_all)(questions, answers));
  } catch (disk_full const& e) { std::cout << e.what() << '\n'; }
}
