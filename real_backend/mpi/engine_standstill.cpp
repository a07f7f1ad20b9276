// What a rank does when nothing moves: it says what it waits for, and finds out with the others
// whether they all do. And the end of a run, where it waits for them.

#include <chrono>
#include <string>
#include <thread>

#include "core/text.hpp"
#include "real_backend/mpi/engine.hpp"

namespace troupe::mpi {

void Engine::stand_still(const Waiting& waiting) {
  const Seconds waited = backoff_.waited(clock_.now());
  if (waited < options_.standstill_notice || !worker_.idle() || (lanes_ && lanes_->busy()) ||
      messages_.receiving() || earliest_deadline(waiting.until) < forever)
    return;
  if (waited >= notice_after_) {
    say_what_it_waits_for(waiting);
    notice_after_ *= 4;
  }
  if (!vote_.poll(clock_.now(), false)) return;
  if (!has_said_) say_what_it_waits_for(waiting);
  end_deadlock();
}

void Engine::end_deadlock() const {
  if (rank_ != 0) return;  // others have spoken, and are ended by this one
  std::this_thread::sleep_for(std::chrono::milliseconds{500});
  const int returned = vote_.returned();
  std::string text = "deadlock: nothing has moved on any rank for " +
                     to_text(options_.standstill_notice) + ", and each has said what it waits for";
  if (returned > 0)
    text += ", but " + std::to_string(returned) + " of " + std::to_string(size_) +
            ", whose programs have returned";
  voice_.abort(text);
}

std::size_t Engine::finish() {
  if (lanes_) lanes_->leave();
  move_on();
  const std::size_t unasked = messages_.finish([this] { wait_for_the_others(); });
  vote_.finish(messages_.comms().addressed);
  return unasked;
}
void Engine::wait_for_the_others() {
  const Seconds pause = backoff_.next(clock_.now());
  if (pause <= Seconds{}) std::this_thread::yield();
  else std::this_thread::sleep_for(pause);
  if (backoff_.waited(clock_.now()) >= options_.standstill_notice && vote_.poll(clock_.now(), true))
    end_deadlock();
}

}  // namespace troupe::mpi
