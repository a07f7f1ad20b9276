#pragma once
// The messages of a ring allreduce in straight S4U, as a user of SimGrid writes them: what Troupe's
// world is compared with. It keeps no counters, matches no tags, and explains no deadlock.

#include <string>

#include "platforms/simgrid/compat.hpp"
#include "tests/simgrid/star.hpp"

namespace troupe::bench {

/// 2(n-1) steps in which each rank sends `bytes` to its right and receives as many from its left;
/// in the first n-1 of them it then computes for `reduction`.
inline void plain_ring(const test::Star& star, Bytes bytes, Seconds reduction) {
  namespace s4u = ::simgrid::s4u;
  test::on_star(star, [&](s4u::Engine& engine, const sim::Ranks& ranks) {
    const auto n = ranks.hosts.size();
    for (std::size_t me = 0; me < n; ++me)
      platforms::compat::add_actor("rank" + std::to_string(me), ranks.hosts[me], [=] {
        s4u::Mailbox* mine = s4u::Mailbox::by_name(std::to_string(me));
        s4u::Mailbox* right = s4u::Mailbox::by_name(std::to_string((me + 1) % n));
        const double flops = reduction.count() * s4u::this_actor::get_host()->get_speed();
        static int nothing;
        for (std::size_t step = 0; step < 2 * (n - 1); ++step) {
          void* received = nullptr;
          const s4u::CommPtr incoming = mine->get_async<void>(&received);
          const s4u::CommPtr sent = right->put_async(&nothing, bytes.value);
          incoming->wait();
          sent->wait();
          if (flops > 0 && step < n - 1) s4u::this_actor::execute(flops);
        }
      });
    engine.run();
  });
}

}  // namespace troupe::bench
