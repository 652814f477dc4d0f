#include "ledger/store/postgres/private_server_locks.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace ledger::store::postgres {
namespace {

// Locks of an open file, not of a process: two servers objects in one process exclude each other as well.
struct flock one_byte(LockByte byte, short type) noexcept {
    struct flock range{};
    range.l_type = type;
    range.l_whence = SEEK_SET;
    range.l_start = static_cast<off_t>(byte);
    range.l_len = 1;
    return range;
}

bool set(int file, LockByte byte, short type) noexcept {
    struct flock range = one_byte(byte, type);
    return ::fcntl(file, F_OFD_SETLK, &range) == 0;
}

}  // namespace

bool try_lock_shared(int file, LockByte byte) noexcept { return set(file, byte, F_RDLCK); }
bool try_lock_alone(int file, LockByte byte) noexcept { return set(file, byte, F_WRLCK); }
void unlock(int file, LockByte byte) noexcept { set(file, byte, F_UNLCK); }

bool is_locked_by_another(int file, LockByte byte) noexcept {
    struct flock range = one_byte(byte, F_WRLCK);
    return ::fcntl(file, F_OFD_GETLK, &range) != 0 || range.l_type != F_UNLCK;
}

}  // namespace ledger::store::postgres
