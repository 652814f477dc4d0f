#include "api/shared.hpp"

#include <limits>

namespace api {

Shared::Shared(ledger::port::Ledger& book, SharedOptions chosen)
    : ledger{book},
      options{std::move(chosen)},
      reads{options.read_threads, options.read_queue_max},
      bodies{options.body_threads, options.body_queue_max},
      answers{options.answer_threads, std::numeric_limits<std::size_t>::max()},
      waits{ledger, loop},
      hub{ledger, options.feed},
      notified_{ledger.on_commit([this] {
          waits.on_commit();
          hub.on_commit();
      })} {}

void Shared::stop() {
    notified_.reset();
    hub.stop();
    loop.stop();
    reads.stop();
    bodies.stop();
    answers.stop();
}

}  // namespace api
