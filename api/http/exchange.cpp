#include "api/http/exchange.hpp"

#include <utility>

namespace api::http {

Responder Exchange::responder() {
    // Copies of the responder share it, so it goes with the last of them.
    struct Held {
        explicit Held(std::shared_ptr<Exchange> shared) : exchange{std::move(shared)} {}
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;
        ~Held() {
            bool answered = false;
            {
                const std::lock_guard lock{exchange->mutex_};
                answered = exchange->answered_;
            }
            if (!answered) exchange->answer(exchange->unused_());
        }
        std::shared_ptr<Exchange> exchange;
    };
    return [held = std::make_shared<Held>(shared_from_this())](Response response) {
        held->exchange->answer(std::move(response));
    };
}

void Exchange::answer(Response response) {
    bool wake = false;
    {
        const std::lock_guard lock{mutex_};
        if (std::exchange(answered_, true)) return;
        response_ = std::move(response);
        wake = waiting_;
    }
    if (wake) wake_();
}

std::optional<Response> Exchange::take_or_wait() {
    const std::lock_guard lock{mutex_};
    waiting_ = !response_.has_value();
    return std::exchange(response_, std::nullopt);
}

}  // namespace api::http
