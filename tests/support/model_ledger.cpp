#include "tests/support/model_ledger.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "ledger/book/canonical.hpp"
#include "ledger/proof/hash_chain.hpp"
#include "ledger/service/batch_builder.hpp"

namespace tests::support {

ModelLedger::ModelLedger(const std::string& book, KnownAt start) : now_{start} {
    status_.health = Health::ready;
    status_.role = ServerRole::writer;
    status_.epoch = 1;
    publish(State{}, ledger::proof::chain_root(book));
    Envelope opening{.principal = PrincipalNo{0}, .idempotency_key = "", .command = rules::OpenBook{book}};
    if (std::holds_alternative<Refused>(decide(std::move(opening))))
        throw std::logic_error{"the book did not open"};
}

void ModelLedger::publish(State state, const Digest& head) {
    auto next = std::make_shared<Committed>();
    next->state = std::move(state);
    next->head_hash = head;
    committed_ = std::move(next);
}

Outcome ModelLedger::decide(Envelope envelope) {
    std::vector<Envelope> alone;
    alone.push_back(std::move(envelope));
    return std::move(decide_group(std::move(alone), Linkage::independent).front());
}

std::vector<Outcome> ModelLedger::decide_group(std::vector<Envelope> commands, Linkage linkage) {
    const std::lock_guard lock{mutex_};
    if (refusal_)
        return std::vector<Outcome>(
            commands.size(),
            Refused{.error = {.code = *refusal_, .detail = "The model refuses all.", .pointer = ""},
                    .decided_at = committed_->state.version()});
    std::vector<ledger::service::Waiting> waiting;
    const bool is_tick = std::holds_alternative<rules::Tick>(commands.front().command);
    if (!is_tick) {
        waiting.push_back({.commands = {}, .linkage = linkage, .answer = {}});
        for (auto& envelope : commands) {
            const auto bytes = canonical_bytes(envelope.command);
            const auto digest = hmac_sha256(as_bytes(std::string(32, 'k')), as_bytes(bytes));
            waiting.front().commands.push_back(ledger::service::Asked::of(std::move(envelope), digest));
        }
    }
    ledger::service::BatchBuilder builder{store_, *committed_, now_};
    builder.tick();
    builder.decide(waiting);
    auto decided = builder.finish();
    if (decided.writes()) {
        decided.batch.number = ++batch_number_;
        static_cast<void>(store_.append(decided.batch, decided.state));
        publish(decided.state, decided.head_hash);
    }
    status_.accepted += decided.batch.accepted.size();
    status_.refused += decided.batch.refused.size();
    if (is_tick) return {Refused{}};
    return std::move(decided.answers.front());
}

void ModelLedger::notify_all() {
    const std::lock_guard lock{notify_mutex_};
    for (const auto& notify : notified_) notify();
}

void ModelLedger::submit(Envelope envelope, std::function<void(Outcome)> answer) {
    auto outcome = decide(std::move(envelope));
    notify_all();
    answer(std::move(outcome));
}

void ModelLedger::submit_group(std::vector<Envelope> commands, Linkage linkage,
                               std::function<void(std::vector<Outcome>)> answer) {
    auto outcomes = decide_group(std::move(commands), linkage);
    notify_all();
    answer(std::move(outcomes));
}

Outcome ModelLedger::run(Command command, PrincipalNo principal, std::string key) {
    if (key.empty()) key = fmt::format("model-{}", ++next_key_);
    auto outcome =
        decide({.principal = principal, .idempotency_key = std::move(key), .command = std::move(command)});
    notify_all();
    return outcome;
}

std::shared_ptr<const LogEntry> ModelLedger::accept(Command command) {
    const auto outcome = run(std::move(command));
    if (const auto* refused = std::get_if<Refused>(&outcome))
        throw std::logic_error{fmt::format("{} at {}: {}", info(refused->error.code).name,
                                           refused->error.pointer, refused->error.detail)};
    return std::get<Accepted>(outcome).entry;
}

void ModelLedger::advance(std::chrono::microseconds by) {
    {
        const std::lock_guard lock{mutex_};
        now_.at += by;
    }
    static_cast<void>(
        decide({.principal = PrincipalNo{0}, .idempotency_key = "", .command = rules::Tick{now_}}));
    notify_all();
}

void ModelLedger::refuse_all(std::optional<Code> code) {
    const std::lock_guard lock{mutex_};
    refusal_ = code;
}

void ModelLedger::check_store() const {
    const std::lock_guard lock{mutex_};
    if (refusal_) throw Unavailable{"the model's store is away"};
}

std::shared_ptr<const Committed> ModelLedger::committed() const {
    const std::lock_guard lock{mutex_};
    return committed_;
}

std::shared_ptr<void> ModelLedger::on_commit(std::function<void()> notify) {
    const std::lock_guard lock{notify_mutex_};
    notified_.push_back(std::move(notify));
    const auto place = std::prev(notified_.end());
    return {nullptr, [this, place](void*) {
                const std::lock_guard guard{notify_mutex_};
                notified_.erase(place);
            }};
}

std::vector<std::shared_ptr<const LogEntry>> ModelLedger::log_after(Version after, std::size_t most) {
    check_store();
    return store_.log_after(after, most);
}
std::vector<std::shared_ptr<const LogEntry>> ModelLedger::log_at(const std::vector<Version>& versions) {
    check_store();
    return store_.log_at(versions);
}
std::vector<Version> ModelLedger::journals(const JournalQuery& query) {
    check_store();
    return store_.journals(query);
}
std::optional<Version> ModelLedger::made_by(rules::Named kind, std::string_view name) {
    check_store();
    return store_.made_by(kind, name);
}
std::vector<LienKey> ModelLedger::liens(const LienQuery& query) {
    check_store();
    return store_.liens(query);
}
std::vector<Version> ModelLedger::history_of(LienKey lien) {
    check_store();
    return store_.history_of(lien);
}
std::vector<Version> ModelLedger::history_of(ReservationKey reservation) {
    check_store();
    return store_.history_of(reservation);
}
std::vector<Version> ModelLedger::history_of(ExceptionKey exception) {
    check_store();
    return store_.history_of(exception);
}
std::vector<ReservationKey> ModelLedger::reservations(const KeysQuery& query) {
    check_store();
    return store_.reservations(query);
}
std::vector<ExceptionKey> ModelLedger::exceptions(const KeysQuery& query) {
    check_store();
    return store_.exceptions(query);
}
std::vector<std::optional<std::string>> ModelLedger::texts(const std::vector<Digest>& commitments) {
    check_store();
    return store_.texts(commitments);
}

ServiceStatus ModelLedger::status() const {
    const std::lock_guard lock{mutex_};
    return status_;
}

void ModelLedger::set_status(const ServiceStatus& status) {
    const std::lock_guard lock{mutex_};
    status_ = status;
}

void ModelLedger::confirm_clock() {
    const std::lock_guard lock{mutex_};
    ++clock_confirmations_;
}

std::size_t ModelLedger::clock_confirmations() const {
    const std::lock_guard lock{mutex_};
    return clock_confirmations_;
}

}  // namespace tests::support
