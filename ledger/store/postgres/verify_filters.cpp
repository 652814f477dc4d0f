// Whether the stored filters would find every key: a key that one lacks could be answered a second time.
#include <fmt/format.h>

#include "ledger/base/key_filter.hpp"
#include "ledger/store/postgres/verify_tables.hpp"

namespace ledger::store::postgres {
namespace {

constexpr int lacking_max = 100;  // of one filter; it is made again as a whole

struct Bounds {
    std::int64_t first = 0;
    std::int64_t end = 0;
};

Version at_version(std::int64_t value) { return Version{static_cast<std::uint64_t>(value)}; }

class FilterCheck {
public:
    FilterCheck(Connection& connection, std::int32_t book_id, proof::Findings& findings)
        : connection_{connection}, book_id_{book_id}, findings_{findings} {}

    void check(Bounds bounds, Version head, std::int64_t partition_size) {
        bounds_ = bounds;
        lacking_ = 0;
        if (bounds.first % partition_size != 0 || bounds.end != bounds.first + partition_size)
            return altered(
                fmt::format("it is of versions {} to {}, and no partition is", bounds.first, bounds.end - 1));
        if (at_version(bounds.end) > head)
            return altered(fmt::format("its partition ends at version {}, and the log at {}", bounds.end - 1,
                                       head.value));
        const Rows rows = connection_.execute(
            "SELECT accepted, refused FROM public.idempotency_filter WHERE book_id = $1 AND first_version = "
            "$2",
            parameters(book_id_, bounds.first));
        const auto read = [&](std::size_t column) {
            return base::GrowingKeyFilter::from_bytes(rows.at(0, column).bytes(), 1);
        };
        const auto accepted = read(0);
        const auto refused = read(1);
        if (!accepted || !refused) return altered("its bytes are not those of a filter that was stored");
        compare(*accepted, "event", "version");
        compare(*refused, "refusal", "decided_at");
    }

private:
    void altered(std::string detail) {
        findings_.add({"FILTER_ALTERED", object(), at_version(bounds_.first), std::move(detail)});
    }
    void compare(const base::GrowingKeyFilter& filter, std::string_view table, std::string_view column) {
        connection_.copy_out(
            fmt::format("COPY (SELECT idem, {0} FROM public.{1} WHERE book_id = {2} AND idem IS NOT NULL"
                        " AND {0} >= {3} AND {0} < {4}) TO STDOUT (FORMAT binary)",
                        column, table, book_id_, bounds_.first, bounds_.end),
            [&](const std::vector<FieldView>& row) {
                const auto id = row[0].uuid();
                if (filter.may_hold(id) || ++lacking_ > lacking_max) return;
                findings_.add(
                    {"FILTER_LACKS_KEY", object(), at_version(row[1].int8()),
                     fmt::format("it lacks idempotency id {}, which table {} has", base::to_hex(id), table)});
            });
    }
    [[nodiscard]] std::string object() const { return fmt::format("idempotency_filter {}", bounds_.first); }

    Connection& connection_;
    std::int32_t book_id_;
    proof::Findings& findings_;
    Bounds bounds_;
    int lacking_ = 0;
};

}  // namespace

void check_filters(Connection& connection, std::int32_t book_id, Version head, proof::Findings& findings) {
    const auto size = connection.execute("SELECT public.bailee_partition_size()").at(0, 0).int8();
    const Rows rows = connection.execute(
        "SELECT first_version, end_version FROM public.idempotency_filter WHERE book_id = $1 ORDER BY 1",
        parameters(book_id));
    FilterCheck check{connection, book_id, findings};
    for (std::size_t row = 0; row < rows.size(); ++row)
        check.check({rows.at(row, 0).int8(), rows.at(row, 1).int8()}, head, size);
}

}  // namespace ledger::store::postgres
